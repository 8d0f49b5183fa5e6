// What the leader heard from seeders since it leads: heartbeats, space and inventory reports. Memory only: a new leader starts
// empty and asks everybody for everything (`architecture.md` 6). Silence is counted from the later of the last heartbeat and the election.

import type { Clock } from '../../base/clock.ts';
import type { SeederId, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { InventoryReport } from '../../model/feed.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import type { HeartbeatRequest } from '../../protocol/tracker-api.ts';
import type { Leadership } from '../../raft/driver/raft-status.ts';

export type SeederSpace = Omit<HeartbeatRequest, 'inventory' | 'seeder' | 'incarnation'>;

interface Heard {
  atMs: number;
  space: SeederSpace;
  /** `left`: it said goodbye after its last heartbeat. */
  presence: 'here' | 'left';
  readonly reports: Map<string, InventoryReport>;
}

export class Roster {
  readonly #clock: Clock;
  #term: Term | undefined;
  #sinceMs = 0;
  #heard = new Map<SeederId, Heard>();

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  /** Takes a heartbeat in; `full` when this leader has not heard from the seeder before and needs all of its reports. */
  hear(leadership: Leadership, beat: HeartbeatRequest): 'changes' | 'full' {
    this.enter(leadership);
    const known = this.#heard.get(beat.seeder);
    const { inventory, seeder, incarnation: _, ...space } = beat;
    const heard: Heard = known ?? { atMs: 0, space, presence: 'here', reports: new Map<string, InventoryReport>() };
    heard.atMs = this.#clock.monotonicMs();
    heard.presence = 'here';
    heard.space = space;
    for (const report of inventory) heard.reports.set(reportKey(report), report);
    this.#heard.set(seeder, heard);
    return known === undefined ? 'full' : 'changes';
  }

  /** It stops cleanly: what it said before is no sign of life any more. */
  signOff(seeder: SeederId): void {
    const heard = this.#heard.get(seeder);
    if (heard !== undefined) heard.presence = 'left';
  }

  /** It starts again: what an earlier process of it held is to be reported anew. */
  forgetReports(seeder: SeederId): void {
    this.#heard.get(seeder)?.reports.clear();
  }

  /** Whoever does not lead hears nothing, and what it heard when it led is old. */
  leave(): void {
    this.#term = undefined;
    this.#heard = new Map();
  }

  /** Forgets everything that an earlier leadership heard. */
  enter(leadership: Leadership): void {
    if (this.#term === leadership.term) return;
    this.#term = leadership.term;
    this.#sinceMs = leadership.sinceMs;
    this.#heard = new Map();
  }

  /** Milliseconds of silence, by the monotonic clock. */
  silentMs(seeder: SeederId): number {
    return this.#clock.monotonicMs() - Math.max(this.#heard.get(seeder)?.atMs ?? 0, this.#sinceMs);
  }

  /** A heartbeat came lately, and no goodbye after it. */
  isAlive(seeder: SeederId): boolean {
    return this.#heard.get(seeder)?.presence === 'here' && this.silentMs(seeder) < limits.suspectMs;
  }

  space(seeder: SeederId): SeederSpace | undefined {
    return this.#heard.get(seeder)?.space;
  }

  /** Only of a seeder that is alive and follows the feed: nobody knows what a silent one, or one with a closed store, has missed since. */
  report(seeder: SeederId, ref: { readonly classCode: ClassCode; readonly partition: number }): InventoryReport | undefined {
    const heard = this.#heard.get(seeder);
    if (heard === undefined || heard.space.condition === 'closed' || !this.isAlive(seeder)) return undefined;
    return heard.reports.get(reportKey(ref));
  }
}

function reportKey(ref: { readonly classCode: ClassCode; readonly partition: number }): string {
  return `${ref.classCode}/${ref.partition}`;
}
