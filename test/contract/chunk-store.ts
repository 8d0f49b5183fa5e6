// What every chunk store must do. `chunk-store.test.ts` runs it on each of them.

import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ErrorCodeName } from '../../src/base/error-codes.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { ChunkId, ClusterId, LogIndex } from '../../src/base/ids.ts';
import { hour } from '../../src/base/limits.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { partitionOf, type ChunkKey, type Sha256 } from '../../src/model/chunk.ts';
import type { FeedEvent, FeedPage, Liveness } from '../../src/model/feed.ts';
import { addToDigest, digestSalt, digestTerm, formatDigest, zeroDigest } from '../../src/model/inventory-digest.ts';
import type { ClassCode } from '../../src/model/storage-class.ts';
import type { ChunkStore, ChunkToStore } from '../../src/storage/chunks/chunk-store.ts';
import { blockCrcsOf } from '../../src/storage/chunks/segment-reader.ts';
import type { ManualClock } from '../support/manual-clock.ts';

export const testCluster = 'c1'.repeat(32) as ClusterId;
export const copies3 = 3 as ClassCode;

export interface ChunkStoreUnderTest {
  readonly name: string;
  /** Runs `use` with an empty store. `damage` flips a bit of a stored body. */
  readonly withStore: (use: (kit: ChunkStoreKit) => Promise<void>) => Promise<void>;
}

export interface ChunkStoreKit {
  readonly store: ChunkStore;
  readonly clock: ManualClock;
  readonly damage: (chunk: TestChunk) => Promise<void>;
}

export interface TestChunk {
  readonly key: ChunkKey;
  readonly body: Uint8Array;
}

export const sha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** A chunk of random bytes; equal seeds give equal chunks. */
export function makeChunk(seed: number, bytes = 1000, name: { readonly classCode?: ClassCode; readonly shard?: number } = {}): TestChunk {
  const rng = seededRng(seed);
  const body = new Uint8Array(bytes);
  for (let i = 0; i < Math.min(bytes, 256); i += 1) body[i] = randomInt(rng, 0, 255);
  for (let i = 256; i < bytes; i += 1) body[i] = (body[i - 256] ?? 0) + 1;
  const chunk = createHash('sha256').update(body).digest('hex') as ChunkId;
  return { body, key: { classCode: name.classCode ?? copies3, chunk, shard: name.shard ?? 0 } };
}

export function toStore(chunk: TestChunk, stamp: number): ChunkToStore {
  const middle = Math.floor(chunk.body.length / 2);
  return { key: chunk.key, parts: [chunk.body.subarray(0, middle), chunk.body.subarray(middle)], blockCrcs: blockCrcsOf(chunk.body), stamp: stamp as LogIndex };
}

export function at(index: number): LogIndex {
  return index as LogIndex;
}

export function feedPage(after: number, index: number, events: readonly (readonly [TestChunk, Liveness, number?])[]): FeedPage {
  const toEvent = ([{ key, body }, liveness, eventIndex = index]: readonly [TestChunk, Liveness, number?]): FeedEvent =>
    ({ index: at(eventIndex), classCode: key.classCode, chunk: key.chunk, bytes: body.length, liveness });
  return { after: at(after), index: at(index), events: events.map(toEvent) };
}

export function digestOf(chunks: readonly TestChunk[]): string {
  const salt = digestSalt(testCluster);
  return formatDigest(chunks.reduce((sum, { key }) => addToDigest(sum, digestTerm({ ...key, salt }, sha256)), zeroDigest));
}

export async function codeOf(promise: Promise<unknown>): Promise<ErrorCodeName | 'none'> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (isOffshoreError(error)) return error.code;
    throw error;
  }
}

const whole = { classCode: copies3, partition: 0, of: 1 } as const;

export function chunkStoreContract({ name, withStore }: ChunkStoreUnderTest): void {
  const contract = suite(`chunk store contract on ${name}`);
  for (const [rule, check] of Object.entries(rules)) contract(rule, () => withStore(check));
  contract.run();
}

