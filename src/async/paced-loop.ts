// Background work that leaves room: after each step it rests in proportion to what the step took. A slow disk slows it by itself.

import { AssertionError } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { mustNotBeAborted } from './abort.ts';
import { sleep } from './sleep.ts';

/** Read anew after every step, so that its owner may change the pace while the loop runs. */
export interface Pace {
  /** Rest per time worked: 0 works without pause, 9 works a tenth of the time. */
  readonly restFactor: number;
  readonly restMsMin: number;
  readonly restMsMax: number;
}

/** Runs `step` until `signal` aborts, which is its normal end, whatever a step says to that. An error before it ends the loop by rejecting. */
export async function pacedLoop(
  step: (signal: AbortSignal) => Promise<void>, pace: Pace, clock: Clock, signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      mustNotBeAborted(signal);
      const startedMs = clock.monotonicMs();
      await step(signal);
      await sleep(restMs(pace, clock.monotonicMs() - startedMs), clock, signal);
    }
  } catch (error) {
    if (!signal.aborted || error instanceof AssertionError) throw error;
  }
}

function restMs(pace: Pace, workedMs: number): number {
  return Math.min(pace.restMsMax, Math.max(pace.restMsMin, pace.restFactor * workedMs));
}
