// Cluster age on the leader: counted on from the largest age in the state by this process's monotonic clock, only while it leads
// (`architecture.md` 3, Time). A pause, a wrong wall clock or a stopped cluster therefore only makes things live longer.

import type { Clock } from '../../base/clock.ts';
import type { ClusterAge, Term } from '../../base/ids.ts';
import type { Leadership } from '../../raft/driver/raft-status.ts';

export class ClusterAgeCounter {
  readonly #clock: Clock;
  #base: { readonly term: Term; readonly age: ClusterAge; readonly atMs: number } | undefined;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  /** `applied` is the largest age of an applied entry; it is looked at once a term, before the first proposal of that term. */
  now(leadership: Leadership, applied: ClusterAge): ClusterAge {
    if (this.#base?.term !== leadership.term) this.#base = { term: leadership.term, age: applied, atMs: leadership.sinceMs };
    return Math.floor(this.#base.age + (this.#clock.monotonicMs() - this.#base.atMs)) as ClusterAge;
  }
}
