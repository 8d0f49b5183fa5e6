// The feed: each change of a chunk's liveness as one event, and with it the slice's count and digest and the class's totals.
// Seeders compute the same digests from the same events, so nothing may change a digest without an event.

import { assert, mustExist } from '../../../base/assert.ts';
import type { LogIndex } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { sliceOf } from '../../../model/chunk.ts';
import { addToDigest, digestTerm, subtractFromDigest, zeroDigest } from '../../../model/inventory-digest.ts';
import { type ClassCode, fromClassCode, widthOf } from '../../../model/storage-class.ts';
import type { CommandResult } from './command.ts';
import type { Context } from './context.ts';
import { feedFact } from './records-facts.ts';
import { classTable, type FeedRow, feedTable, sliceTable } from './records-data.ts';

/** How many digests a slice of the class has: copies are all shard 0, shards of ec differ. */
export function shardsOf(code: ClassCode): number {
  const storageClass = fromClassCode(code);
  return storageClass.kind === 'copies' ? 1 : widthOf(storageClass);
}

export function emitFeed(context: Context, event: Omit<FeedRow, 'age'>): void {
  const { draft } = context;
  draft.insert(feedTable, { index: context.index, position: context.feedEvents }, { ...event, age: context.age });
  context.feedEvents += 1;
  const fact = mustExist(draft.get(feedFact, 'only'), 'a founded state has a feed');
  draft.put(feedFact, 'only', { ...fact, events: fact.events + 1 });
  if (event.what !== 'condemned-fresh') countLive(context, event, event.what === 'live' ? 1 : -1);
}

function countLive(context: Context, event: Omit<FeedRow, 'age'>, by: 1 | -1): void {
  const { draft } = context;
  const { classCode, chunk } = event;
  const name = { classCode, slice: sliceOf(chunk) };
  const shards = shardsOf(classCode);
  const old = draft.get(sliceTable, name) ?? { count: 0, digests: Array.from({ length: shards }, () => zeroDigest) };
  const move = by === 1 ? addToDigest : subtractFromDigest;
  const digests = old.digests.map((digest, shard) => move(digest, digestTerm({ salt: context.salt, classCode, chunk, shard }, context.sha256)));
  if (old.count + by === 0) draft.remove(sliceTable, name);
  else draft.put(sliceTable, name, { count: old.count + by, digests });
  const row = mustExist(draft.get(classTable, classCode), 'a chunk of a class without layout is refused');
  draft.put(classTable, classCode, { ...row, chunks: row.chunks + by, bytes: row.bytes + by * event.bytes });
}

/** Drops the oldest rows while each is too old or the feed too long. Rows must come in order and be complete: the rest is skipped. */
export function trimFeed(context: Context, rows: readonly { readonly index: LogIndex; readonly events: number }[]): CommandResult {
  const { draft } = context;
  let accepted = 0;
  let last = mustExist(draft.get(feedFact, 'only'), 'a founded state has a feed').trimmedThrough;
  let events = 0;
  for (const row of rows) {
    const total = mustExist(draft.get(feedFact, 'only'), 'a founded state has a feed').events - events;
    const first = draft.get(feedTable, { index: row.index, position: 0 });
    const due = first !== undefined && (first.age + limits.feedAgeMsMax <= context.age || total > limits.feedEventsMax);
    const complete = draft.get(feedTable, { index: row.index, position: row.events }) === undefined;
    if (!due || !complete || row.index <= last || row.index >= context.index) break;
    for (let position = 0; position < row.events; position += 1) draft.remove(feedTable, { index: row.index, position });
    events += row.events;
    last = row.index;
    accepted += 1;
  }
  const fact = mustExist(draft.get(feedFact, 'only'), 'a founded state has a feed');
  assert(fact.events >= events, 'the feed counts its events');
  draft.put(feedFact, 'only', { events: fact.events - events, trimmedThrough: last });
  return { kind: 'counted', accepted, skipped: rows.length - accepted };
}
