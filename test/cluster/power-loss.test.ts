// All nodes die at once, in the middle of a stream of small uploads: what was acknowledged is there, and nothing is half there.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeNames, pause, withCluster, type LiveCluster } from './live-cluster.ts';

test('after SIGKILL of all six nodes every acknowledged file is there and equal, and none is half there', async () => {
  await withCluster({}, async (cluster) => {
    const acknowledged = new Map<string, string>();
    const stop = { now: false };
    const writers = [0, 1, 2].map((writer) => uploadStream(cluster, writer, acknowledged, stop));

    for (let waited = 0; acknowledged.size < 12 && waited < 60_000; waited += 100) await pause(100);
    await cluster.cluster('kill', ...nodeNames);
    stop.now = true;
    await Promise.all(writers);
    assert.ok(acknowledged.size > 5, `only ${acknowledged.size} files were acknowledged before the kill`);
    const started = await cluster.cluster('start', ...nodeNames);
    assert.is(started.code, 0, started.stderr);

    const listed = (await cluster.must(['ls', '-1', '/'])).stdout.trim().split('\n').filter((name) => name !== '');
    process.stderr.write(`${acknowledged.size} acknowledged, ${listed.length} listed\n`);
    for (const name of acknowledged.keys()) assert.ok(listed.includes(name), `${name} was acknowledged and is gone`);
    await cluster.must(['get', '-r', '/', cluster.path('back')]);
    for (const name of listed) {
      const bytes = await readFile(join(cluster.path('back'), name));
      // Every file ends with the hash of what stands before: a half one cannot pass.
      const body = bytes.subarray(0, bytes.length - 32);
      assert.is(createHash('sha256').update(body).digest('hex'), bytes.subarray(bytes.length - 32).toString('hex'), `${name} is damaged`);
    }
  });
});

/** Uploads small files one after the other until told to stop; only those whose command exited 0 count as acknowledged. */
async function uploadStream(cluster: LiveCluster, writer: number, acknowledged: Map<string, string>, stop: { now: boolean }): Promise<void> {
  for (let i = 0; !stop.now; i += 1) {
    const name = `file-${writer}-${i}`;
    const body = Buffer.alloc([100, 3_000, 90_000, 700_000][i % 4] ?? 1, `${name} `);
    const hash = createHash('sha256').update(body).digest();
    await writeFile(cluster.path(name), Buffer.concat([body, hash]));
    const ran = await cluster.run(['put', cluster.path(name), `/${name}`, '--timeout', '5s'], { timeoutMs: 20_000 });
    if (ran.code === 0) acknowledged.set(name, hash.toString('hex'));
  }
}

test.run();
