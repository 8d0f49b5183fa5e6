// One at a time, in the order of asking.

import { Semaphore } from './semaphore.ts';

export class Mutex {
  readonly #semaphore: Semaphore;

  /** More callers than `waitersMax` waiting are refused with `overloaded`. */
  constructor(options: { readonly waitersMax: number }) {
    this.#semaphore = new Semaphore({ permits: 1, waitersMax: options.waitersMax });
  }

  get locked(): boolean {
    return this.#semaphore.free === 0;
  }

  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#semaphore.run(signal, work);
  }
}
