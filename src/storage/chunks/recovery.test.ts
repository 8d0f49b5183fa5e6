import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, codeOf, copies3, feedPage, makeChunk, toStore, type TestChunk } from '../../../test/contract/chunk-store.ts';
import { StoreDisk, storeFolder } from '../../../test/contract/chunk-store-disk.ts';
import { hour } from '../../base/limits.ts';
import { seededRng } from '../../base/rng.ts';
import type { ChunkInfo } from './chunk-store.ts';
import type { SegmentChunkStore } from './segment-chunk-store.ts';

const whole = { classCode: copies3, partition: 0, of: 1 } as const;

async function allHeld(store: SegmentChunkStore): Promise<readonly ChunkInfo[]> {
  return store.held(whole, undefined, 10_000);
}

/** What survives a rebuild: the feed's marks and the memory of verifying do not. */
function lasting(infos: readonly ChunkInfo[]): unknown {
  return infos.map(({ key, bytes, stamp, blockCrcs }) => ({ key, bytes, stamp, blockCrcs: [...blockCrcs] }));
}

function many(count: number, bytes = 2000): TestChunk[] {
  return Array.from({ length: count }, (_, i) => makeChunk(i + 1, bytes));
}

async function putAll(store: SegmentChunkStore, chunks: readonly TestChunk[], stamp = 5): Promise<void> {
  for (let i = 0; i < chunks.length; i += 5) await store.put(chunks.slice(i, i + 5).map((chunk) => toStore(chunk, stamp)));
}

test('a store opened again has everything, cursor and marks included', async () => {
  const disk = new StoreDisk();
  const chunks = many(100);
  const store = await disk.open();
  await putAll(store, chunks);
  await store.follow(feedPage(0, 7, chunks.slice(0, 50).map((chunk) => [chunk, 'live'] as const)));
  const before = await allHeld(store);
  await store.close();
  const again = await disk.open();
  assert.equal(await allHeld(again), before);
  assert.is(again.cursor(), 7);
  assert.is(again.recovered.index, 'known');
  assert.is(again.recovered.recordsReplayed, 0);
});

test('an index rebuilt from the segments alone has the same chunks and stamps', async () => {
  const disk = new StoreDisk();
  const chunks = many(120);
  const store = await disk.open();
  await putAll(store, chunks);
  await store.touch(chunks.slice(0, 40).map(({ key }) => key), at(30));
  await store.quarantine(chunks.slice(60, 115).map(({ key }) => key), at(20));
  disk.clock.jumpWall(25 * hour);
  while ((await store.maintain()) === 'worked');
  const before = lasting(await allHeld(store));
  await store.close();
  disk.loseIndex();
  const again = await disk.open();
  assert.is(again.recovered.index, 'new');
  const held = await allHeld(again);
  const expected = new Set(chunks.filter((_, i) => i < 60 || i >= 115).map(({ key }) => key.chunk));
  assert.equal(lasting(held.filter(({ key }) => expected.has(key.chunk))), before);
  for (const { key, body } of chunks.filter(({ key }) => expected.has(key.chunk))) assert.equal(new Uint8Array(await again.read(key)), body);
  assert.ok(held.every(({ liveness, verifiedMs }) => liveness === 'fresh' && verifiedMs === 0));
  assert.is(again.cursor(), 0);
});

test('a deletion is remembered by a rebuilt index', async () => {
  const disk = new StoreDisk();
  const [kept, gone, back] = many(3) as [TestChunk, TestChunk, TestChunk];
  const store = await disk.open();
  await putAll(store, [kept, gone, back]);
  await store.quarantine([gone.key, back.key], at(9));
  await store.put([toStore(back, 10)]);
  await store.close();
  disk.loseIndex();
  const again = await disk.open();
  assert.equal((await allHeld(again)).map(({ key }) => key.chunk), [kept, back].map(({ key }) => key.chunk).sort());
});

test('a torn tail is cut, and what was acknowledged before it stays', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const [first, second] = many(2, 20_000) as [TestChunk, TestChunk];
  await store.put([toStore(first, 1)]);
  disk.stopAfter(1);
  void store.put([toStore(second, 1)]);
  await disk.clock.advance(1);
  disk.crash(seededRng(3));
  const again = await disk.open();
  assert.equal(new Uint8Array(await again.read(first.key)), first.body);
  assert.is(await codeOf(again.read(second.key)), 'chunk-missing');
  await again.put([toStore(second, 2)]);
  assert.equal(new Uint8Array(await again.read(second.key)), second.body);
});

