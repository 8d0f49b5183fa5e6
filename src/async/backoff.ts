// How long to wait before the next attempt: doubling, capped, and jittered so that clients that failed together do not return together.

import type { Rng } from '../base/rng.ts';

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Between half and all of base × 2^failures, never above the cap ("equal jitter": Brooker, AWS Architecture Blog, 2015). */
export function backoffMs(backoff: Backoff, failures: number, rng: Rng): number {
  const fullMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures, 30));
  return fullMs / 2 + rng() * (fullMs / 2);
}
