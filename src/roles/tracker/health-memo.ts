// Health of all classes as computed last: comparing every report with the state costs a scan of the feed, and dashboards ask all day.
// It never answers for another leadership or layout than the present ones, nor with what is older than `limits.healthMemoMs`.

import type { Clock } from '../../base/clock.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ClassHealth } from '../../protocol/tracker-api.ts';

/** Whose heartbeats and which lists the answer is made from; without a term nobody has reported here. */
export interface HealthBasis {
  readonly term: Term | undefined;
  readonly layout: LogIndex;
}

interface Held {
  readonly basis: HealthBasis;
  readonly atMs: number;
  readonly health: Promise<readonly ClassHealth[]>;
}

export class HealthMemo {
  readonly #clock: Clock;
  #held: Held | undefined;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  /** Requests at the same time share one computation; a failed one is not kept. */
  read(basis: HealthBasis, compute: () => Promise<readonly ClassHealth[]>): Promise<readonly ClassHealth[]> {
    const held = this.#held;
    const nowMs = this.#clock.monotonicMs();
    if (held !== undefined && held.basis.term === basis.term && held.basis.layout === basis.layout && nowMs - held.atMs < limits.healthMemoMs) return held.health;
    const fresh = { basis, atMs: nowMs, health: compute() };
    this.#held = fresh;
    fresh.health.catch(() => {
      if (this.#held === fresh) this.#held = undefined;
    });
    return fresh.health;
  }
}
