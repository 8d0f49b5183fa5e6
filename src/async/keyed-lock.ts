// One at a time for each key: a chunk, a path, a partition. A key costs nothing while nobody holds it.

import { Mutex } from './mutex.ts';

interface Entry {
  readonly mutex: Mutex;
  users: number;
}

export class KeyedLock<Key> {
  readonly #waitersMax: number;
  readonly #entries = new Map<Key, Entry>();

  /** More callers than `waitersMax` waiting for one key are refused with `overloaded`. */
  constructor(options: { readonly waitersMax: number }) {
    this.#waitersMax = options.waitersMax;
  }

  /** Keys held or waited for. */
  get size(): number {
    return this.#entries.size;
  }

  async run<T>(key: Key, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? { mutex: new Mutex({ waitersMax: this.#waitersMax }), users: 0 };
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      return await entry.mutex.run(signal, work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#entries.delete(key);
    }
  }
}
