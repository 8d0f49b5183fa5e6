// Storage in memory, for tests and simulations: a snapshot's place, then entries without holes.
// Never shares its arrays with a caller.

import { assert } from '../../base/assert.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { limitEntries } from './entries.ts';
import { CompactedError, SnapshotOutOfDateError, UnavailableError } from './errors.ts';
import type { ConfState, Entry, HardState, Snapshot, Storage } from './types.ts';

const emptyConfState: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

export class MemoryStorage implements Storage {
  #hardState: HardState = { term: 0, vote: 0, commit: 0 };
  #snapshot: Snapshot = { meta: { index: 0, term: 0, confState: emptyConfState }, data: emptyBytes };
  /** The place before the first entry: what was compacted last. */
  #boundary = { index: 0, term: 0 };
  #entries: Entry[] = [];

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.meta.confState };
  }

  firstIndex(): number {
    return this.#boundary.index + 1;
  }

  lastIndex(): number {
    return this.#boundary.index + this.#entries.length;
  }

  term(index: number): number {
    if (index < this.#boundary.index) throw new CompactedError();
    if (index === this.#boundary.index) return this.#boundary.term;
    const entry = this.#entries[index - this.firstIndex()];
    if (entry === undefined) throw new UnavailableError();
    return entry.term;
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    if (low < this.firstIndex()) throw new CompactedError();
    if (high > this.lastIndex() + 1) throw new UnavailableError();
    return limitEntries(this.#entries.slice(low - this.firstIndex(), high - this.firstIndex()), maxBytes);
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /** Replaces everything from the first entry's index on; what is compacted already is skipped. */
  append(entries: readonly Entry[]): void {
    const fresh = entries.filter((entry) => entry.index > this.#boundary.index);
    const first = fresh[0];
    if (first === undefined) return;
    assert(first.index <= this.lastIndex() + 1, 'no hole before appended entries');
    this.#entries.length = first.index - this.firstIndex();
    this.#entries.push(...fresh);
  }

  /** Forgets the entries up to `index`. */
  compact(index: number): void {
    if (index <= this.#boundary.index) throw new CompactedError();
    assert(index <= this.lastIndex(), 'only entries that exist are compacted');
    const term = this.term(index);
    this.#entries.splice(0, index - this.#boundary.index);
    this.#boundary = { index, term };
  }

  /** Makes the snapshot that followers get. The log stays. */
  createSnapshot(index: number, confState: ConfState, data: Uint8Array): Snapshot {
    if (index <= this.#snapshot.meta.index) throw new SnapshotOutOfDateError();
    this.#snapshot = { meta: { index, term: this.term(index), confState }, data };
    return this.#snapshot;
  }

  /** Replaces the whole log by a snapshot: nothing after it may survive (pitfall P11). */
  applySnapshot(snapshot: Snapshot): void {
    if (this.#snapshot.meta.index >= snapshot.meta.index) throw new SnapshotOutOfDateError();
    this.#snapshot = snapshot;
    this.#boundary = { index: snapshot.meta.index, term: snapshot.meta.term };
    this.#entries = [];
  }

  clone(): MemoryStorage {
    const copy = new MemoryStorage();
    copy.#hardState = this.#hardState;
    copy.#snapshot = this.#snapshot;
    copy.#boundary = this.#boundary;
    copy.#entries = [...this.#entries];
    return copy;
  }
}
