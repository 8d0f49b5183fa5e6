// The clock port. Everything that waits or measures receives one, so that the simulator can own time.

/** Cancels a scheduled call; calling it twice, or after the call ran, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds of a monotonic clock with an arbitrary origin; never goes back. For every decision. */
  monotonicMs(): number;
  /** Milliseconds since 1970; may jump either way. For display only. */
  wallMs(): number;
  /** Runs `call` once, at least `delayMs` later. */
  schedule(delayMs: number, call: () => void): CancelTimer;
}
