// A number of permits handed out in the order of asking. Full means that the queue of those who wait is full: refuse, not grow.

import { assert } from '../base/assert.ts';
import { OffshoreError } from '../base/errors.ts';
import { mustNotBeAborted, onAbort, toAbortError } from './abort.ts';

export interface SemaphoreOptions {
  readonly permits: number;
  /** More callers than these waiting are refused with `overloaded`. */
  readonly waitersMax: number;
}

/** Gives the permits back; calling it again does nothing. */
export type Release = () => void;

interface Waiter {
  readonly permits: number;
  readonly admit: () => void;
}

export class Semaphore {
  readonly #options: SemaphoreOptions;
  readonly #waiters = new Set<Waiter>();
  #free: number;

  constructor(options: SemaphoreOptions) {
    assert(options.permits > 0, 'a semaphore has permits');
    this.#options = options;
    this.#free = options.permits;
  }

  get free(): number {
    return this.#free;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Waits for `permits` (bytes, slots); a large request is not overtaken by small ones that came later. */
  async acquire(signal: AbortSignal, permits = 1): Promise<Release> {
    assert(permits > 0 && permits <= this.#options.permits, 'no more permits are asked for than there are');
    mustNotBeAborted(signal);
    if (this.#waiters.size === 0 && this.#free >= permits) return this.#take(permits);
    if (this.#waiters.size >= this.#options.waitersMax) throw new OffshoreError('overloaded', { waiting: this.#waiters.size });
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        permits,
        admit: () => {
          off();
          resolve(this.#take(permits));
        },
      };
      this.#waiters.add(waiter);
      const off = onAbort(signal, () => {
        this.#waiters.delete(waiter);
        reject(toAbortError(signal));
        // The one that left may have held up smaller requests behind it.
        this.#admitWaiters();
      });
    });
  }

  /** Runs `work` with permits and gives them back whatever happens. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>, permits = 1): Promise<T> {
    const release = await this.acquire(signal, permits);
    try {
      return await work();
    } finally {
      release();
    }
  }

  #take(permits: number): Release {
    this.#free -= permits;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += permits;
      this.#admitWaiters();
    };
  }

  #admitWaiters(): void {
    for (const waiter of this.#waiters) {
      if (waiter.permits > this.#free) return;
      this.#waiters.delete(waiter);
      waiter.admit();
    }
  }
}
