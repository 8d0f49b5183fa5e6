// One question to several who could answer: the next is asked when the ones before are slow or have failed (Dean & Barroso,
// "The Tail at Scale", 2013). The first success wins and the others are aborted. Only for questions that change nothing.

import { assert } from '../base/assert.ts';
import type { CancelTimer, Clock } from '../base/clock.ts';
import { onAbort, toAbortError } from './abort.ts';

export type Alternative<T> = (signal: AbortSignal) => Promise<T>;

/** The first success. When all fail, the error that came last. */
export async function hedge<T>(
  alternatives: readonly Alternative<T>[], options: { readonly delayMs: number }, clock: Clock, signal: AbortSignal,
): Promise<T> {
  assert(alternatives.length > 0, 'there is somebody to ask');
  return new Promise<T>((resolve, reject) => {
    const running = new Set<AbortController>();
    let started = 0;
    let settled = false;
    let cancelTimer: CancelTimer = () => {};

    const settle = (finish: () => void): void => {
      settled = true;
      cancelTimer();
      off();
      finish();
      for (const controller of running) controller.abort();
    };

    const startNext = (): void => {
      cancelTimer();
      const alternative = alternatives[started] as Alternative<T>;
      const controller = new AbortController();
      running.add(controller);
      started += 1;
      if (started < alternatives.length) cancelTimer = clock.schedule(options.delayMs, startNext);
      alternative(controller.signal).then(
        (value) => {
          running.delete(controller);
          if (!settled) settle(() => resolve(value));
        },
        (error: unknown) => {
          running.delete(controller);
          if (settled || running.size > 0) return;
          if (started < alternatives.length) startNext();
          else settle(() => reject(error));
        },
      );
    };

    let off = (): void => {};
    if (!signal.aborted) startNext();
    off = onAbort(signal, () => settle(() => reject(toAbortError(signal))));
  });
}
