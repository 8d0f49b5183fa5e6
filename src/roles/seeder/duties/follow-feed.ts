// Duty: know which chunks are live. Lists every partition that is new to this seeder, then follows the feed from the durable
// cursor (`architecture.md` 6). It only marks; fetching and deleting are duties of their own.

import type { ChunkId, LogIndex, SeederId } from '../../../base/ids.ts';
import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import { partitionOf } from '../../../model/chunk.ts';
import type { FeedEvent, LiveListing } from '../../../model/feed.ts';
import type { Layout } from '../../../model/layout.ts';
import { formatStorageClass, fromClassCode, type ClassCode } from '../../../model/storage-class.ts';
import { forEachLimit } from '../../../async/for-each-limit.ts';
import { limits } from '../../../base/limits.ts';
import type { ChunkStore } from '../../../storage/chunks/chunk-store.ts';
import type { LayoutView } from '../layout-view.ts';
import type { LedgerRow, PartitionLedger } from '../partition-ledger.ts';
import type { Trackers } from '../trackers.ts';

/** A partition that lists this seeder, under `now` or `before`. */
export interface OwnPartition {
  readonly classCode: ClassCode;
  readonly partition: number;
  readonly of: number;
  readonly since: LogIndex;
}

/** A partition to report, and the newest event of it that this process followed. */
export interface ReportableRow extends LedgerRow {
  readonly touchedAt: LogIndex;
}

export function ownPartitions(layout: Layout, self: SeederId): OwnPartition[] {
  return layout.classes.flatMap(({ classCode, partitions }) =>
    partitions.flatMap((lists, partition) =>
      lists.now.includes(self) || lists.before.includes(self) ? [{ classCode, partition, of: partitions.length, since: lists.since }] : []));
}

export class FeedFollower {
  readonly #self: () => SeederId;
  readonly #store: ChunkStore;
  readonly #ledger: PartitionLedger;
  readonly #layout: LayoutView;
  readonly #trackers: Trackers;
  /** By partition; only own ones come in the feed, so it stays as small as the ledger. */
  readonly #touchedAt = new Map<string, LogIndex>();
  /** Of the layout looked at last: most rounds find the same one. */
  #own: { readonly version: LogIndex; readonly partitions: readonly OwnPartition[] } | undefined;
  #state: 'catching-up' | 'following' = 'catching-up';

  constructor(
    options: { readonly self: () => SeederId },
    deps: { readonly store: ChunkStore; readonly ledger: PartitionLedger; readonly layout: LayoutView; readonly trackers: Trackers },
  ) {
    this.#self = options.self;
    this.#store = deps.store;
    this.#ledger = deps.ledger;
    this.#layout = deps.layout;
    this.#trackers = deps.trackers;
  }

  /** One round: afterwards every own partition is listed, and the cursor is at least where the trackers were when following began. */
  async round(signal: AbortSignal): Promise<void> {
    const layout = this.#layout.current() ?? await this.#layout.refresh(signal);
    await this.#listNew(layout, signal);
    try {
      await this.#followPages(await this.#trackers.index(layout.version, signal), signal);
    } catch (error) {
      if (!isOffshoreError(error, 'pruned')) throw error;
      await this.#startOver(layout, signal);
    }
    this.#state = 'following';
  }

  /**
   * Partitions whose reports mean something: listed under the lists that hold now, and followed up to there. None before the
   * first round: what was true when this seeder last stopped would be taken for what is true now.
   */
  reportable(): readonly ReportableRow[] {
    const layout = this.#layout.current();
    if (layout === undefined || this.#state === 'catching-up') return [];
    const cursor = this.#store.cursor();
    return this.#ownPartitions(layout).flatMap((own) => {
      const row = this.#ledger.row(own);
      if (row === undefined || !isListed(row, own) || row.completeAt > cursor) return [];
      return [{ ...row, touchedAt: this.#touchedAt.get(partitionKey(row)) ?? (0 as LogIndex) }];
    });
  }

  async #listNew(layout: Layout, signal: AbortSignal): Promise<void> {
    const own = this.#ownPartitions(layout);
    const fresh = own.filter((each) => {
      const row = this.#ledger.row(each);
      return row === undefined || !isListed(row, each);
    });
    const sizes = new Map(own.map((each) => [partitionKey(each), each.of]));
    const gone = this.#ledger.rows().filter((row) => sizes.get(partitionKey(row)) !== row.of);
    if (fresh.length === 0 && gone.length === 0) return;
    for (const row of gone) await this.#forget(row);
    const rows: LedgerRow[] = [];
    try {
      await forEachLimit(fresh, limits.listingsInFlight, async (partition, each) => {
        rows.push(await this.#list(partition, each));
      }, signal);
    } finally {
      // Also when one listing failed: the others need not be read again.
      await this.#ledger.replace({ add: rows, remove: gone });
    }
  }

  async #forget(row: LedgerRow): Promise<void> {
    this.#touchedAt.delete(partitionKey(row));
    await this.#store.forgetWanted(row);
  }

