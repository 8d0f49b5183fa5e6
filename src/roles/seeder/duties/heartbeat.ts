// Duty: tell the leader once a second that this seeder lives, how much space it has, and what it holds of its partitions.
// Reports are sent when they changed, and all of them when the leader asks; the leader never has to trust silence.

import type { LogIndex, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { InventoryReport } from '../../../model/feed.ts';
import type { HeartbeatAnswer } from '../../../protocol/tracker-api.ts';
import type { ChunkStore } from '../../../storage/chunks/chunk-store.ts';
import type { LayoutView } from '../layout-view.ts';
import type { LedgerRow } from '../partition-ledger.ts';
import type { Trackers } from '../trackers.ts';
import type { FeedFollower } from './follow-feed.ts';

export class Heartbeat {
  readonly #options: { readonly self: () => SeederId; readonly incarnation: string };
  readonly #deps: { readonly store: ChunkStore; readonly follower: FeedFollower; readonly layout: LayoutView; readonly trackers: Trackers };
  /** What the leader has acknowledged, by partition. */
  readonly #acknowledged = new Map<string, string>();

  constructor(
    options: { readonly self: () => SeederId; readonly incarnation: string },
    deps: { readonly store: ChunkStore; readonly follower: FeedFollower; readonly layout: LayoutView; readonly trackers: Trackers },
  ) {
    this.#options = options;
    this.#deps = deps;
  }

  /** One heartbeat; answers the newest layout version. */
  async round(signal: AbortSignal): Promise<LogIndex> {
    const rows = this.#deps.follower.reportable();
    const reports = await this.#deps.store.inventory(rows);
    const changed = reports
      .map((report, i) => ({ report, mark: fingerprint(report, rows[i]) }))
      .filter(({ report, mark }) => this.#acknowledged.get(partitionKey(report)) !== mark)
      .slice(0, limits.reportsPerHeartbeat);
    const answer = await this.#beat(changed.map(({ report }) => report), signal);
    for (const { report, mark } of changed) this.#acknowledged.set(partitionKey(report), mark);
    if (answer.resend === 'full') this.#acknowledged.clear();
    return answer.layout;
  }

  async #beat(inventory: readonly InventoryReport[], signal: AbortSignal): Promise<HeartbeatAnswer> {
    const space = await this.#deps.store.space();
    return this.#deps.trackers.heartbeat({
      seeder: this.#options.self(), incarnation: this.#options.incarnation, ...space,
      condition: this.#deps.store.condition(), cursor: this.#deps.store.cursor(), inventory,
    }, signal);
  }
}

function partitionKey(report: InventoryReport): string {
  return `${report.classCode}/${report.partition}`;
}

/**
 * Everything but the index: an unchanged report stays true as the feed moves on without touching the partition. A new
 * listing counts as a change, because settling wants a report from after the list changed.
 */
function fingerprint(report: InventoryReport, row: LedgerRow | undefined): string {
  return `${report.count}/${report.digest}/${report.others}/${report.deletionsPending}/${row?.completeAt ?? 0}`;
}
