// Waiting for time to pass, or for being told to stop.

import type { Clock } from '../base/clock.ts';
import { mustNotBeAborted, onAbort, toAbortError } from './abort.ts';

/** Resolves after `ms`; rejects at once when `signal` aborts, leaving no timer. */
export async function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  mustNotBeAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.schedule(ms, () => {
      off();
      resolve();
    });
    const off = onAbort(signal, () => {
      cancel();
      reject(toAbortError(signal));
    });
  });
}
