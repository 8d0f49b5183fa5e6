// A signal that also aborts when time is up, with `timeout`. Whoever makes one disposes of it, or its timer outlives the work.

import type { Clock } from '../base/clock.ts';
import { OffshoreError } from '../base/errors.ts';
import { onAbort } from './abort.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Milliseconds left; 0 when it is up. */
  remainingMs(): number;
}

/** Aborts after `timeoutMs`, or together with `signal` and for its reason. */
export function withTimeout(signal: AbortSignal, timeoutMs: number, clock: Clock): Deadline {
  const controller = new AbortController();
  const dueMs = clock.monotonicMs() + timeoutMs;
  const cancel = clock.schedule(timeoutMs, () => controller.abort(new OffshoreError('timeout', { timeoutMs })));
  const off = onAbort(signal, () => controller.abort(signal.reason));
  const dispose = (): void => {
    cancel();
    off();
  };
  if (signal.aborted) dispose();
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, dueMs - clock.monotonicMs()),
    [Symbol.dispose]: dispose,
  };
}

/** Runs `work` under a deadline and disposes of it afterwards. */
export async function within<T>(
  signal: AbortSignal, timeoutMs: number, clock: Clock, work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = withTimeout(signal, timeoutMs, clock);
  try {
    return await work(deadline.signal);
  } finally {
    deadline[Symbol.dispose]();
  }
}
