// L2 of `raft.md` 2.3 on the real LevelDB: it drops what it cannot read from its write-ahead log and opens without a word.

import { cp, readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import type { Kv, KvWrite, OpenKv } from '../../src/storage/kv/kv.ts';
import { flipBitInFile, newestLog } from '../support/level-damage.ts';
import { withTempFolder } from '../support/temp-folder.ts';

/** More than two windows of the chain: a hole may have no row of its own left. */
const batches = 2 * limits.kvChainRowsKept + 500;
const trials = 12;
/** Room for the record that a guarded batch of this test becomes; damage nearer to the end may leave nothing readable behind it. */
const tailBytes = 4096;
const openChecked = checkedOpen(openLevelKv, nodeFileIo());

test('LevelDB alone opens with a hole in the middle', () =>
  withTempFolder(async (folder) => {
    await writeBatches(await openLevelKv(`${folder}/state`));
    const log = await newestLog(`${folder}/state`);
    await flipBitInFile(log, Math.floor((await readFile(log)).length / 2));
    const kv = await openLevelKv(`${folder}/state`);
    assert.ok(kv.get(keyOf(batches - 1)) !== undefined, 'the last write is there');
    assert.ok((await countRows(kv)) < batches, 'and some before it are not');
    await kv.close();
  }));

test('the chain alone refuses a store with a flipped bit in the middle of the log', () =>
  withTempFolder(async (folder) => {
    await writeBatches(await openGuardedKv(openLevelKv, `${folder}/state`));
    await damageAndOpen(folder, openLevelKv, 32 * 1024);
  }));

test('the check of the files refuses a flipped bit anywhere but in the last records', () =>
  withTempFolder(async (folder) => {
    await writeBatches(await openGuardedKv(openLevelKv, `${folder}/state`));
    await damageAndOpen(folder, openChecked, tailBytes);
  }));

test('a flipped bit in the last record leaves an older state or none, never a wrong one', () =>
  withTempFolder(async (folder) => {
    await writeBatches(await openGuardedKv(openLevelKv, `${folder}/state`));
    const log = await newestLog(`${folder}/state`);
    await flipBitInFile(log, (await readFile(log)).length - 3);
    const kv = await openGuardedKv(openChecked, `${folder}/state`);
    assert.is(await countRows(kv), batches - 1);
    await kv.close();
  }));

async function damageAndOpen(folder: string, open: OpenKv, spareBytes: number): Promise<void> {
  const rng = seededRng(5);
  const size = (await readFile(await newestLog(`${folder}/state`))).length;
  for (let trial = 0; trial < trials; trial += 1) {
    const copy = `${folder}/copy-${trial}`;
    await cp(`${folder}/state`, copy, { recursive: true });
    const offset = randomInt(rng, 0, size - spareBytes);
    await flipBitInFile(await newestLog(copy), offset, randomInt(rng, 0, 7));
    const outcome = await openGuardedKv(open, copy).catch((error: unknown) => error);
    assert.ok(isOffshoreError(outcome, 'state-damaged'), `bit at ${offset} of ${size}: ${String(outcome)}`);
  }
}

async function writeBatches(kv: Kv): Promise<void> {
  for (let n = 0; n < batches; n += 1) await kv.write([putOf(n)], n % 100 === 0 ? 'synced' : 'unsynced');
  await kv.close();
}

async function countRows(kv: Kv): Promise<number> {
  const entries = await kv.page({}, { entries: batches + 1 });
  for (const { key, value } of entries) assert.equal(value, valueOf(key));
  return entries.length;
}

function putOf(n: number): KvWrite {
  return { kind: 'put', key: keyOf(n), value: valueOf(keyOf(n)) };
}

function keyOf(n: number): Uint8Array {
  return Uint8Array.of(1, n >> 8, n & 255);
}

function valueOf(key: Uint8Array): Uint8Array {
  return new Uint8Array(100).fill(key[2] as number);
}

test.run();
