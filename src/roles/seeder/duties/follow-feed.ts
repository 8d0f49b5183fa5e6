// Duty: know which chunks are live. Lists every partition that is new to this seeder, then follows the feed from the durable
// cursor (`architecture.md` 6). It only marks; fetching and deleting are duties of their own.

import type { ChunkId, LogIndex, SeederId } from '../../../base/ids.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { LiveListing } from '../../../model/feed.ts';
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

  /** One round: afterwards every own partition is listed and the cursor is where the trackers were at its end. */
  async round(signal: AbortSignal): Promise<void> {
    const layout = this.#layout.current() ?? await this.#layout.refresh(signal);
    await this.#listNew(layout, signal);
    try {
      await this.#followPages(signal);
    } catch (error) {
      if (!isOffshoreError(error, 'pruned')) throw error;
      await this.#startOver(layout, signal);
    }
  }

  /** Partitions whose reports mean something: listed under the lists that hold now, and followed up to there. */
  reportable(): readonly LedgerRow[] {
    const layout = this.#layout.current();
    if (layout === undefined) return [];
    const cursor = this.#store.cursor();
    return ownPartitions(layout, this.#self()).flatMap((own) => {
      const row = this.#ledger.row(own);
      return row !== undefined && isListed(row, own) && row.completeAt <= cursor ? [row] : [];
    });
  }

  async #listNew(layout: Layout, signal: AbortSignal): Promise<void> {
    const own = ownPartitions(layout, this.#self());
    const fresh = own.filter((each) => {
      const row = this.#ledger.row(each);
      return row === undefined || !isListed(row, each);
    });
    const gone = this.#ledger.rows().filter((row) => !own.some((each) => each.classCode === row.classCode && each.partition === row.partition && each.of === row.of));
    if (fresh.length === 0 && gone.length === 0) return;
    for (const row of gone) await this.#store.forgetWanted(row);
    const rows: LedgerRow[] = [];
    await forEachLimit(fresh, limits.listingsInFlight, async (partition, each) => {
      rows.push(await this.#list(partition, each));
    }, signal);
    await this.#ledger.replace({ add: rows, remove: gone });
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
        await this.#store.relist({ classCode: own.classCode, partition: own.partition, of: own.of, index: first, chunks });
        return { classCode: own.classCode, partition: own.partition, of: own.of, since: own.since, completeAt: page.index };
      }
      after = page.next;
    }
  }

  async #followPages(signal: AbortSignal): Promise<void> {
    for (;;) {
      const after = this.#store.cursor();
      const page = await this.#trackers.feed({ seeder: this.#self(), after }, signal);
      if (page.index === after) return;
      await this.#store.follow(page);
      if (page.events.length < limits.feedPageMax) return;
    }
  }

  /** Too far behind, or new: list everything as of now, then go on from the index read before the first list. */
  async #startOver(layout: Layout, signal: AbortSignal): Promise<void> {
    const { index } = await this.#trackers.layout(signal);
    await this.#ledger.replace({ add: [], remove: this.#ledger.rows() });
    await this.#listNew(layout, signal);
    await this.#store.follow({ after: this.#store.cursor(), index, events: [] });
  }
}

function isListed(row: LedgerRow, own: OwnPartition): boolean {
  return row.of === own.of && row.since === own.since;
}
