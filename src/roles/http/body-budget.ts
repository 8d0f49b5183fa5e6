// How many bytes of request bodies one server holds at once (S6): more is refused, so that many senders cannot exhaust memory.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

/** Shared by all requests of a server. */
export class BodyPool {
  #bytes = 0;

  get bytesInFlight(): number {
    return this.#bytes;
  }

  /** Throws `overloaded` when there is no room. A body is always let in when it is alone. */
  take(bytes: number): void {
    if (this.#bytes > 0 && this.#bytes + bytes > limits.requestBodyBytesInFlightMax) {
      throw new OffshoreError('overloaded', { resource: 'request bodies', bytesMax: limits.requestBodyBytesInFlightMax });
    }
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** What one request took from the pool. */
export class BodyBudget {
  readonly #pool: BodyPool;
  #taken = 0;

  constructor(pool: BodyPool) {
    this.#pool = pool;
  }

  take(bytes: number): void {
    this.#pool.take(bytes);
    this.#taken += bytes;
  }

  release(): void {
    this.#pool.giveBack(this.#taken);
    this.#taken = 0;
  }
}
