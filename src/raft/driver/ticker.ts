// Raft's time. A timer that fires late after a stall owes one tick, not many: a burst of ticks would start an election over messages
// that already wait in the inbox (`raft.md` 2.8). The loop takes the tick that is due after it stepped those.

import type { CancelTimer, Clock } from '../../base/clock.ts';

export class Ticker {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #wake: () => void;
  #cancel: CancelTimer | undefined;
  #due: 'no' | 'yes' = 'no';

  constructor(options: { readonly tickMs: number }, deps: { readonly clock: Clock; readonly wake: () => void }) {
    this.#tickMs = options.tickMs;
    this.#clock = deps.clock;
    this.#wake = deps.wake;
  }

  start(): void {
    this.#cancel = this.#clock.schedule(this.#tickMs, () => {
      this.#due = 'yes';
      this.start();
      this.#wake();
    });
  }

  /** True at most once a tick. */
  takeDue(): boolean {
    const due = this.#due === 'yes';
    this.#due = 'no';
    return due;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
