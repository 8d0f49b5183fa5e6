// The sliding window of MsgApp that one follower has not acknowledged, bounded by messages and by bytes.
// A ring that grows on demand: most followers never use the whole window.

import { assert } from '../../base/assert.ts';

interface InflightMessage {
  /** Index of the last entry in the message. */
  readonly index: number;
  readonly bytes: number;
}

export interface InflightLimits {
  readonly messages: number;
  readonly bytes: number;
}

export class Inflights {
  readonly #limits: InflightLimits;
  #ring: (InflightMessage | undefined)[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(limits: InflightLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing more may be sent until something is freed. The byte limit is soft by one message: one is always allowed. */
  full(): boolean {
    return this.#count >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  /** Indexes must ascend from call to call. */
  add(message: InflightMessage): void {
    assert(!this.full(), 'nothing is added to a full in-flight window');
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#start + this.#count) % this.#ring.length] = message;
    this.#count += 1;
    this.#bytes += message.bytes;
  }

  /** Frees every message whose last entry is at or before `index`. */
  freeTo(index: number): void {
    while (this.#count > 0) {
      const first = this.#ring[this.#start] as InflightMessage;
      if (first.index > index) return;
      this.#ring[this.#start] = undefined;
      this.#start = (this.#start + 1) % this.#ring.length;
      this.#count -= 1;
      this.#bytes -= first.bytes;
    }
  }

  clear(): void {
    this.#ring = [];
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  clone(): Inflights {
    const copy = new Inflights(this.#limits);
    copy.#ring = [...this.#ring];
    copy.#start = this.#start;
    copy.#count = this.#count;
    copy.#bytes = this.#bytes;
    return copy;
  }

  #grow(): void {
    const bigger = new Array<InflightMessage | undefined>(Math.min(Math.max(8, this.#ring.length * 2), this.#limits.messages));
    for (let i = 0; i < this.#count; i += 1) bigger[i] = this.#ring[(this.#start + i) % this.#ring.length];
    this.#ring = bigger;
    this.#start = 0;
  }
}
