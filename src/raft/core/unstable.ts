// The end of the log that is not known to be durable: entries from `offset` on, and a snapshot that replaces everything before it.
// "In progress" is what was handed out to be written. A write is acknowledged by the term and index of its last entry, because
// the same indexes may have been overwritten by another leader meanwhile (etcd-io/raft#8, pitfall P29).

import { assert } from '../../base/assert.ts';
import type { Entry, Snapshot } from './types.ts';

export class Unstable {
  #snapshot: Snapshot | undefined;
  #snapshotInProgress = false;
  /** `#entries[i]` has index `#offset + i`. */
  #entries: Entry[] = [];
  #offset: number;
  /** Entries below it are being written. Invariant: offset <= offsetInProgress <= offset + entries. */
  #offsetInProgress: number;

  constructor(offset: number) {
    this.#offset = offset;
    this.#offsetInProgress = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get offsetInProgress(): number {
    return this.#offsetInProgress;
  }

  /** The snapshot that is not durable yet. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  get snapshotInProgress(): boolean {
    return this.#snapshotInProgress;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  firstIndex(): number | undefined {
    return this.#snapshot === undefined ? undefined : this.#snapshot.meta.index + 1;
  }

  lastIndex(): number | undefined {
    if (this.#entries.length > 0) return this.#offset + this.#entries.length - 1;
    return this.#snapshot?.meta.index;
  }

  term(index: number): number | undefined {
    if (index < this.#offset) return this.#snapshot?.meta.index === index ? this.#snapshot.meta.term : undefined;
    return this.#entries[index - this.#offset]?.term;
  }

  /** Entries low <= index < high; they must lie here. */
  slice(low: number, high: number): readonly Entry[] {
    assert(low >= this.#offset && low <= high && high <= this.#offset + this.#entries.length, 'slice lies in the unstable log');
    return this.#entries.slice(low - this.#offset, high - this.#offset);
  }

  /** What is to be written and was not handed out yet. */
  nextEntries(): readonly Entry[] {
    return this.#entries.slice(this.#offsetInProgress - this.#offset);
  }

  hasNextEntries(): boolean {
    return this.#offsetInProgress - this.#offset < this.#entries.length;
  }

  nextSnapshot(): Snapshot | undefined {
    return this.#snapshotInProgress ? undefined : this.#snapshot;
  }

  /** Everything was handed out. */
  acceptInProgress(): void {
    this.#offsetInProgress = this.#offset + this.#entries.length;
    if (this.#snapshot !== undefined) this.#snapshotInProgress = true;
  }

  /** Entries up to `index` are durable, if the one there is still of this term. */
  stableTo(index: number, term: number): void {
    if (index < this.#offset || this.term(index) !== term) return;
    this.#entries = this.#entries.slice(index + 1 - this.#offset);
    this.#offset = index + 1;
    this.#offsetInProgress = Math.max(this.#offsetInProgress, this.#offset);
  }

  stableSnapshotTo(index: number): void {
    if (this.#snapshot?.meta.index !== index) return;
    this.#snapshot = undefined;
    this.#snapshotInProgress = false;
  }

  /** The log is now what the snapshot says, and nothing after it. */
  restore(snapshot: Snapshot): void {
    this.#offset = snapshot.meta.index + 1;
    this.#offsetInProgress = this.#offset;
    this.#entries = [];
    this.#snapshot = snapshot;
    this.#snapshotInProgress = false;
  }

  /** Adds entries at the end, or over it: what follows the first one is replaced. */
  append(entries: readonly Entry[]): void {
    const from = entries[0]?.index ?? this.#offset + this.#entries.length;
    if (from <= this.#offset) {
      this.#entries = [...entries];
      this.#offset = from;
      this.#offsetInProgress = from;
      return;
    }
    assert(from <= this.#offset + this.#entries.length, 'no hole before appended entries');
    // A handed-out array is never shared, so cutting in place is safe.
    this.#entries.length = from - this.#offset;
    for (const entry of entries) this.#entries.push(entry);
    // A replaced entry must be written again even if its predecessor is being written.
    this.#offsetInProgress = Math.min(this.#offsetInProgress, from);
  }

  clone(): Unstable {
    const copy = new Unstable(this.#offset);
    copy.#offsetInProgress = this.#offsetInProgress;
    copy.#entries = [...this.#entries];
    copy.#snapshot = this.#snapshot;
    copy.#snapshotInProgress = this.#snapshotInProgress;
    return copy;
  }
}
