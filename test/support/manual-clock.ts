// A clock that stands still until a test moves it. Timers run in the order of their due times, equal ones in the order of their making.

import { assert } from '../../src/base/assert.ts';
import type { CancelTimer, Clock } from '../../src/base/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly number: number;
  readonly call: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #timersMade = 0;
  readonly #timers = new Set<Timer>();

  constructor(options: { readonly wallMs?: number } = {}) {
    this.#wallOffsetMs = options.wallMs ?? 0;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  schedule(delayMs: number, call: () => void): CancelTimer {
    this.#timersMade += 1;
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), number: this.#timersMade, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that have not run yet: a test of clean-up wants 0. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms`, running what falls due at its own time; promises get their turn after every timer and at the end. */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, 'time does not go back');
    const endMs = this.#nowMs + ms;
    await settle();
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#run(timer);
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  /** Like `advance`, without giving promises a turn: for code under test that is synchronous. */
  advanceNow(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) this.#run(timer);
    this.#nowMs = endMs;
  }

  /** Jumps the wall clock; the monotonic one does not notice. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.number < next.number)) next = timer;
    }
    return next;
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.call();
  }
}

/** Lets promise chains that need no timer and no disk run to their ends. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
