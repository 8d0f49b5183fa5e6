// Real bytes through a real cluster and back.

import { lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hashFile, nodeNames, peakMemoryMiB, scaledBytes, withCluster, writeRandomFile } from './live-cluster.ts';

test('a large file comes back equal, and no node needs more than 400 MB for it', async () => {
  await withCluster({}, async (cluster) => {
    const hash = await writeRandomFile(cluster.path('big'), scaledBytes(96));

    await cluster.must(['put', cluster.path('big'), '/big'], { timeoutMs: 600_000 });
    await cluster.must(['get', '/big', cluster.path('back')], { timeoutMs: 600_000 });

    assert.is(await hashFile(cluster.path('back')), hash);
    for (const node of nodeNames) {
      const peak = peakMemoryMiB(cluster.pid(node) ?? 0);
      process.stderr.write(`${node}: peak ${peak.toFixed(0)} MiB\n`);
      assert.ok(peak < 400, `${node} needed ${peak.toFixed(0)} MiB`);
    }
  });
});

test('a tree with odd names, empty files, empty folders and links comes back equal', async () => {
  await withCluster({}, async (cluster) => {
    const source = cluster.path('tree');
    await makeOddTree(source);

    await cluster.must(['put', '-r', source, '/tree']);
    await cluster.must(['get', '-r', '/tree', cluster.path('back')]);

    assert.equal(await describe(cluster.path('back')), await describe(source));
  });
});

async function makeOddTree(root: string): Promise<void> {
  const names = ['plain', 'with space', "quote'and\"double", '-dash', '*star?', '[brackets]', '$dollar', 'tab\there', 'new\nline', 'ünïcödé', '日本語', '🦀', '\\back', '{a,b}', '#hash', '~', 'a;b|c&d', 'x'.repeat(255)];
  await mkdir(join(root, 'deep/er/and/deeper'), { recursive: true });
  await mkdir(join(root, 'empty folder'), { recursive: true });
  for (const [i, name] of names.entries()) await writeFile(join(root, name), Buffer.alloc(i * 700, i + 1));
  await writeFile(join(root, 'deep/er/and/deeper/file'), 'at the bottom');
  await writeFile(join(root, 'deep/zero'), '');
  await symlink('deep/zero', join(root, 'link'));
  await symlink('nowhere', join(root, 'dangling'));
  await utimes(join(root, 'plain'), 1_000_000_000, 1_000_000_000);
}

/** Every path below `root` with what it is. */
async function describe(root: string, below = ''): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = join(below, name);
    const info = await lstat(join(root, path));
    if (info.isSymbolicLink()) lines.push(`${path} -> ${await readlink(join(root, path))}`);
    else if (info.isDirectory()) lines.push(`${path}/`, ...(await describe(root, path)));
    else lines.push(`${path} ${info.size} ${(await readFile(join(root, path))).toString('base64').slice(0, 40)} ${info.mode.toString(8)} ${name === 'plain' ? info.mtimeMs : ''}`);
  }
  return lines;
}

test.run();
