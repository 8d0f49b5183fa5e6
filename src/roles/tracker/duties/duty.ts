// Background work of the leader: one round at a time, a rest between rounds, an end as soon as this tracker leads no more.
// A failed round is logged and the next one follows; a duty decides nothing that `apply` does not check again.

import { AssertionError } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import { errorFields, type Logger } from '../../../observe/log.ts';
import { sleep } from '../../../async/sleep.ts';

export interface Duty {
  readonly name: string;
  readonly restMs: number;
  round(leadership: Leadership, signal: AbortSignal): Promise<void>;
}

export interface DutyDeps {
  /** Undefined while this tracker does not lead. */
  readonly leadership: () => Leadership | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs until `signal`; resolves when the round under way has ended. Throws only a bug. */
export async function runDuty(duty: Duty, deps: DutyDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const leadership = deps.leadership();
    if (leadership !== undefined) await runRound(duty, leadership, deps, signal);
    await sleep(duty.restMs, deps.clock, signal).catch(() => undefined);
  }
}

async function runRound(duty: Duty, leadership: Leadership, deps: DutyDeps, signal: AbortSignal): Promise<void> {
  try {
    await duty.round(leadership, signal);
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    // Losing the lead in the middle of a round is how leaderships end, not a failure.
    if (signal.aborted || isOffshoreError(error, 'not-leader') || isOffshoreError(error, 'no-leader')) return;
    deps.log.warn('duty.failed', { duty: duty.name, ...errorFields(error) });
  }
}
