import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AssertionError } from '../../base/assert.ts';
import { toHex } from '../../base/bytes.ts';
import { isOffshoreError } from '../../base/errors.ts';
import { chainKey, chainRowsKept } from './core/batch-chain.ts';
import { openGuardedKv, type GuardedKv } from './kv-guarded.ts';
import { MemoryKvDisk } from './kv-memory.ts';
import type { Kv, KvPin, KvReader, KvWrite } from './kv.ts';

const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

async function openOn(disk: MemoryKvDisk): Promise<GuardedKv> {
  return openGuardedKv(disk.open, 'state');
}

/** Writes to the store below the guard while the guard is closed. */
async function tamper(disk: MemoryKvDisk, change: (inner: Kv) => Promise<void>): Promise<void> {
  const inner = await disk.open('state');
  await change(inner);
  await inner.close();
}

async function refusedOpen(disk: MemoryKvDisk): Promise<void> {
  const outcome = await openOn(disk).catch((error: unknown) => error);
  assert.ok(isOffshoreError(outcome, 'state-damaged'), String(outcome));
  // A refused store is closed again: the next opener is refused for the damage, not for being second.
  assert.ok(isOffshoreError(await openOn(disk).catch((error: unknown) => error), 'state-damaged'));
}

function put(key: Uint8Array, ...value: readonly number[]): KvWrite {
  return { kind: 'put', key, value: Uint8Array.from(value) };
}

test('a value altered below the guard is refused by every way of reading', async () => {
  const disk = new MemoryKvDisk();
  const kv = await openOn(disk);
  await kv.write([put(one, 1, 2, 3), put(two, 4)], 'synced');
  await kv.close();
  await tamper(disk, async (inner) => {
    const stored = new Uint8Array(inner.get(one) as Uint8Array);
    stored[1] = 9;
    await inner.write([{ kind: 'put', key: one, value: stored }], 'synced');
  });
  const again = await openOn(disk);
  const pin = again.pin();
  for (const reader of [again, pin]) await mustRefuse(reader);
  assert.equal(again.get(two), Uint8Array.of(4));
  await pin.release();
});

async function mustRefuse(reader: KvReader | KvPin): Promise<void> {
  const outcomes = await Promise.allSettled([
    new Promise((resolve) => resolve(reader.get(one))),
    reader.getMany([two, one]),
    reader.page({}, { entries: 9 }),
  ]);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected' && isOffshoreError(outcome.reason, 'state-damaged'));
    assert.is(outcome.reason.details['key'], toHex(one));
  }
}

test('a value under another key is refused', async () => {
  const disk = new MemoryKvDisk();
  const kv = await openOn(disk);
  await kv.write([put(one, 1)], 'synced');
  await kv.close();
  await tamper(disk, (inner) => inner.write([{ kind: 'put', key: two, value: inner.get(one) as Uint8Array }], 'synced'));
  const again = await openOn(disk);
  assert.throws(() => again.get(two), (error: unknown) => isOffshoreError(error, 'state-damaged'));
});

test('a missing or altered row of the chain refuses the open', async () => {
  for (const change of ['delete', 'alter', 'move'] as const) {
    const disk = new MemoryKvDisk();
    const kv = await openOn(disk);
    for (let i = 0; i < 5; i += 1) await kv.write([put(one, i)], 'synced');
    await kv.close();
    const row = chainKey(chainRowsKept + 3);
    await tamper(disk, async (inner) => {
      const value = inner.get(row) as Uint8Array;
      const altered = value.map((byte, i) => (i === 10 ? byte ^ 1 : byte));
      if (change === 'delete') await inner.write([{ kind: 'delete', key: row }], 'synced');
      if (change === 'alter') await inner.write([{ kind: 'put', key: row, value: altered }], 'synced');
      if (change === 'move') await inner.write([{ kind: 'put', key: chainKey(chainRowsKept + 6), value }], 'synced');
    });
    await refusedOpen(disk);
  }
});

test('rows without a chain refuse the open: they are not the guard\'s', async () => {
  const disk = new MemoryKvDisk();
  await tamper(disk, (inner) => inner.write([put(one, 1)], 'synced'));
  await refusedOpen(disk);
});

test('batches written together are one link, and the chain keeps its length', async () => {
  const disk = new MemoryKvDisk();
  const kv = await openOn(disk);
  for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 100 }, (_, j) => kv.write([put(Uint8Array.of(1, i, j), j)], 'unsynced')));
  await kv.close();
  const inner = await disk.open('state');
  const rows = await inner.page({ to: one }, { entries: 9999 });
  assert.is(rows.length, chainRowsKept);
  assert.equal(rows.at(-1)?.key, chainKey(chainRowsKept + 20));
  await inner.close();
  const again = await openOn(disk);
  assert.is((await again.page({}, { entries: 9999 })).length, 2000);
});

test('the guard\'s own rows are invisible, and its keys forbidden', async () => {
  const kv = await openOn(new MemoryKvDisk());
  await kv.write([put(one, 1)], 'synced');
  assert.is((await kv.page({ order: 'descending' }, { entries: 99 })).length, 1);
  assert.is((await kv.page({ from: Uint8Array.of(0) }, { entries: 99 })).length, 1);
  assert.equal(await kv.page({ from: Uint8Array.of(0), to: Uint8Array.of(0, 0xff) }, { entries: 99 }), []);
  for (const key of [Uint8Array.of(0, 1), new Uint8Array(0)]) {
    assert.throws(() => kv.get(key), (error: unknown) => error instanceof AssertionError);
    assert.instance(await kv.write([put(key, 1)], 'synced').catch((error: unknown) => error), AssertionError);
  }
});

test('a failed write below poisons the guard: later writes are refused, reads go on', async () => {
  const disk = new MemoryKvDisk();
  const inner = await disk.open('state');
  let broken = false;
  const failing: Kv = {
    get: (key) => inner.get(key),
    getMany: (keys) => inner.getMany(keys),
    page: (range, limit) => inner.page(range, limit),
    pin: () => inner.pin(),
    flush: () => inner.flush(),
    close: () => inner.close(),
    write: (batch, durability) => (broken ? Promise.reject(new Error('disk')) : inner.write(batch, durability)),
  };
  const kv = await openGuardedKv(() => Promise.resolve(failing), 'state');
  await kv.write([put(one, 1)], 'synced');
  broken = true;
  assert.ok(isOffshoreError(await kv.write([put(one, 2)], 'synced').catch((error: unknown) => error), 'store-closed'));
  broken = false;
  assert.ok(isOffshoreError(await kv.write([put(one, 3)], 'synced').catch((error: unknown) => error), 'store-closed'));
  assert.ok(isOffshoreError(await kv.flush().catch((error: unknown) => error), 'store-closed'));
  assert.equal(kv.get(one), Uint8Array.of(1));
  assert.ok(kv.poison !== undefined);
});

test.run();
