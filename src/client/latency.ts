// How long one kind of request usually takes, for hedging: p95 of the last answers. Measured by whoever sends; decides nothing.

/** Samples kept; p95 of fewer than a few is the default. */
const samplesKept = 64;
const samplesNeeded = 8;

export class Latency {
  readonly #samples: number[] = [];
  #at = 0;

  add(ms: number): void {
    this.#samples[this.#at] = ms;
    this.#at = (this.#at + 1) % samplesKept;
  }

  /** Undefined until there is enough to judge by. */
  p95(): number | undefined {
    if (this.#samples.length < samplesNeeded) return undefined;
    const sorted = [...this.#samples].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length * 0.95)];
  }
}
