// Duty: tell the leader once a second that this seeder lives, how much space it has, and what it holds of its partitions.
// Reports are sent when they changed, and all of them when the leader asks; the leader never has to trust silence.

import type { LogIndex, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { InventoryReport } from '../../../model/feed.ts';
import type { HeartbeatAnswer } from '../../../protocol/tracker-api.ts';
import type { ChunkStore } from '../../../storage/chunks/chunk-store.ts';
import type { Trackers } from '../trackers.ts';
import type { FeedFollower, ReportableRow } from './follow-feed.ts';

export class Heartbeat {
  readonly #options: { readonly self: () => SeederId; readonly incarnation: string };
  readonly #deps: { readonly store: ChunkStore; readonly follower: Pick<FeedFollower, 'reportable'>; readonly trackers: Pick<Trackers, 'heartbeat'> };
  /** What the leader has acknowledged, by partition. */
  readonly #acknowledged = new Map<string, string>();
  #beats = 0;

  constructor(
    options: { readonly self: () => SeederId; readonly incarnation: string },
    deps: { readonly store: ChunkStore; readonly follower: Pick<FeedFollower, 'reportable'>; readonly trackers: Pick<Trackers, 'heartbeat'> },
  ) {
    this.#options = options;
    this.#deps = deps;
  }

  /** One heartbeat; answers the newest layout version. */
  async round(signal: AbortSignal): Promise<LogIndex> {
    const rows = this.#deps.follower.reportable();
    const reports = await this.#deps.store.inventory(rows);
    this.#beats += 1;
    const marked = reports.map((report, i) => ({ report, mark: fingerprint(report, rows[i]) }));
    const isNews = ({ report, mark }: (typeof marked)[number]): boolean => this.#acknowledged.get(partitionKey(report)) !== mark;
    // In turns the others too: a leader can compare only recent reports, and one whose answer was lost may have missed some.
    const renewed = marked.filter((each, i) => (i + this.#beats) % limits.reportRenewalBeats === 0 && !isNews(each));
    const changed = [...marked.filter(isNews), ...renewed].slice(0, limits.reportsPerHeartbeat);
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
 * Everything but the index: an unchanged report stays true while the feed moves on without touching the partition. An event of
 * the partition is news even when what is held stays as it was: a chunk that is live and not held shows in no count. So is a new
 * listing, because settling wants a report from after the list changed.
 */
function fingerprint(report: InventoryReport, row: ReportableRow | undefined): string {
  return `${report.count}/${report.digest}/${report.others}/${report.deletionsPending}/${row?.completeAt ?? 0}/${row?.touchedAt ?? 0}`;
}
