// Full disks of seeders: uploads are refused with the code for it, nothing that was acknowledged suffers, and removing still works (S8).
// Needs the right to mount a small tmpfs; says so loudly where it has none.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LiveCluster, hashFile, writeRandomFile } from './live-cluster.ts';

const MiB = 1024 * 1024;
const mounted: string[] = [];

function mountSmall(dir: string): boolean {
  try {
    for (const seeder of ['seeder-1', 'seeder-2', 'seeder-3']) {
      const path = join(dir, seeder);
      mkdirSync(path, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', path], { stdio: 'ignore' });
      mounted.push(path);
    }
    return true;
  } catch {
    return false;
  }
}

function unmountAll(): void {
  for (const path of mounted.splice(0)) execFileSync('umount', ['-l', path]);
}

test('a full disk refuses uploads with exit 8, keeps what it acknowledged, and lets go what is removed from the tree', async () => {
  const state = { mounted: false };
  const cluster = await LiveCluster.up({ prepare: (dir) => {
    state.mounted = mountSmall(dir);
    return Promise.resolve();
  } });
  try {
    if (!state.mounted) {
      process.stderr.write('SKIPPED, LOUDLY: no right to mount a tmpfs here, so full disks were not tested\n');
      return;
    }
    const kept = new Map<string, string>();
    let refused: { readonly code: number; readonly stderr: string } | undefined;
    for (let i = 0; i < 12 && refused === undefined; i += 1) {
      const hash = await writeRandomFile(cluster.path('part'), 20 * MiB);
      const ran = await cluster.run(['put', cluster.path('part'), `/file-${i}`]);
      if (ran.code === 0) kept.set(`/file-${i}`, hash);
      else refused = ran;
    }

    assert.ok(kept.size >= 2, `only ${kept.size} files fitted`);
    assert.is(refused?.code, 8, refused?.stderr);
    assert.match(refused?.stderr ?? '', /No space left on device/);
    for (const [path, hash] of kept) {
      await cluster.must(['get', path, cluster.path('back')]);
      assert.is(await hashFile(cluster.path('back')), hash, path);
    }
    await cluster.must(['rm', ...kept.keys()]);
    await cluster.must(['mkdir', '/still-works']);
    assert.is((await cluster.must(['ls', '-1', '/'])).stdout, 'still-works\n');
    assert.is((await cluster.cluster('status')).code, 0, 'all nodes are still ready');
  } finally {
    await cluster.cluster('kill', 'seeder-1', 'seeder-2', 'seeder-3');
    unmountAll();
    await cluster.down();
  }
});

test.run();