  /**
   * Pages are read at rising indexes. The list counts as of the first, and is complete from the last on: what changed in
   * between comes again with the feed, whose last word on a chunk is the same either way.
   */
  async #list(own: OwnPartition, signal: AbortSignal): Promise<LedgerRow> {
    const storageClass = formatStorageClass(fromClassCode(own.classCode));
    const chunks: LiveListing['chunks'][number][] = [];
    let first: LogIndex | undefined;
    let after: ChunkId | undefined;
    for (;;) {
      const page = await this.#trackers.live({ storageClass, partition: own.partition, ...(after === undefined ? {} : { after }) }, signal);
      first ??= page.index;
      chunks.push(...page.chunks);
      if (page.next === undefined) {
        // A new class is a thousand empty partitions: applying each would cost a write and a sync for nothing.
        if (chunks.length > 0 || !(await this.#knowsNothingOf(own))) {
          await this.#store.relist({ classCode: own.classCode, partition: own.partition, of: own.of, index: first, chunks });
        }
        return { classCode: own.classCode, partition: own.partition, of: own.of, since: own.since, completeAt: page.index };
      }
      after = page.next;
    }
  }

  /** Nothing is held of it, and nothing wanted at all: an empty list changes nothing. */
  async #knowsNothingOf(own: OwnPartition): Promise<boolean> {
    return (await this.#store.held(own, undefined, 1)).length === 0 && (await this.#store.wanted(undefined, 1)).length === 0;
  }

  /** Up to `goal`; the length of a page says nothing, because events of other seeders' partitions were taken out of it. */
  async #followPages(goal: LogIndex, signal: AbortSignal): Promise<void> {
    for (let after = this.#store.cursor(); after < goal; after = this.#store.cursor()) {
      const page = await this.#trackers.feed({ seeder: this.#self(), after }, signal);
      if (page.index <= after) throw new OffshoreError('bad-answer', { after, index: page.index, goal });
      await this.#store.follow(page);
      this.#note(page.events);
    }
  }

  #note(events: readonly FeedEvent[]): void {
    const counts = new Map(this.#layout.current()?.classes.map(({ classCode, partitions }) => [classCode, partitions.length]));
    for (const { classCode, chunk, index } of events) {
      const of = counts.get(classCode);
      if (of !== undefined) this.#touchedAt.set(partitionKey({ classCode, partition: partitionOf(chunk, of) }), index);
    }
  }

  #ownPartitions(layout: Layout): readonly OwnPartition[] {
    if (this.#own?.version !== layout.version) this.#own = { version: layout.version, partitions: ownPartitions(layout, this.#self()) };
    return this.#own.partitions;
  }

  /** Too far behind, or new: list everything as of now, then go on from the index read before the first list. */
  async #startOver(layout: Layout, signal: AbortSignal): Promise<void> {
    const { index } = await this.#trackers.layout(signal);
    await this.#ledger.replace({ add: [], remove: this.#ledger.rows() });
    await this.#listNew(layout, signal);
    await this.#store.follow({ after: this.#store.cursor(), index, events: [] });
  }
}

function partitionKey(ref: { readonly classCode: ClassCode; readonly partition: number }): string {
  return `${ref.classCode}/${ref.partition}`;
}

function isListed(row: LedgerRow, own: OwnPartition): boolean {
  return row.of === own.of && row.since === own.since;
}
