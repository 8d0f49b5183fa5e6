// The replicated log of one node: what storage holds, the unstable end over it, and three cursors.
// Invariant: applied <= applying <= committed <= last index. Decides what may be appended, committed and applied; talks to nobody.

import { assert, mustExist } from '../../base/assert.ts';
import { entriesBytes, limitEntries } from './entries.ts';
import { Unstable } from './unstable.ts';
import type { Entry, Snapshot, Storage } from './types.ts';

/** A place in the log: logs that agree on it agree on everything before (log matching, Raft 5.3). */
export interface LogPlace {
  readonly index: number;
  readonly term: number;
}

/** Whether committed entries that are not durable here may be applied. */
export type ApplyReach = 'unstable-too' | 'stable-only';

export class RaftLog {
  readonly #storage: Storage;
  readonly #maxApplyingBytes: number;
  readonly #unstable: Unstable;
  #committed: number;
  #applying: number;
  #applied: number;
  /** Handed out to be applied and not acknowledged. */
  #applyingBytes = 0;
  #applyingPaused = false;

  constructor(storage: Storage, maxApplyingBytes: number, unstable = new Unstable(storage.lastIndex() + 1)) {
    this.#storage = storage;
    this.#maxApplyingBytes = maxApplyingBytes;
    this.#unstable = unstable;
    // Whatever was compacted had been committed and applied.
    this.#committed = storage.firstIndex() - 1;
    this.#applying = this.#committed;
    this.#applied = this.#committed;
  }

  get committed(): number {
    return this.#committed;
  }

  get applying(): number {
    return this.#applying;
  }

  get applied(): number {
    return this.#applied;
  }

  get unstable(): Unstable {
    return this.#unstable;
  }

  firstIndex(): number {
    return this.#unstable.firstIndex() ?? this.#storage.firstIndex();
  }

  lastIndex(): number {
    return this.#unstable.lastIndex() ?? this.#storage.lastIndex();
  }

  last(): LogPlace {
    const index = this.lastIndex();
    return { index, term: mustExist(this.term(index), 'the term of the last entry is known') };
  }

  /** Undefined outside [first index - 1, last index]. */
  term(index: number): number | undefined {
    const unstable = this.#unstable.term(index);
    if (unstable !== undefined) return unstable;
    if (index + 1 < this.firstIndex() || index > this.lastIndex()) return undefined;
    return this.#storage.term(index);
  }

  matches(place: LogPlace): boolean {
    return this.term(place.index) === place.term;
  }

  /** Whether a log that ends at `theirs` holds all that this one could have committed (Raft 5.4.1). */
  isUpToDate(theirs: LogPlace): boolean {
    const ours = this.last();
    return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index);
  }

  /** Entries from `low` to the end, as many as fit, but at least one if there is one. `low` must not be compacted. */
  entriesFrom(low: number, maxBytes: number): readonly Entry[] {
    const end = this.lastIndex() + 1;
    return low >= end ? [] : this.slice(low, end, maxBytes);
  }

  /** Entries low <= index < high, as many as fit, but at least one. */
  slice(low: number, high: number, maxBytes: number): readonly Entry[] {
    assert(low >= this.firstIndex() && low <= high && high <= this.lastIndex() + 1, 'slice lies in the log');
    if (low === high) return [];
    const offset = this.#unstable.offset;
    if (low >= offset) return limitEntries(this.#unstable.slice(low, high), maxBytes);
    const stable = this.#storage.entries(low, Math.min(high, offset), maxBytes);
    if (high <= offset || stable.length < offset - low) return stable;
    const room = maxBytes - entriesBytes(stable);
    if (room <= 0) return stable;
    const rest = limitEntries(this.#unstable.slice(offset, high), room);
    // The first of them is there whether it fits or not.
    return entriesBytes(rest) > room ? stable : [...stable, ...rest];
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#committed, 'committed entries are never replaced');
    this.#unstable.append(entries);
  }

  /** Takes a leader's entries after `previous`: the new last index they imply, or undefined when this log does not hold `previous`. */
  maybeAppend(previous: LogPlace, entries: readonly Entry[]): number | undefined {
    if (!this.matches(previous)) return undefined;
    // Entries that are here already stay: an old message must not cut off what a newer one brought (Raft 5.3).
    const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);
    if (fresh >= 0) this.append(entries.slice(fresh));
    return previous.index + entries.length;
  }

  /** The last place at or before `index` whose term does not exceed `term`; term 0 when it is not in this log any more. */
  findConflictByTerm(index: number, term: number): LogPlace {
    for (let at = index; at > 0; at -= 1) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: number): void {
    if (index <= this.#committed) return;
    assert(index <= this.lastIndex(), 'nothing is committed that is not in the log');
    this.#committed = index;
  }

  /** Commits up to a place that a quorum holds; false when that is old news or of another term (Raft 5.4.2). */
  maybeCommit(place: LogPlace): boolean {
    if (place.index <= this.#committed || !this.matches(place)) return false;
    this.commitTo(place.index);
    return true;
  }

  hasNextCommitted(reach: ApplyReach): boolean {
    if (this.#applyingPaused || this.#unstable.snapshot !== undefined) return false;
    return this.#applying < this.#applicableTo(reach);
  }

  /** Committed entries to apply next, bounded by what is being applied already. */
  nextCommitted(reach: ApplyReach): readonly Entry[] {
    if (!this.hasNextCommitted(reach)) return [];
    return this.slice(this.#applying + 1, this.#applicableTo(reach) + 1, this.#maxApplyingBytes - this.#applyingBytes);
  }

  /** These were handed out to be applied. */
  acceptApplying(entries: readonly Entry[], reach: ApplyReach): void {
    const index = mustExist(entries.at(-1), 'something is being applied').index;
    assert(index <= this.#committed && index > this.#applying, 'entries are applied once, in order, and when committed');
    this.#applying = index;
    this.#applyingBytes += entriesBytes(entries);
    // Also paused when the byte limit cut the list: a further small entry must not overtake the limit.
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes || index < this.#applicableTo(reach);
  }

  /** Everything up to `index` is applied; `bytes` of it had been handed out. */
  appliedTo(index: number, bytes: number): void {
    assert(index <= this.#committed && index >= this.#applied, 'applied never falls and never passes committed');
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes);
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes;
  }

  /** What a follower gets that lags behind the first index. Throws SnapshotTemporarilyUnavailableError. */
  snapshot(): Snapshot {
    return this.#unstable.snapshot ?? this.#storage.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.#unstable.restore(snapshot);
    this.#committed = snapshot.meta.index;
  }

  clone(storage: Storage): RaftLog {
    const copy = new RaftLog(storage, this.#maxApplyingBytes, this.#unstable.clone());
    copy.#committed = this.#committed;
    copy.#applying = this.#applying;
    copy.#applied = this.#applied;
    copy.#applyingBytes = this.#applyingBytes;
    copy.#applyingPaused = this.#applyingPaused;
    return copy;
  }

  #applicableTo(reach: ApplyReach): number {
    return reach === 'unstable-too' ? this.#committed : Math.min(this.#committed, this.#unstable.offset - 1);
  }
}
