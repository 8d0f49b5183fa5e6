// What being aborted means everywhere: one listener that can be taken off again, one error.

import { OffshoreError } from '../base/errors.ts';

/** Calls `call` once when `signal` aborts, at once when it has already. Returns how to take the listener off. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) {
    call();
    return () => {};
  }
  signal.addEventListener('abort', call, { once: true });
  return () => signal.removeEventListener('abort', call);
}

/** Why `signal` aborted, as an error of the table: a deadline's `timeout` stays one, everything else is `aborted`. */
export function toAbortError(signal: AbortSignal): OffshoreError {
  const reason: unknown = signal.reason;
  return reason instanceof OffshoreError ? reason : new OffshoreError('aborted', {}, { cause: reason });
}

/** Throws when `signal` has aborted. */
export function mustNotBeAborted(signal: AbortSignal): void {
  if (signal.aborted) throw toAbortError(signal);
}

/**
 * `promise`, or the abort error as soon as `signal` aborts; what becomes of the promise then is of no interest any more.
 * For work that cannot be stopped, or that others wait for too.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => reject(toAbortError(signal)));
    void promise.then(resolve, reject).finally(off);
  });
}
