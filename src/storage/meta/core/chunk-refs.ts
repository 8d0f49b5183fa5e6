// References of pages to chunks, and the rule that decides whether a writer's stamp still vouches for a chunk (`architecture.md` 5, Write).
// A chunk enters the feed when its first reference comes and leaves it when it is condemned; in between it counts in its slice's digest.

import { assert, mustExist } from '../../../base/assert.ts';
import type { ChunkId, LogIndex } from '../../../base/ids.ts';
import { partitionOf } from '../../../model/chunk.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { type Context, refusal } from './context.ts';
import { emitFeed } from './feed.ts';
import { type ClassChunk, type ChunkRow, chunkTable, unreferencedTable } from './records-content.ts';
import { classTable, partitionTable } from './records-data.ts';

/** A stamp is read before the operation is written, and not longer ago than condemnations are remembered. */
export function checkStamp(context: Context, stamp: LogIndex): void {
  if (stamp >= context.index) throw refusal('reupload', { reason: 'stamp is not below the entry', stamp });
  if (stamp < context.horizon) throw refusal('reupload', { reason: 'stamp is older than the horizon', stamp });
}

/** Throws `reupload` unless every seeder of `now` was asked at `stamp` and nothing allowed a deletion since. */
export function checkChunk(context: Context, claim: ClassChunk & { readonly bytes: number; readonly stamp: LogIndex }): void {
  checkStamp(context, claim.stamp);
  const { draft } = context;
  const chunk = draft.get(chunkTable, claim);
  if (chunk?.condemned !== undefined && chunk.condemned >= claim.stamp) throw refusal('reupload', { reason: 'condemned', chunk: claim.chunk });
  if (chunk !== undefined && chunk.feed === 'live' && chunk.bytes !== claim.bytes) throw refusal('bad-request', { reason: 'length of a chunk', chunk: claim.chunk });
  const since = sinceOf(context, claim.classCode, claim.chunk);
  if (since === undefined) throw refusal('reupload', { reason: 'no layout for the class', chunk: claim.chunk });
  if (since > claim.stamp) throw refusal('reupload', { reason: 'layout changed', chunk: claim.chunk });
}

function sinceOf(context: Context, classCode: ClassCode, chunk: ChunkId): LogIndex | undefined {
  const row = context.draft.get(classTable, classCode);
  if (row === undefined) return undefined;
  return context.draft.get(partitionTable, { classCode, partition: partitionOf(chunk, row.partitions) })?.since;
}

export function referenceChunk(context: Context, name: ClassChunk, bytes: number): void {
  const { draft } = context;
  const old = draft.get(chunkTable, name) ?? unknownChunk;
  if (old.idle !== undefined) draft.remove(unreferencedTable, { ...name, idle: old.idle });
  draft.put(chunkTable, name, {
    count: old.count + 1, bytes, feed: 'live', ...(old.condemned === undefined ? {} : { condemned: old.condemned }),
  });
  if (old.feed === 'not-live') emitFeed(context, { ...name, bytes, what: 'live' });
}

export function releaseChunk(context: Context, name: ClassChunk): void {
  const { draft } = context;
  const old = mustExist(draft.get(chunkTable, name), 'a referenced chunk has a row');
  assert(old.count > 0, 'a released chunk was referenced');
  if (old.count > 1) {
    draft.put(chunkTable, name, { ...old, count: old.count - 1 });
    return;
  }
  draft.put(chunkTable, name, { ...old, count: 0, idle: context.age });
  draft.put(unreferencedTable, { ...name, idle: context.age }, true);
}

const unknownChunk: ChunkRow = { count: 0, bytes: 0, feed: 'not-live' };
