// Items on their way from producers to one consumer, bounded by count and by bytes. Full means `overloaded` for the producer.

import { assert } from '../base/assert.ts';
import { OffshoreError } from '../base/errors.ts';
import { mustNotBeAborted, onAbort, toAbortError } from './abort.ts';

export interface BoundedQueueOptions<T> {
  readonly itemsMax: number;
  /** An item larger than this is taken only by an empty queue. */
  readonly bytesMax?: number;
  readonly bytesOf?: (item: T) => number;
}

export class BoundedQueue<T> {
  readonly #options: BoundedQueueOptions<T>;
  #items: T[] = [];
  #bytes = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(options: BoundedQueueOptions<T>) {
    assert((options.bytesMax === undefined) === (options.bytesOf === undefined), 'bytes are bounded and measured together');
    this.#options = options;
  }

  get size(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws `overloaded` when the item has no room, `stopping` when the queue is closed. */
  push(item: T): void {
    if (this.#closed) throw new OffshoreError('stopping');
    const bytes = this.#bytesOf(item);
    const { itemsMax, bytesMax = Infinity } = this.#options;
    const full = this.#items.length >= itemsMax || (this.#items.length > 0 && this.#bytes + bytes > bytesMax);
    if (full) throw new OffshoreError('overloaded', { items: this.#items.length, bytes: this.#bytes });
    this.#items.push(item);
    this.#bytes += bytes;
    this.#wake?.();
  }

  /** Waits for at least one item and takes up to `itemsMax`; empty when the queue is closed and nothing is left. */
  async takeBatch(itemsMax: number, signal: AbortSignal): Promise<readonly T[]> {
    mustNotBeAborted(signal);
    while (this.#items.length === 0 && !this.#closed) await this.#untilChanged(signal);
    const taken = this.#items.splice(0, itemsMax);
    for (const item of taken) this.#bytes -= this.#bytesOf(item);
    return taken;
  }

  /** Every item in order until the queue is closed and empty; rejects when `signal` aborts. */
  async *items(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const batch = await this.takeBatch(1, signal);
      if (batch.length === 0) return;
      yield* batch;
    }
  }

  /** Nothing more goes in; what is inside may still be taken. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #untilChanged(signal: AbortSignal): Promise<void> {
    assert(this.#wake === undefined, 'a queue has one consumer');
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#wake = undefined;
        off();
        resolve();
      };
      const off = onAbort(signal, () => {
        this.#wake = undefined;
        reject(toAbortError(signal));
      });
    });
  }

  #bytesOf(item: T): number {
    return this.#options.bytesOf?.(item) ?? 0;
  }
}
