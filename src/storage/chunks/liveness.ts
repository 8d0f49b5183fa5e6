// What the feed and listings of live chunks do to the index: marks of held chunks, and the list of chunks that are wanted.
// Marks never decide a deletion; they say what to report, to fetch and to ask about.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { slicesOf, type ChunkKey } from '../../model/chunk.ts';
import type { FeedEvent, FeedPage, LiveListing } from '../../model/feed.ts';
import { fromClassCode, widthOf, type ClassCode } from '../../model/storage-class.ts';
import type { ChunkIndex, HeldChunk } from './chunk-index.ts';
import type { ShardOf } from './chunk-store.ts';
import { slicesRange } from './core/index-codec.ts';
import { restamped, type Mark } from './core/mark.ts';
import type { IndexChange } from './index-change.ts';

export interface PartitionOf {
  readonly classCode: ClassCode;
  readonly partition: number;
  readonly of: number;
}

/** Every name under which the chunk of an event may be held here: one for copies, one a shard for ec. */
function namesOf(event: FeedEvent): readonly ChunkKey[] {
  const storageClass = fromClassCode(event.classCode);
  const shards = storageClass.kind === 'copies' ? 1 : widthOf(storageClass);
  return Array.from({ length: shards }, (_, shard) => ({ classCode: event.classCode, chunk: event.chunk, shard }));
}

/** Applies a page and moves the cursor, in one durable batch. */
export async function followFeed(index: ChunkIndex, page: FeedPage, shardOf: ShardOf): Promise<void> {
  if (page.after !== index.cursor || page.index < page.after) throw new OffshoreError('bad-answer', { after: page.after, cursor: index.cursor });
  const names = page.events.flatMap(namesOf);
  const change = await index.begin({ chunks: names, wanted: names });
  for (const event of page.events) {
    for (const key of namesOf(event)) applyMark(change, key, toMark(event));
    const own: ChunkKey = { classCode: event.classCode, chunk: event.chunk, shard: shardOf(event.classCode, event.chunk) };
    change.setWanted(own, event.liveness === 'live' && change.chunk(own) === undefined ? event.bytes : undefined);
  }
  change.setCursor(page.index);
  await index.commit(change, 'synced');
}

function toMark(event: FeedEvent): Mark {
  return event.liveness === 'live' ? { kind: 'live' } : { kind: 'condemned', at: event.index };
}

function applyMark(change: IndexChange, key: ChunkKey, mark: Mark): void {
  const row = change.chunk(key);
  if (row === undefined) return;
  change.setChunk(key, { ...row, mark: restamped(mark, row.stamp) });
}

/** In batches, each consistent in itself: interrupted, it is simply done again, because the caller's cursor has not moved. */
export async function applyListing(index: ChunkIndex, listing: LiveListing & { readonly of: number }, shardOf: ShardOf): Promise<void> {
  if (listing.index < index.cursor) throw new OffshoreError('bad-answer', { listed: listing.index, cursor: index.cursor });
  const live = new Map(listing.chunks.map(({ chunk, bytes }) => [chunk, bytes]));
  await forEachHeld(index, listing, (change, { key, row }) => {
    const isLive = live.has(key.chunk);
    if (isLive !== (row.mark.kind === 'live')) change.setChunk(key, { ...row, mark: { kind: isLive ? 'live' : 'fresh' } });
  });
  await dropWanted(index, listing);
  for (let at = 0; at < listing.chunks.length; at += limits.indexBatchRows) {
    const part = listing.chunks.slice(at, at + limits.indexBatchRows)
      .map(({ chunk, bytes }) => ({ bytes, key: { classCode: listing.classCode, chunk, shard: shardOf(listing.classCode, chunk) } }));
    const change = await index.begin({ chunks: part.map(({ key }) => key) });
    for (const { key, bytes } of part) if (change.chunk(key) === undefined) change.setWanted(key, bytes);
    await index.commit(change, 'unsynced');
  }
  await index.flush();
}

/** Forgets what the partition wants; what it holds stays. */
export async function dropWanted(index: ChunkIndex, partition: PartitionOf): Promise<void> {
  const range = slicesRange('wanted', { classCode: partition.classCode, ...slicesOf(partition.partition, partition.of) });
  for (;;) {
    const page = await index.wantedPage(range, undefined, limits.indexBatchRows);
    if (page.length === 0) return;
    const change = await index.begin();
    for (const key of page) change.setWanted(key, undefined);
    await index.commit(change, 'unsynced');
  }
}

async function forEachHeld(index: ChunkIndex, partition: PartitionOf, visit: (change: IndexChange, chunk: HeldChunk) => void): Promise<void> {
  const range = slicesRange('chunk', { classCode: partition.classCode, ...slicesOf(partition.partition, partition.of) });
  let after: ChunkKey | undefined;
  for (;;) {
    const page = await index.heldPage(range, after, limits.indexBatchRows);
    const change = await index.begin();
    for (const chunk of page) visit(change, chunk);
    await index.commit(change, 'unsynced');
    after = page.at(-1)?.key;
    if (page.length < limits.indexBatchRows) return;
  }
}