test('a record with a damaged header loses only itself', async () => {
  const disk = new StoreDisk();
  const chunks = many(30);
  const store = await disk.open();
  await putAll(store, chunks);
  await store.close();
  await disk.damageHeader(chunks[12] as TestChunk);
  disk.loseIndex();
  const again = await disk.open();
  assert.is((await allHeld(again)).length, 29);
  for (const [i, { key, body }] of chunks.entries()) if (i !== 12) assert.equal(new Uint8Array(await again.read(key)), body);
});

test('remains of a recycled segment are not records', async () => {
  const disk = new StoreDisk();
  let store = await disk.open();
  const old = many(60);
  await putAll(store, old);
  await store.quarantine(old.map(({ key }) => key), at(9));
  disk.clock.jumpWall(25 * hour);
  while ((await store.maintain()) === 'worked');
  const fresh = Array.from({ length: 10 }, (_, i) => makeChunk(1000 + i, 2000));
  await putAll(store, fresh, 20);
  await store.close();
  const sizes = disk.segmentPaths().length;
  disk.loseIndex();
  store = await disk.open();
  assert.is(disk.segmentPaths().length, sizes);
  for (const { key, body } of fresh) assert.equal(new Uint8Array(await store.read(key)), body);
  const inActive = new Set((await allHeld(store)).map(({ key }) => key.chunk));
  assert.ok(fresh.every(({ key }) => inActive.has(key.chunk)));
  assert.ok(inActive.size < 10 + 30, 'recycled segments gave no chunk back');
});

test('a copy of a segment stored as a chunk is not taken for records', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  const chunks = many(8);
  await putAll(store, chunks);
  const [path] = disk.segmentPaths();
  const copy = ((await disk.files.readFile(path as string)) as Uint8Array).slice(0, 20_000);
  const nested = { body: copy, key: { ...makeChunk(77).key } };
  await store.quarantine(chunks.map(({ key }) => key), at(9));
  await store.put([toStore(nested, 10)]);
  await store.close();
  await disk.damageHeader(nested);
  disk.loseIndex();
  const again = await disk.open();
  assert.equal(await allHeld(again), []);
});

test('rows of a segment that is not there are let go, the others stay', async () => {
  const disk = new StoreDisk();
  const chunks = many(100);
  const store = await disk.open();
  await putAll(store, chunks);
  await store.follow(feedPage(0, 7, chunks.map((chunk) => [chunk, 'live'] as const)));
  await store.close();
  const [first] = disk.segmentPaths();
  await disk.files.removeFile(first as string);
  const again = await disk.open();
  const held = await allHeld(again);
  assert.is(again.recovered.chunksLost, 100 - held.length);
  assert.ok(held.length > 50 && held.length < 100);
  assert.is((await again.inventory([whole]))[0]?.count, held.length);
  assert.is((await again.wanted(undefined, 1000)).length, 100 - held.length);
  for (const { key } of held) await again.read(key);
});

test('a truncated segment keeps what is left of it', async () => {
  const disk = new StoreDisk();
  const chunks = many(100);
  const store = await disk.open();
  await putAll(store, chunks);
  await store.close();
  const handle = await disk.files.open(disk.segmentPaths()[0] as string, 'update');
  await handle.truncate(30_000);
  const again = await disk.open();
  const held = await allHeld(again);
  assert.ok(again.recovered.chunksLost > 10 && held.length === 100 - again.recovered.chunksLost);
  for (const { key } of held) await again.read(key);
});

test('a folder of another seeder is refused and left as it is', async () => {
  const disk = new StoreDisk();
  const store = await disk.open();
  await putAll(store, many(3));
  await store.close();
  const before = disk.segmentPaths();
  assert.is(await codeOf(disk.open({ incarnation: 'b8'.repeat(16) as never })), 'wrong-cluster');
  await disk.files.removeFile(`${storeFolder}/store.identity`);
  assert.is(await codeOf(disk.open()), 'state-damaged');
  assert.equal(disk.segmentPaths(), before);
});

test.run();
