// The log store contract on each implementation, and what the one on disk must notice: holes, damage, failed writes.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile } from 'node:fs/promises';
import { mustExist } from '../../src/base/assert.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { LogIndex } from '../../src/base/ids.ts';
import { seededRng } from '../../src/base/rng.ts';
import { blockKey, keys, rowKey } from '../../src/raft/driver/log-records.ts';
import { LevelLogStore } from '../../src/raft/driver/log-store-level.ts';
import { MemoryLogStore } from '../../src/raft/driver/log-store-memory.ts';
import type { LogStore } from '../../src/raft/driver/log-store.ts';
import { openLog } from '../../src/raft/driver/restore.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { flipBitInFile, levelFiles, newestLog } from '../support/level-damage.ts';
import { withTempFolder } from '../support/temp-folder.ts';
import { creation, entries, logStoreContract, readAll } from './log-store.ts';

/** A cache of almost nothing, so that reads come from the store. */
const small = { cacheBytesMax: 4000 };

logStoreContract({ name: 'memory', withStore: (use) => use(new MemoryLogStore()) });

logStoreContract({
  name: 'a key-value store in memory, hardly cached',
  withStore: async (use) => {
    const disk = new MemoryKvDisk();
    let store = await LevelLogStore.open(await disk.open('log'), small);
    await use(store, async () => {
      await store.close();
      store = await LevelLogStore.open(await disk.open('log'), small);
      return store;
    });
  },
});

logStoreContract({
  name: 'LevelDB',
  withStore: (use) => withTempFolder(async (folder) => {
    let store = await openLog(folder, openLevelKv);
    await use(store, async () => {
      await store.close();
      store = await openLog(folder, openLevelKv);
      return store;
    });
    await store.close();
  }),
});

async function written(store: LogStore, batches = 40): Promise<void> {
  await store.write({ ...creation, hardState: { term: 1, vote: 2, commit: 0 } });
  for (let at = 0; at < batches; at += 1) await store.write({ entries: entries(at * 3 + 1, at * 3 + 3, 1, 400) });
}

async function refusal(open: () => Promise<LogStore>): Promise<unknown> {
  return open().then(() => 'opened', (error: unknown) => error);
}

test('a crash keeps every write that resolved', async () => {
  const disk = new MemoryKvDisk();
  const store = await LevelLogStore.open(await disk.open('log'));
  await written(store);
  const before = readAll(store);
  disk.crash(seededRng(3));
  assert.equal(readAll(await LevelLogStore.open(await disk.open('log'))), before);
});

test('a record that is gone, whichever it is, is refused', async () => {
  for (const key of [keys.head, keys.boundary, keys.state, keys.identity, rowKey(5), rowKey(41), blockKey(1 as LogIndex), blockKey(58 as LogIndex), blockKey(118 as LogIndex)]) {
    const disk = new MemoryKvDisk();
    await written(await LevelLogStore.open(await disk.open('log')));
    disk.crash(seededRng(1));
    const kv = await disk.open('log');
    await kv.write([{ kind: 'delete', key }], 'synced');
    assert.ok(isOffshoreError(await refusal(() => LevelLogStore.open(kv)), 'log-damaged'), `key ${key}`);
  }
});

test('a flipped bit in any record is noticed when the log is opened', async () => {
  const disk = new MemoryKvDisk();
  await written(await LevelLogStore.open(await disk.open('log')), 3);
  disk.crash(seededRng(1));
  const source = await disk.open('log');
  const records = await source.page({}, { entries: 1000 });
  for (const record of records) {
    for (const bit of [0, record.value.length * 4, record.value.length * 8 - 1]) {
      const other = await new MemoryKvDisk().open('log');
      const value = record.value.slice();
      value[bit >> 3] = (value[bit >> 3] as number) ^ (1 << (bit & 7));
      await other.write([...records, { key: record.key, value }].map((put) => ({ kind: 'put', ...put })), 'synced');
      assert.ok(isOffshoreError(await refusal(() => LevelLogStore.open(other)), 'log-damaged'));
    }
  }
});

