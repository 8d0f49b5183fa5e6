// Questions of seeders and about them: the feed, live chunks, and digests to compare inventories with, also as of an older index.

import { mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ChunkId, LogIndex, SeederId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { partitionOf, type Sha256, slicesOf } from '../../model/chunk.ts';
import type { FeedEvent, FeedPage, LiveListing } from '../../model/feed.ts';
import { addToDigest, digestTerm, digestSalt, formatDigest, type InventoryDigest, subtractFromDigest, zeroDigest } from '../../model/inventory-digest.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import { shardsOf } from './core/feed.ts';
import { hex, readHex, readU16, readU32, readU64, u16, u64 } from './core/key.ts';
import type { Since } from './core/record-parts.ts';
import { clockFact, feedFact, foundedFact } from './core/records-facts.ts';
import { chunkTable } from './core/records-content.ts';
import { classTable, type FeedRow, feedTable, partitionTable, type SliceRow, sliceTable } from './core/records-data.ts';
import { bodyAfter, bodyBehind, mustBeFounded, type PinnedView } from './pinned-view.ts';
import type { DigestRequest, PartitionDigest, SliceDigest } from './query-types.ts';

export interface TrimRow {
  readonly index: LogIndex;
  readonly events: number;
}

/** `maybe-more`: all of the feed that was looked at is due, and there is more of it. */
export interface TrimPage {
  readonly rows: readonly TrimRow[];
  readonly rest: 'none' | 'maybe-more';
}

interface FeedEntry extends Since {
  readonly row: FeedRow;
}

export async function feed(view: PinnedView, request: { readonly after: LogIndex; readonly limit: number; readonly seeder: SeederId }): Promise<FeedPage> {
  mustBeFounded(view);
  const { after, seeder } = request;
  const { trimmedThrough } = mustExist(view.get(feedFact, 'only'), 'a founded state has a feed');
  if (after < trimmedThrough) throw new OffshoreError('pruned', { oldest: trimmedThrough });
  const limit = Math.max(1, Math.min(request.limit, limits.feedPageMax));
  const scanned = await scanEntries(view, after, limit);
  const mine = memberOf(view, seeder);
  const events = scanned.entries.filter(({ row }) => mine(row.classCode, row.chunk)).map(toEvent);
  return { after, index: Math.max(after, scanned.through) as LogIndex, events };
}

/** Whole entries after `after`: at least one if there is any, otherwise about `limit` events. */
async function scanEntries(view: PinnedView, after: LogIndex, limit: number): Promise<{ readonly entries: readonly FeedEntry[]; readonly through: LogIndex }> {
  const entries = (await view.scan(feedTable, { from: u64(after + 1) }, limit + 1)).map(toEntry);
  const last = entries.at(-1);
  if (last === undefined || entries.length <= limit) return { entries, through: view.index };
  const whole = entries.filter((entry) => entry.index < last.index);
  const before = whole.at(-1);
  if (before !== undefined) return { entries: whole, through: before.index };
  const all = await view.scan(feedTable, { from: u64(last.index), to: u64(last.index + 1) }, limits.feedScanEventsMax);
  return { entries: all.map(toEntry), through: last.index };
}

function toEntry(scanned: { readonly body: string; readonly row: FeedRow }): FeedEntry {
  return { index: readU64(scanned.body, 0) as LogIndex, position: readU32(scanned.body, 8), row: scanned.row };
}

function toEvent(entry: FeedEntry): FeedEvent {
  const { classCode, chunk, bytes, what } = entry.row;
  return { index: entry.index, classCode, chunk, bytes, liveness: what === 'live' ? 'live' : 'condemned' };
}

/** True for chunks of partitions whose lists, present or former, name the seeder. */
function memberOf(view: PinnedView, seeder: SeederId): (classCode: ClassCode, chunk: ChunkId) => boolean {
  const known = new Map<string, boolean>();
  return (classCode, chunk) => {
    const row = view.get(classTable, classCode);
    if (row === undefined) return false;
    const partition = partitionOf(chunk, row.partitions);
    const name = `${classCode}/${partition}`;
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const lists = view.get(partitionTable, { classCode, partition });
    const found = lists !== undefined && (lists.now.includes(seeder) || lists.before.includes(seeder));
    known.set(name, found);
    return found;
  };
}

export async function live(
  view: PinnedView,
  request: { readonly classCode: ClassCode; readonly partition: number; readonly after?: ChunkId; readonly limit: number },
): Promise<LiveListing> {
  const { classCode, partition } = request;
  const { first, end } = mustSlices(view, classCode, partition);
  const limit = Math.max(1, Math.min(request.limit, limits.feedPageMax));
  const head = u16(classCode);
  const from = request.after === undefined ? head + u16(first) : bodyBehind(head + hex(request.after));
  const to = end === limits.slices ? bodyAfter(head) : head + u16(end);
  const found = await view.scan(chunkTable, { from, ...(to === undefined ? {} : { to }) }, limit);
  const chunks = found.filter((each) => each.row.feed === 'live').map((each) => ({ chunk: chunkIn(each.body), bytes: each.row.bytes }));
  const last = found.at(-1);
  return { classCode, partition, index: view.index, chunks, ...(last !== undefined && found.length === limit ? { next: chunkIn(last.body) } : {}) };
}

function chunkIn(body: string): ChunkId {
  return readHex(body, 2, 32) as ChunkId;
}

function mustSlices(view: PinnedView, classCode: ClassCode, partition: number): { readonly first: number; readonly end: number } {
  mustBeFounded(view);
  const row = view.get(classTable, classCode);
  if (row === undefined || partition >= row.partitions) throw new OffshoreError('not-found', { classCode, partition });
  return slicesOf(partition, row.partitions);
}

export async function sliceDigests(view: PinnedView, classCode: ClassCode, partition: number): Promise<{ readonly index: LogIndex; readonly slices: readonly SliceDigest[] }> {
  const found = await scanSlices(view, classCode, mustSlices(view, classCode, partition));
  return { index: view.index, slices: found.map(({ slice, row }) => ({ slice, count: row.count, digests: row.digests.map(formatDigest) })) };
}

async function scanSlices(
  view: PinnedView, classCode: ClassCode, range: { readonly first: number; readonly end: number },
): Promise<readonly { readonly slice: number; readonly row: SliceRow }[]> {
  const head = u16(classCode);
  const to = range.end === limits.slices ? bodyAfter(head) : head + u16(range.end);
  const found = await view.scan(sliceTable, { from: head + u16(range.first), ...(to === undefined ? {} : { to }) }, range.end - range.first);
  return found.map(({ body, row }) => ({ slice: readU16(body, 2), row }));
}

/**
 * Present sums of the partitions, then back in time by taking out every event after the index asked for: sums have no order.
 * Beyond `eventsMax` events a request is `stale`; a later one is answered whatever the others ask for.
 */
export async function partitionDigests(
  view: PinnedView, job: { readonly requests: readonly DigestRequest[]; readonly eventsMax: number }, sha256: Sha256,
): Promise<readonly PartitionDigest[]> {
  const { requests } = job;
  mustBeFounded(view);
  const { trimmedThrough } = mustExist(view.get(feedFact, 'only'), 'a founded state has a feed');
  const recent = requests.filter((request) => request.atIndex >= trimmedThrough && request.atIndex <= view.index);
  const oldest = recent.reduce((least, request) => Math.min(least, request.atIndex), view.index as number);
  const scanned = await scanBack(view, oldest, job.eventsMax);
  const answerable = recent.filter((request) => request.atIndex >= scanned.reaches);
  const groups = new Map<string, DigestRequest[]>();
  for (const request of answerable) groups.set(groupName(request), [...(groups.get(groupName(request)) ?? []), request]);
  const events = eventsOf(view, scanned.entries, groups);
  const answers = new Map<DigestRequest, PartitionDigest>();
  for (const [group, wanted] of groups) await digestBack(view, { requests: wanted, events: events.get(group) ?? [], sha256, answers });
  return requests.map((request) => answers.get(request) ?? { kind: 'stale' });
}

function groupName(partition: { readonly classCode: ClassCode; readonly partition: number }): string {
  return `${partition.classCode}/${partition.partition}`;
}

/** Events after `oldest`, newest first. All of those after `reaches` are there: a scan that is too long ends within some entry. */
async function scanBack(view: PinnedView, oldest: number, eventsMax: number): Promise<{ readonly entries: readonly FeedEntry[]; readonly reaches: number }> {
  const entries = (await view.scan(feedTable, { from: u64(oldest + 1), order: 'descending' }, eventsMax + 1)).map(toEntry);
  const last = entries.at(-1);
  return { entries, reaches: last === undefined || entries.length <= eventsMax ? oldest : last.index };
}

/** The events that count of each group that is asked for, in the order given. */
function eventsOf(view: PinnedView, entries: readonly FeedEntry[], groups: ReadonlyMap<string, unknown>): ReadonlyMap<string, readonly FeedEntry[]> {
  const found = new Map<string, FeedEntry[]>([...groups.keys()].map((group) => [group, []]));
  const partitions = new Map<ClassCode, number>();
  for (const entry of entries) {
    const { classCode, chunk, what } = entry.row;
    if (what === 'condemned-fresh') continue;
    const count = partitions.get(classCode) ?? mustExist(view.get(classTable, classCode), 'a chunk of a class without layout is refused').partitions;
    partitions.set(classCode, count);
    found.get(groupName({ classCode, partition: partitionOf(chunk, count) }))?.push(entry);
  }
  return found;
}

/** Answers the requests about one partition, newest first, in one walk: each event is hashed once however many ask. */
async function digestBack(
  view: PinnedView,
  job: { readonly requests: readonly DigestRequest[]; readonly events: readonly FeedEntry[]; readonly sha256: Sha256; readonly answers: Map<DigestRequest, PartitionDigest> },
): Promise<void> {
  const { classCode, partition } = mustExist(job.requests[0], 'a group has a request');
  const salt = digestSalt(mustExist(view.get(foundedFact, 'only'), 'founded').cluster);
  let count = 0;
  let digests: readonly InventoryDigest[] = Array.from({ length: shardsOf(classCode) }, () => zeroDigest);
  for (const { row } of await scanSlices(view, classCode, mustSlices(view, classCode, partition))) {
    count += row.count;
    digests = digests.map((digest, shard) => addToDigest(digest, row.digests[shard] ?? zeroDigest));
  }
  let next = 0;
  for (const request of [...job.requests].sort((left, right) => right.atIndex - left.atIndex)) {
    for (let entry = job.events[next]; entry !== undefined && entry.index > request.atIndex; entry = job.events[next]) {
      const { chunk, what } = entry.row;
      const undo = what === 'live' ? subtractFromDigest : addToDigest;
      count += what === 'live' ? -1 : 1;
      digests = digests.map((digest, shard) => undo(digest, digestTerm({ salt, classCode, chunk, shard }, job.sha256)));
      next += 1;
    }
    job.answers.set(request, { kind: 'known', index: request.atIndex, count, digests: digests.map(formatDigest) });
  }
}

export async function trimmable(view: PinnedView, limit: number): Promise<TrimPage> {
  mustBeFounded(view);
  const age = view.get(clockFact, 'only') ?? 0;
  const { events, trimmedThrough } = mustExist(view.get(feedFact, 'only'), 'a founded state has a feed');
  const { entries, through } = await scanEntries(view, trimmedThrough, Math.min(limit, limits.feedPageMax));
  const rows = new Map<LogIndex, number>();
  let dropped = 0;
  for (const entry of entries) {
    const due = rows.has(entry.index) || entry.row.age + limits.feedAgeMsMax <= age || events - dropped > limits.feedEventsMax;
    if (!due) break;
    rows.set(entry.index, (rows.get(entry.index) ?? 0) + 1);
    dropped += 1;
  }
  const rest = dropped === entries.length && through < view.index ? 'maybe-more' : 'none';
  return { rows: [...rows].map(([index, count]) => ({ index, events: count })), rest };
}
