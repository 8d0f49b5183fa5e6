// Callers who ask for the same thing at the same time share one flight. Its result is not kept: this is no cache. Who joins a
// flight may get what was true before the call, so nothing that must be linearizable goes this way.

import { orAborted } from './abort.ts';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  passengers: number;
}

export class Coalesce<Key, T> {
  readonly #flights = new Map<Key, Flight<T>>();

  /** Keys in flight. */
  get size(): number {
    return this.#flights.size;
  }

  /** A caller that aborts leaves alone; the flight is aborted when the last one has left. */
  async run(key: Key, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.passengers += 1;
    try {
      return await orAborted(flight.result, signal);
    } finally {
      flight.passengers -= 1;
      if (flight.passengers === 0) this.#end(key, flight);
    }
  }

  #start(key: Key, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { result: work(controller.signal), controller, passengers: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  /** The flight has landed, or nobody is on it any more: the next caller starts a new one. */
  #end(key: Key, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.controller.abort();
  }
}
