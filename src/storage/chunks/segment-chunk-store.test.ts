import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, codeOf, copies3, feedPage, makeChunk, sha256, testCluster, toStore, type TestChunk } from '../../../test/contract/chunk-store.ts';
import { StoreDisk } from '../../../test/contract/chunk-store-disk.ts';
import { settle } from '../../../test/support/manual-clock.ts';
import { diskError } from '../../../test/support/disk-error.ts';
import { mustExist } from '../../base/assert.ts';
import { hour, KiB, limits } from '../../base/limits.ts';
import { randomInt, seededRng, type Rng } from '../../base/rng.ts';
import type { ChunkInfo, ChunkStore } from './chunk-store.ts';
import { MemoryChunkStore } from './memory-chunk-store.ts';
import type { SegmentChunkStore } from './segment-chunk-store.ts';

const whole = { classCode: copies3, partition: 0, of: 1 } as const;

function many(count: number, bytes = 2000, seed = 1): TestChunk[] {
  return Array.from({ length: count }, (_, i) => makeChunk(seed + i, bytes));
}

/** Puts one after another until one is refused; answers those that were stored. */
async function fill(store: SegmentChunkStore, seed = 1): Promise<TestChunk[]> {
  const stored: TestChunk[] = [];
  for (;;) {
    const chunk = makeChunk(seed + stored.length, 8000);
    const code = await codeOf(store.put([toStore(chunk, 5)]));
    if (code === 'disk-full') return stored;
    assert.is(code, 'none');
    stored.push(chunk);
  }
}

async function idle(store: SegmentChunkStore): Promise<void> {
  while ((await store.maintain()) === 'worked');
}

test('puts that wait together share one fsync', async () => {
  const disk = new StoreDisk();
  const store = await disk.open({ segmentBytes: 1024 * KiB });
  await store.put([toStore(makeChunk(1), 1)]);
  await settle();
  const before = disk.files.counters.syncs;
  await Promise.all(many(200, 500, 100).map((chunk) => store.put([toStore(chunk, 1)])));
  assert.ok(disk.files.counters.syncs - before <= 2, `${disk.files.counters.syncs - before} syncs`);
});

test('a pack of hundreds of chunks is one fsync', async () => {
  const disk = new StoreDisk();
  const store = await disk.open({ segmentBytes: 1024 * KiB });
  await store.put([toStore(makeChunk(1), 1)]);
  await settle();
  const before = disk.files.counters.syncs;
  await store.put(many(400, 500, 100).map((chunk) => toStore(chunk, 1)));
  assert.is(disk.files.counters.syncs - before, 1);
});

test('a stamp that is not later costs no write', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunks = many(20);
  await store.put(chunks.map((chunk) => toStore(chunk, 9)));
  await settle();
  const before = disk.files.counters.writes;
  await store.put(chunks.map((chunk) => toStore(chunk, 8)));
  assert.equal(await store.touch(chunks.map(({ key }) => key), at(9)), chunks.map(() => true));
  assert.is(disk.files.counters.writes, before);
});

test('more than the queue takes is refused as overloaded', async () => {
  const store = await new StoreDisk().open({ segmentBytes: 16 * 1024 * KiB });
  const big = { ...makeChunk(1, 4 * 1024 * KiB) };
  const chunk = toStore(big, 1);
  const calls = Math.floor(limits.storeQueueBytesMax / big.body.length) + 1;
  const codes = await Promise.all(Array.from({ length: calls }, () => codeOf(store.put([chunk]))));
  const refused = codes.filter((code) => code === 'overloaded').length;
  assert.ok(refused >= 1 && refused <= 2);
  assert.is(codes.filter((code) => code === 'none').length, calls - refused);
});

test('a full disk refuses puts, and still stamps, deletes, empties and compacts until there is room', async () => {
  const disk = new StoreDisk({ capacityBytes: 12 * 64 * KiB });
  const store = await disk.open();
  const stored = await fill(store);
  assert.ok(stored.length > 40, `${stored.length} stored`);
  assert.is(store.condition(), 'full');
  assert.ok((await store.touch(stored.map(({ key }) => key), at(7))).every((held) => held));
  const going = stored.filter((_, i) => i % 3 !== 0).map(({ key }) => key);
  assert.ok((await store.quarantine(going, at(9))).every((gone) => gone));
  await idle(store);
  assert.is(store.condition(), 'open');
  for (const [i, { key, body }] of stored.entries()) {
    if (i % 3 === 0) assert.equal(new Uint8Array(await store.read(key)), body);
    else assert.is(store.lookup(key), undefined);
  }
  assert.ok((await fill(store, 5000)).length >= going.length / 2);
});