const rules: Readonly<Record<string, (kit: ChunkStoreKit) => Promise<void>>> = {
  'what was put is read back, whole and in ranges': async ({ store }) => {
    const chunk = makeChunk(1, 200_000);
    await store.put([toStore(chunk, 5)]);
    assert.equal(new Uint8Array(await store.read(chunk.key)), chunk.body);
    for (const [start, end] of [[0, 1], [65_535, 65_537], [131_072, 200_000], [70_000, 70_000]] as const) {
      assert.equal(new Uint8Array(await store.read(chunk.key, { start, end })), chunk.body.slice(start, end));
    }
    assert.is(await codeOf(store.read(chunk.key, { start: 0, end: 200_001 })), 'bad-request');
  },

  'an unknown chunk is missing': async ({ store }) => {
    assert.is(store.lookup(makeChunk(1).key), undefined);
    assert.is(await codeOf(store.read(makeChunk(1).key)), 'chunk-missing');
    assert.equal(await store.touch([makeChunk(1).key], at(1)), [false]);
  },

  'shards and classes of one chunk are apart': async ({ store }) => {
    const first = makeChunk(1, 500);
    const other = { ...makeChunk(2, 600), key: { ...first.key, shard: 1 } };
    const elsewhere = { ...makeChunk(3, 700), key: { ...first.key, classCode: 2 as ClassCode } };
    await store.put([first, other, elsewhere].map((chunk) => toStore(chunk, 1)));
    for (const chunk of [first, other, elsewhere]) assert.equal(new Uint8Array(await store.read(chunk.key)), chunk.body);
  },

  'a chunk put again only gets the later stamp': async ({ store }) => {
    const chunk = makeChunk(1);
    for (const stamp of [5, 9, 7]) await store.put([toStore(chunk, stamp)]);
    assert.is(store.lookup(chunk.key)?.stamp, 9);
    assert.is((await store.space()).chunks, 1);
    assert.is((await store.space()).chunkBytes, 1000);
  },

  'touch says what is held, and only raises stamps': async ({ store }) => {
    const [held, missing, later] = [makeChunk(1), makeChunk(2), makeChunk(3)];
    await store.put([toStore(held, 5), toStore(later, 50)]);
    assert.equal(await store.touch([missing.key, held.key, later.key], at(20)), [false, true, true]);
    assert.is(store.lookup(held.key)?.stamp, 20);
    assert.is(store.lookup(later.key)?.stamp, 50);
  },

  'a chunk not verified for a day is read before touch counts it': async ({ store, clock, damage }) => {
    const [good, bad] = [makeChunk(1), makeChunk(2)];
    await store.put([toStore(good, 5), toStore(bad, 5)]);
    await damage(bad);
    clock.jumpWall(25 * hour);
    assert.equal(await store.touch([good.key, bad.key], at(6)), [true, false]);
    assert.is(store.lookup(good.key)?.verifiedMs, clock.wallMs());
    assert.is(store.lookup(bad.key), undefined);
  },

  'damaged bytes are never served, and count as missing afterwards': async ({ store, damage }) => {
    const chunk = makeChunk(1, 100_000);
    await store.follow(feedPage(0, 10, [[chunk, 'live']]));
    await store.put([toStore(chunk, 5)]);
    await damage(chunk);
    assert.is(await codeOf(store.read(chunk.key)), 'chunk-corrupt');
    assert.is(await codeOf(store.read(chunk.key)), 'chunk-missing');
    assert.is(store.lookup(chunk.key), undefined);
    assert.equal((await store.wanted(undefined, 10)).map(({ chunk: id }) => id), [chunk.key.chunk]);
    const [report] = await store.inventory([whole]);
    assert.is(report?.count, 0);
    assert.is(report?.digest, digestOf([]));
    await store.put([toStore(chunk, 6)]);
    assert.equal(new Uint8Array(await store.read(chunk.key)), chunk.body);
    assert.is(store.lookup(chunk.key)?.liveness, 'live');
  },

  'the feed marks what is held and wants what is not': async ({ store }) => {
    const [live, gone, absent] = [makeChunk(1), makeChunk(2), makeChunk(3)];
    await store.put([toStore(live, 5), toStore(gone, 5)]);
    await store.follow(feedPage(0, 20, [[live, 'live', 8], [gone, 'live', 8], [absent, 'live', 9], [gone, 'condemned', 15]]));
    assert.is(store.cursor(), 20);
    assert.is(store.lookup(live.key)?.liveness, 'live');
    assert.is(store.lookup(gone.key)?.liveness, 'condemned');
    assert.is(store.lookup(gone.key)?.condemnedAt, 15);
    assert.equal(await store.wanted(undefined, 10), [{ ...absent.key, bytes: 1000 }]);
    await store.put([toStore(absent, 5)]);
    assert.is(store.lookup(absent.key)?.liveness, 'live');
    assert.equal(await store.wanted(undefined, 10), []);
  },

  'a page that does not follow the cursor is refused': async ({ store }) => {
    await store.follow(feedPage(0, 20, []));
    assert.is(await codeOf(store.follow(feedPage(0, 30, []))), 'bad-answer');
    assert.is(store.cursor(), 20);
    await store.follow(feedPage(20, 30, []));
  },

  'a stamp at or after the condemnation voids it': async ({ store }) => {
    const [before, after] = [makeChunk(1), makeChunk(2)];
    await store.put([toStore(before, 5), toStore(after, 5)]);
    await store.touch([after.key], at(15));
    await store.follow(feedPage(0, 20, [[before, 'condemned', 15], [after, 'condemned', 15]]));
    assert.is(store.lookup(before.key)?.liveness, 'condemned');
    assert.is(store.lookup(after.key)?.liveness, 'fresh');
    await store.touch([before.key], at(16));
    assert.is(store.lookup(before.key)?.liveness, 'fresh');
  },

  'inventory covers what is held and live, by partition': async ({ store }) => {
    const chunks = Array.from({ length: 40 }, (_, i) => makeChunk(i + 1, 100));
    const live = chunks.slice(0, 30);
    await store.put(chunks.slice(0, 35).map((chunk) => toStore(chunk, 1)));
    await store.follow(feedPage(0, 7, [...live, ...chunks.slice(35)].map((chunk) => [chunk, 'live'] as const)));
    await store.follow(feedPage(7, 9, [[chunks[0] as TestChunk, 'condemned', 8]]));
    const reports = await store.inventory([0, 1, 2, 3].map((partition) => ({ classCode: copies3, partition, of: 4 })));
    for (const [partition, report] of reports.entries()) {
      const inside = live.slice(1).filter(({ key }) => partitionOf(key.chunk, 4) === partition);
      assert.is(report.count, inside.length);
      assert.is(report.digest, digestOf(inside));
      assert.is(report.index, 9);
    }
    assert.is(reports.reduce((sum, { others }) => sum + others, 0), 6);
    assert.is(reports.reduce((sum, { deletionsPending }) => sum + deletionsPending, 0), 1);
  },

  'a slot of an ec class has an inventory of its own': async ({ store }) => {
    const ec = 0x8202 as ClassCode;
    const [first, second] = [makeChunk(1, 100, { classCode: ec }), makeChunk(1, 100, { classCode: ec, shard: 1 })];
    await store.put([toStore(first, 1), toStore(second, 1)]);
    await store.follow(feedPage(0, 5, [[first, 'live']]));
    const [slot1] = await store.inventory([{ classCode: ec, partition: 0, of: 1, shard: 1 }]);
    assert.is(slot1?.count, 1);
    assert.is(slot1?.digest, digestOf([second]));
    assert.is(slot1?.others, 1);
  },

  'a listing replaces what was known of its partition, and of no other': async ({ store }) => {
    const chunks = Array.from({ length: 60 }, (_, i) => makeChunk(i + 1, 100));
    const [inside, outside] = [0, 1].map((partition) => chunks.filter(({ key }) => partitionOf(key.chunk, 2) === partition)) as [TestChunk[], TestChunk[]];
    const [listed, unlisted, absent] = inside as [TestChunk, TestChunk, TestChunk];
    const [other, otherAbsent] = outside as [TestChunk, TestChunk];
    await store.put([listed, unlisted, other].map((chunk) => toStore(chunk, 1)));
    await store.follow(feedPage(0, 5, [[unlisted, 'live'], [other, 'live'], [otherAbsent, 'live'], [inside[3] as TestChunk, 'live']]));
    const entries = [listed, absent].map(({ key }) => ({ chunk: key.chunk, bytes: 100 })).sort((left, right) => (left.chunk < right.chunk ? -1 : 1));
    await store.relist({ classCode: copies3, partition: 0, of: 2, index: at(9), chunks: entries });
    assert.is(store.lookup(listed.key)?.liveness, 'live');
    assert.is(store.lookup(unlisted.key)?.liveness, 'fresh');
    assert.is(store.lookup(other.key)?.liveness, 'live');
    assert.equal((await store.wanted(undefined, 10)).map(({ chunk }) => chunk), [absent, otherAbsent].map(({ key }) => key.chunk));
    assert.is(await codeOf(store.relist({ classCode: copies3, partition: 0, of: 2, index: at(4), chunks: [] })), 'bad-answer');
    await store.forgetWanted({ classCode: copies3, partition: 0, of: 2 });
    assert.equal((await store.wanted(undefined, 10)).map(({ chunk }) => chunk), [otherAbsent.key.chunk]);
  },

  'wanted and held come in order, page by page': async ({ store }) => {
    const chunks = Array.from({ length: 20 }, (_, i) => makeChunk(i + 1, 100));
    const ids = chunks.map(({ key }) => key.chunk).sort();
    await store.follow(feedPage(0, 5, chunks.map((chunk) => [chunk, 'live'] as const)));
    const wanted = [...(await store.wanted(undefined, 7))];
    while (wanted.length < 20) wanted.push(...(await store.wanted(wanted.at(-1), 7)));
    assert.equal(wanted.map(({ chunk }) => chunk), ids);
    await store.put(chunks.map((chunk) => toStore(chunk, 1)));
    const held = [...(await store.held(whole, undefined, 7))];
    while (held.length < 20) held.push(...(await store.held(whole, held.at(-1)?.key.chunk, 7)));
    assert.equal(held.map(({ key }) => key.chunk), ids);
  },

  'only chunks stamped before the decision go to quarantine, and they are missing then': async ({ store }) => {
    const [old, equal, newer] = [makeChunk(1), makeChunk(2), makeChunk(3)];
    await store.put([toStore(old, 9), toStore(equal, 10), toStore(newer, 11)]);
    assert.equal(await store.quarantine([old.key, equal.key, newer.key, makeChunk(4).key], at(10)), [true, false, false, false]);
    assert.is(await codeOf(store.read(old.key)), 'chunk-missing');
    assert.equal(await store.touch([old.key, equal.key], at(12)), [false, true]);
    assert.is((await store.inventory([whole]))[0]?.others, 2);
    await store.put([toStore(old, 13)]);
    assert.equal(new Uint8Array(await store.read(old.key)), old.body);
  },

  'a touch and a deletion at once end in one of both orders': async ({ store }) => {
    const chunk = makeChunk(1);
    await store.put([toStore(chunk, 5)]);
    const [[gone], [touched]] = await Promise.all([store.quarantine([chunk.key], at(10)), store.touch([chunk.key], at(12))]);
    assert.is(gone, !(touched ?? false));
    assert.is(store.lookup(chunk.key) !== undefined, touched);
  },

  'nothing is written after close': async ({ store }) => {
    await store.close();
    assert.is(store.condition(), 'closed');
    assert.is(await codeOf(store.put([toStore(makeChunk(1), 1)])), 'store-closed');
    assert.is(await codeOf(store.touch([makeChunk(1).key], at(1))), 'store-closed');
  },
};
