// The clock port on Node. The only file that reads the time or sets a timer.

import type { CancelTimer, Clock } from '../base/clock.ts';

/** Longest delay that setTimeout takes; a longer one would fire at once. */
const timerDelayMsMax = 0x7fff_ffff;

export const nodeClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule: (delayMs, call) => schedule(delayMs, call),
};

/** Delays beyond setTimeout's range are cut into pieces. */
function schedule(delayMs: number, call: () => void): CancelTimer {
  const dueMs = performance.now() + delayMs;
  let timer: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    // Rounded up: setTimeout may fire up to 1 ms early, and "at least delayMs later" is the promise.
    const restMs = Math.ceil(dueMs - performance.now());
    timer = setTimeout(() => (performance.now() >= dueMs ? call() : arm()), Math.min(Math.max(restMs, 0), timerDelayMsMax));
  };
  arm();
  return () => clearTimeout(timer);
}
