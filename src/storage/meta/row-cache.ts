// Rows of the state in memory, exactly as the store has them: hot directories, counters and sessions are read without touching it.
// Two generations bound it: when the young one is full the old one goes. It also remembers that a row does not exist (`null`).

import { type Key, tableAt } from './core/key.ts';
import { tableNumbers } from './core/tables.ts';

/** What a row costs besides its value: key, map entry. */
const overheadBytes = 120;

/** Written often and read seldom: kept only when they have been read. */
const coldTables: ReadonlySet<number> = new Set([
  tableNumbers.change, tableNumbers.content, tableNumbers.contentIndex, tableNumbers.detached, tableNumbers.feed, tableNumbers.history,
  tableNumbers.page, tableNumbers.unreferenced, tableNumbers.condemned, tableNumbers.staged,
]);

export class RowCache {
  readonly #generationBytes: number;
  #young = new Map<Key, Uint8Array | null>();
  #old = new Map<Key, Uint8Array | null>();
  #youngBytes = 0;

  constructor(options: { readonly bytes: number }) {
    this.#generationBytes = options.bytes / 2;
  }

  /** `null`: there is no such row. `undefined`: not known here. */
  get(key: Key): Uint8Array | null | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Uint8Array | null): void {
    this.#young.set(key, value);
    this.#youngBytes += overheadBytes + key.length + (value?.length ?? 0);
    if (this.#youngBytes <= this.#generationBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  /** What was just written: replaces what is held, and is worth holding itself unless its table is cold. */
  learn(key: Key, value: Uint8Array | null): void {
    if (!coldTables.has(key.charCodeAt(tableAt)) || this.get(key) !== undefined) this.set(key, value);
  }
}