test('a full store starts again, and stays full', async () => {
  const disk = new StoreDisk({ capacityBytes: 12 * 64 * KiB });
  const store = await disk.open();
  const stored = await fill(store);
  await store.close();
  const again = await disk.open();
  assert.is(await codeOf(again.put([toStore(makeChunk(9999, 8000), 1)])), 'disk-full');
  assert.ok((await again.touch(stored.map(({ key }) => key), at(20))).every((held) => held));
});

test('no space while a segment is made is a condition, not a failure', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  await settle();
  for (let i = 0; i < 8; i += 1) disk.files.failNext('preallocate', diskError('ENOSPC'));
  const codes = await Promise.all(many(60, 8000).map((chunk) => codeOf(store.put([toStore(chunk, 1)]))));
  assert.ok(codes.includes('disk-full'));
  assert.is(store.condition() === 'closed', false);
  await store.put([toStore(makeChunk(1000, 8000), 1)]);
});

for (const operation of ['write', 'sync'] as const) {
  test(`a failed ${operation} closes the store for writes, and reads go on (S7)`, async () => {
    const disk = new StoreDisk();
    const store = await disk.open();
    const [before, failing, later] = many(3) as [TestChunk, TestChunk, TestChunk];
    await store.put([toStore(before, 1)]);
    await settle();
    disk.files.failNext(operation);
    assert.is(await codeOf(store.put([toStore(failing, 1)])), 'store-closed');
    assert.is(store.condition(), 'closed');
    assert.is(await codeOf(store.put([toStore(later, 1)])), 'store-closed');
    assert.is(await codeOf(store.touch([before.key], at(2))), 'store-closed');
    assert.is(await codeOf(store.quarantine([before.key], at(2))), 'store-closed');
    assert.is(await store.maintain(), 'idle');
    assert.equal(new Uint8Array(await store.read(before.key)), before.body);
    assert.is(store.lookup(failing.key), undefined);
  });
}

test('a chunk found damaged by a closed store is missing, and not in its inventory', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const [good, bad] = many(2) as [TestChunk, TestChunk];
  await store.put([good, bad].map((chunk) => toStore(chunk, 1)));
  await store.follow(feedPage(0, 5, [[good, 'live'], [bad, 'live']]));
  await settle();
  disk.files.failNext('write');
  await codeOf(store.put([toStore(makeChunk(77), 1)]));
  await disk.damage(bad);
  assert.is(await codeOf(store.read(bad.key)), 'chunk-corrupt');
  assert.is(await codeOf(store.read(bad.key)), 'chunk-missing');
  assert.is((await store.inventory([whole]))[0]?.count, 1);
});

test('a copy whose checksums fit and whose name does not counts for a day, and is missing once it was verified', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunk = makeChunk(1);
  const forged = { ...toStore(makeChunk(2), 5), key: chunk.key };
  await store.put([forged]);
  await disk.clock.advance(limits.chunkVerifyAgeMs + hour);

  assert.equal(await store.touch([chunk.key], at(6)), [false]);
  assert.is(store.lookup(chunk.key), undefined);
});

test('quarantine is emptied after a day, and its bytes come back', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunks = many(100);
  await store.put(chunks.map((chunk) => toStore(chunk, 1)));
  await store.quarantine(chunks.map(({ key }) => key), at(9));
  disk.clock.jumpWall(23 * hour);
  await idle(store);
  const kept = disk.segmentPaths().length;
  await store.put(many(100, 2000, 500).map((chunk) => toStore(chunk, 1)));
  const grown = disk.segmentPaths().length;
  assert.ok(grown > kept);
  disk.clock.jumpWall(2 * hour);
  await idle(store);
  await store.put(many(80, 2000, 900).map((chunk) => toStore(chunk, 1)));
  assert.is(disk.segmentPaths().length, grown);
});

test('compaction keeps bytes and stamps, and a reader that is under way does not notice', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunks = many(120);
  await store.put(chunks.map((chunk) => toStore(chunk, 1)));
  const kept = chunks.filter((_, i) => i % 5 === 0);
  await store.touch(kept.map(({ key }) => key), at(3));
  await store.quarantine(chunks.filter((_, i) => i % 5 !== 0).map(({ key }) => key), at(2));
  disk.clock.jumpWall(25 * hour);
  let done = false;
  const reading = (async () => {
    while (!done) for (const { key, body } of kept) assert.equal(new Uint8Array(await store.read(key)), body);
  })();
  await idle(store);
  await store.put(many(100, 2000, 1000).map((chunk) => toStore(chunk, 1)));
  done = true;
  await reading;
  assert.ok(kept.every(({ key }) => store.lookup(key)?.stamp === 3));
  await store.close();
  disk.loseIndex();
  const again = await disk.open();
  assert.ok(kept.every(({ key }) => again.lookup(key)?.stamp === 3));
});