test('a block that is damaged after opening is noticed, never served', async () => {
  const kv = await new MemoryKvDisk().open('log');
  const store = await LevelLogStore.open(kv, small);
  await written(store);
  const key = blockKey(1 as LogIndex);
  const value = mustExist(kv.get(key), 'the first block is there').slice();
  value[10] = (value[10] as number) ^ 4;
  await kv.write([{ kind: 'put', key, value }], 'synced');
  assert.throws(() => store.entries({ from: 1 as LogIndex, to: 4 as LogIndex }, Infinity), (error: unknown) => isOffshoreError(error, 'log-damaged'));
});

test('after a failed write nothing more is written (P8)', async () => {
  const kv = await new MemoryKvDisk().open('log');
  let fails = false;
  const store = await LevelLogStore.open({ ...kvOf(kv), write: (batch, durability) => (fails ? Promise.reject(new Error('EIO')) : kv.write(batch, durability)) });
  await written(store, 2);
  fails = true;
  assert.is(await store.write({ entries: entries(7, 7, 1) }).then(() => 'written', () => 'failed'), 'failed');
  fails = false;
  assert.ok(isOffshoreError(await store.write({ entries: entries(7, 7, 1) }).catch((error: unknown) => error), 'local-io'));
});

test('a chain longer than its kept rows opens', async () => {
  const disk = new MemoryKvDisk();
  const store = await LevelLogStore.open(await disk.open('log'));
  await store.write(creation);
  for (let at = 1; at <= 4300; at += 1) await store.write({ hardState: { term: at, vote: 1, commit: 0 } });
  disk.crash(seededRng(1));
  assert.is((await LevelLogStore.open(await disk.open('log'))).hardState().term, 4300);
});

test('LevelDB: a flipped bit in the middle of the write-ahead log is refused (L2)', async () => {
  await withTempFolder(async (folder) => {
    const store = await openLog(folder, openLevelKv);
    await written(store, 200);
    await store.close();
    const log = await newestLog(`${folder}/raft-log`);
    const { length } = await readFile(log);
    await flipBitInFile(log, Math.floor(length / 3));
    assert.ok(isOffshoreError(await refusal(() => openLog(folder, openLevelKv)), 'log-damaged'));
  });
});

test('LevelDB: flipped bits in a table are noticed at opening or reading, never served', async () => {
  await withTempFolder(async (folder) => {
    const kv = await openLevelKv(`${folder}/raft-log`);
    const store = await LevelLogStore.open(kv);
    await written(store, 200);
    await kv.flush();
    const before = readAll(store);
    await store.close();
    const table = mustExist((await levelFiles(`${folder}/raft-log`, 'ldb')).at(-1), 'a table was written');
    const { length } = await readFile(table);
    let noticed = 0;
    for (let at = 0; at < 24; at += 1) {
      const offset = Math.floor((length * (at + 0.5)) / 24);
      await flipBitInFile(table, offset, at & 7);
      const opened = await openLog(folder, openLevelKv).catch((error: unknown) => error);
      if (opened instanceof LevelLogStore) {
        assert.equal(readAll(opened), before);
        await opened.close();
      } else {
        assert.ok(isOffshoreError(opened, 'log-damaged'), `offset ${offset} of ${length}: ${String(opened)} ${String((opened as Error).cause)}`);
        noticed += 1;
      }
      await flipBitInFile(table, offset, at & 7);
    }
    // The rest hit versions that later writes replaced.
    assert.ok(noticed >= 8, `${noticed} of 24 noticed`);
  });
});

function kvOf(kv: Awaited<ReturnType<MemoryKvDisk['open']>>): typeof kv {
  return {
    get: (key) => kv.get(key), getMany: (wanted) => kv.getMany(wanted), page: (range, limit) => kv.page(range, limit),
    write: (batch, durability) => kv.write(batch, durability), pin: () => kv.pin(), flush: () => kv.flush(), close: () => kv.close(),
  };
}

test.run();
