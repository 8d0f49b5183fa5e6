// What one upload took from the client's budget of bytes in memory, so that all of it goes back when the upload ends, however
// it ends: a chunk that was read but never worked on would otherwise be missing for ever.

import type { Release, Semaphore } from '../async/semaphore.ts';

export class BudgetShare implements Disposable {
  readonly #budget: Semaphore;
  readonly #held = new Set<Release>();

  constructor(budget: Semaphore) {
    this.#budget = budget;
  }

  /** Waits for room; the release gives it back early and may be called again. */
  async acquire(bytes: number, signal: AbortSignal): Promise<Release> {
    const release = await this.#budget.acquire(signal, bytes);
    this.#held.add(release);
    return () => {
      this.#held.delete(release);
      release();
    };
  }

  [Symbol.dispose](): void {
    for (const release of this.#held) release();
    this.#held.clear();
  }
}