test('stamps outlive the recycling of the segment they were written to', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const stamped = many(30);
  await store.put(stamped.map((chunk) => toStore(chunk, 1)));
  const filler = many(28, 2000, 500);
  await store.put(filler.slice(0, 10).map((chunk) => toStore(chunk, 1)));
  await store.touch(stamped.map(({ key }) => key), at(3));
  await store.put(filler.slice(10).map((chunk) => toStore(chunk, 1)));
  await store.put(many(10, 2000, 700).map((chunk) => toStore(chunk, 1)));
  await store.quarantine(filler.map(({ key }) => key), at(2));
  disk.clock.jumpWall(25 * hour);
  await idle(store);
  await store.put(many(120, 2000, 1000).map((chunk) => toStore(chunk, 1)));
  await store.close();
  disk.loseIndex();
  const again = await disk.open();
  assert.equal(stamped.map(({ key }) => again.lookup(key)?.stamp), stamped.map(() => 3));
});

test('it answers as the memory store does, whatever is asked (same seed, same answers)', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const rng = seededRng(seed);
    const disk = new StoreDisk();
    const store = await disk.open();
    const model = new MemoryChunkStore({ cluster: testCluster }, { clock: disk.clock, sha256 });
    const chunks = many(25, 1500);
    for (let step = 0; step < 60; step += 1) {
      const some = Array.from({ length: randomInt(rng, 1, 5) }, () => mustExist(chunks[randomInt(rng, 0, 24)], 'in range'));
      const ask = randomQuestion(rng, step, some, model.cursor());
      assert.equal(await ask(store), await ask(model), `seed ${seed} step ${step}`);
      if (rng() < 0.2) await store.maintain();
    }
    assert.equal(await store.inventory([whole]), await model.inventory([whole]));
    assert.equal((await store.held(whole, undefined, 100)).map(comparable), (await model.held(whole, undefined, 100)).map(comparable));
    assert.equal(await store.wanted(undefined, 100), await model.wanted(undefined, 100));
  }
});

function comparable({ key, bytes, stamp, liveness, condemnedAt }: ChunkInfo): unknown {
  return { key, bytes, stamp, liveness, condemnedAt };
}

function randomQuestion(rng: Rng, step: number, some: readonly TestChunk[], cursor: number): (store: ChunkStore) => Promise<unknown> {
  const keys = some.map(({ key }) => key);
  const index = at(step + randomInt(rng, 0, 3));
  switch (randomInt(rng, 0, 4)) {
    case 0: return (store) => store.put(some.map((chunk) => toStore(chunk, index)));
    case 1: return (store) => store.touch(keys, index);
    case 2: return (store) => store.quarantine([...new Set(keys)], index);
    case 3: {
      const events = some.map((chunk) => [chunk, rng() < 0.6 ? 'live' : 'condemned', index] as const);
      return (store) => store.follow(feedPage(cursor, cursor + 1, events));
    }
    default: {
      const ids = [...new Set(keys.map(({ chunk }) => chunk))].sort();
      return (store) => store.relist({ classCode: copies3, partition: 0, of: 1, index: at(cursor), chunks: ids.map((chunk) => ({ chunk, bytes: 1500 })) });
    }
  }
}

test('a damaged value of the index closes the store, and the next start rebuilds', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunks = many(10);
  await store.put(chunks.map((chunk) => toStore(chunk, 1)));
  disk.damageIndex();
  assert.is(await codeOf(store.put(chunks.map((chunk) => toStore(chunk, 2)))), 'store-closed');
  await store.close();
  const again = await disk.open();
  assert.is(again.recovered.index, 'new');
  for (const { key, body } of chunks) assert.equal(new Uint8Array(await again.read(key)), body);
});

test('two stores with equal content have equal inventories, whatever their history', async () => {
  const [left, right] = [await new StoreDisk().open(), await new StoreDisk().open()];
  const chunks = many(80, 1500);
  const live = chunks.map((chunk) => [chunk, 'live'] as const);
  await left.put(chunks.map((chunk) => toStore(chunk, 1)));
  await left.follow(feedPage(0, 9, live));
  await right.follow(feedPage(0, 9, live));
  const extra = many(30, 1500, 500);
  await right.put([...extra, ...chunks].reverse().map((chunk) => toStore(chunk, 4)));
  await right.quarantine(extra.map(({ key }) => key), at(5));
  const partitions = [0, 1, 2, 3].map((partition) => ({ classCode: copies3, partition, of: 4 }));
  assert.equal(await left.inventory(partitions), await right.inventory(partitions));
});

test.run();
