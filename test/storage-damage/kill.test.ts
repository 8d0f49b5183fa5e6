// A writer killed at any moment: every batch it was told is durable is there when the store is opened again, each batch as a whole.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openGuardedKv, type GuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { withTempFolder } from '../support/temp-folder.ts';

const childMark = 'kill-writer';
const rowsEach = 3;
/** Small enough that tables are written and logs rotated while the writer is killed. */
const writeBufferSize = 64 * 1024;

if (process.argv[2] === childMark) {
  await writeForEver(process.argv[3] as string);
} else {
  test('no acknowledged batch is lost and none is there in part, after several kills in a row', () =>
    withTempFolder(async (folder) => {
      let next = 0;
      for (const acknowledgedMin of [20, 400, 3, 900]) {
        const acknowledged = await writeUntilKilled(folder, next + acknowledgedMin);
        const kv = await openStore(folder);
        next = await countWholeBatches(kv);
        await kv.close();
        assert.ok(next > acknowledged, `${next} batches are there, ${acknowledged + 1} were acknowledged`);
      }
    }));

  test.run();
}

function openStore(folder: string): Promise<GuardedKv> {
  return openGuardedKv(checkedOpen((path) => openLevelKv(path, { writeBufferSize }), nodeFileIo()), `${folder}/state`);
}

/** The number of the last batch that the writer heard is durable. */
async function writeUntilKilled(folder: string, until: number): Promise<number> {
  const child = fork(mustExist(process.argv[1], 'this file'), [childMark, folder]);
  let acknowledged = -1;
  const reached = new Promise<void>((resolve) => {
    child.on('message', (n: number) => {
      acknowledged = n;
      if (n >= until) resolve();
    });
  });
  await Promise.race([reached, once(child, 'exit')]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return acknowledged;
}

async function writeForEver(folder: string): Promise<void> {
  const kv = await openStore(folder);
  for (let n = await countWholeBatches(kv); process.connected; n += 1) {
    const value = new Uint8Array(100).fill(n & 255);
    await kv.write(Array.from({ length: rowsEach }, (_, row) => ({ kind: 'put', key: keyOf(n, row), value })), 'synced');
    process.send?.(n);
  }
}

async function countWholeBatches(kv: GuardedKv): Promise<number> {
  const keys = (await kv.page({}, { entries: 100_000 })).map(({ key }) => key);
  assert.equal(keys, keys.map((_, i) => keyOf(Math.floor(i / rowsEach), i % rowsEach)));
  assert.is(keys.length % rowsEach, 0);
  return keys.length / rowsEach;
}

function keyOf(n: number, row: number): Uint8Array {
  return Uint8Array.of(1, n >> 8, n & 255, row);
}

