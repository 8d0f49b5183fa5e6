// A promise somebody else settles, tied to the caller's signal: the shape of every wait in the driver.

import { onAbort } from '../../async/abort.ts';
import type { OffshoreError } from '../../base/errors.ts';

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** `resolve` and `reject` have an effect once, the first time. */
export class Waiting<T> {
  readonly promise: Promise<T>;
  #settle: Settle<T> | undefined;
  #stopListening: () => void = () => undefined;

  /** When `signal` fires first, `aborted` says what the wait ends with. */
  constructor(signal: AbortSignal, aborted: () => OffshoreError) {
    this.promise = new Promise((resolve, reject) => { this.#settle = { resolve, reject }; });
    this.#stopListening = onAbort(signal, () => this.reject(aborted()));
  }

  get state(): 'waiting' | 'settled' {
    return this.#settle === undefined ? 'settled' : 'waiting';
  }

  resolve(value: T): void {
    this.#take()?.resolve(value);
  }

  reject(error: OffshoreError): void {
    this.#take()?.reject(error);
  }

  #take(): Settle<T> | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    if (settle !== undefined) this.#stopListening();
    return settle;
  }
}
