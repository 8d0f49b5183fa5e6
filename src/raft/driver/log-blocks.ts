// The log in memory: which blocks there are, and the entries of the newest ones. It plans how a change cuts and adds blocks,
// so that stores only have to write what it says. It never touches a disk: blocks that fell out of memory come from `load`.

import { assert, mustExist } from '../../base/assert.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Entry } from '../core/types.ts';
import type { LogChange, LogPlace } from './log-store.ts';

/** A run of entries that is written and read as one. */
export interface LogBlock {
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly termFirst: Term;
  readonly termLast: Term;
  readonly bytes: number;
}

/** A block with its entries, to be written. */
export interface FullBlock extends LogBlock {
  readonly entries: readonly Entry[];
}

/** What a change does to the blocks: names to delete, then blocks to write. */
export interface BlockPlan {
  readonly removed: readonly LogIndex[];
  readonly written: readonly FullBlock[];
  readonly boundary: LogPlace;
  readonly last: LogPlace;
  /** How many of the present blocks stay at the front and at which one they begin. */
  readonly kept: { readonly from: number; readonly to: number };
}

/** Cost of an entry beside its data, in every bound that counts bytes. */
const entryOverheadBytes = 16;

export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

export class LogBlocks {
  readonly #load: (block: LogBlock) => readonly Entry[];
  readonly #cacheBytesMax: number;
  readonly #cache = new Map<LogIndex, readonly Entry[]>();
  #blocks: LogBlock[] = [];
  #boundary: LogPlace;
  #cachedBytes = 0;

  constructor(options: { readonly boundary: LogPlace; readonly cacheBytesMax: number }, load: (block: LogBlock) => readonly Entry[]) {
    this.#boundary = options.boundary;
    this.#cacheBytesMax = options.cacheBytesMax;
    this.#load = load;
  }

  get boundary(): LogPlace {
    return this.#boundary;
  }

  get last(): LogPlace {
    const block = this.#blocks.at(-1);
    return block === undefined ? this.#boundary : { index: block.last, term: block.termLast };
  }

  /** Adds a block found at opening; they come in order. */
  adopt(block: FullBlock): void {
    this.#blocks.push(block);
    this.#remember(block);
  }

  term(index: LogIndex): Term | undefined {
    if (index === this.#boundary.index) return this.#boundary.term;
    if (index < this.#boundary.index || index > this.last.index) return undefined;
    const block = this.#blockOf(index);
    return block.termFirst === block.termLast ? block.termFirst : mustExist(this.#entriesOf(block)[index - block.first], 'blocks have no holes').term as Term;
  }

  entries(range: { readonly from: LogIndex; readonly to: LogIndex }, bytesMax: number): readonly Entry[] {
    assert(range.from > this.#boundary.index && range.to <= this.last.index + 1, 'a read lies inside the log');
    const found: Entry[] = [];
    let bytes = 0;
    for (let at = this.#positionOf(range.from); at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] as LogBlock;
      if (block.first >= range.to) break;
      for (const entry of this.#entriesOf(block)) {
        if (entry.index < range.from) continue;
        if (entry.index >= range.to) return found;
        bytes += entryBytes(entry);
        if (found.length > 0 && bytes > bytesMax) return found;
        found.push(entry);
      }
    }
    return found;
  }

  indexWithTail(bytesMax: number): LogIndex {
    let bytes = 0;
    for (let at = this.#blocks.length - 1; at >= 0; at -= 1) {
      const block = this.#blocks[at] as LogBlock;
      bytes += block.bytes;
      if (bytes > bytesMax) return block.last;
    }
    return this.#boundary.index;
  }

  /** Works out a change without making it. */
  plan(change: LogChange): BlockPlan {
    const cleared = change.install?.at;
    let boundary = cleared ?? this.#boundary;
    let from = cleared === undefined ? 0 : this.#blocks.length;
    if (change.compactTo !== undefined && change.compactTo > boundary.index) {
      assert(cleared === undefined && change.compactTo <= this.last.index, 'only what is in the log can be compacted');
      boundary = { index: change.compactTo, term: mustExist(this.term(change.compactTo), 'the term at a compaction is known') };
      while (from < this.#blocks.length && (this.#blocks[from] as LogBlock).last <= boundary.index) from += 1;
    }
    const cut = this.#planEntries(change.entries ?? [], { boundary, from });
    const removed = [...this.#blocks.slice(0, from), ...this.#blocks.slice(cut.to)].map((block) => block.first);
    const tail = cut.written.at(-1) ?? (cut.to > from ? this.#blocks[cut.to - 1] : undefined);
    const last = tail === undefined ? boundary : { index: tail.last, term: tail.termLast };
    return { removed, written: cut.written, boundary, last, kept: { from, to: cut.to } };
  }

  /** Makes a change whose plan is durable now. */
  commit(plan: BlockPlan): void {
    for (const block of this.#blocks.slice(0, plan.kept.from)) this.#forget(block);
    for (const block of this.#blocks.slice(plan.kept.to)) this.#forget(block);
    this.#blocks = plan.kept.from === 0 ? this.#blocks : this.#blocks.slice(plan.kept.from);
    this.#blocks.length = plan.kept.to - plan.kept.from;
    this.#boundary = plan.boundary;
    for (const block of plan.written) this.adopt(block);
    assert(this.last.index === plan.last.index, 'a plan tells where the log ends');
  }

  #planEntries(
    entries: readonly Entry[], start: { readonly boundary: LogPlace; readonly from: number },
  ): { readonly to: number; readonly written: readonly FullBlock[] } {
    const first = entries[0]?.index;
    if (first === undefined) return { to: this.#blocks.length, written: [] };
    const end = start.from < this.#blocks.length ? this.last.index : start.boundary.index;
    assert(first > start.boundary.index && first <= end + 1, 'entries continue the log or replace its end');
    if (first === end + 1) return { to: this.#blocks.length, written: toBlocks(entries) };
    // A conflict: the block it falls into keeps its beginning, later ones go.
    const to = Math.max(start.from, this.#positionOf(first as LogIndex));
    const cut = this.#blocks[to] as LogBlock;
    const prefix = this.#entriesOf(cut).filter((entry) => entry.index < first && entry.index > start.boundary.index);
    return { to, written: toBlocks([...prefix, ...entries]) };
  }

  #blockOf(index: LogIndex): LogBlock {
    return mustExist(this.#blocks[this.#positionOf(index)], 'every index of the log has a block');
  }

  /** Position of the block that holds this index: the last one that does not begin after it. */
  #positionOf(index: LogIndex): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle] as LogBlock).first <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #entriesOf(block: LogBlock): readonly Entry[] {
    const cached = this.#cache.get(block.first);
    if (cached !== undefined) return cached;
    const entries = this.#load(block);
    this.#remember({ ...block, entries });
    return entries;
  }

  /** The oldest insertion leaves first: the tail stays, and a follower that catches up passes through. */
  #remember(block: FullBlock): void {
    this.#cache.set(block.first, block.entries);
    this.#cachedBytes += block.bytes;
    for (const first of this.#cache.keys()) {
      if (this.#cachedBytes <= this.#cacheBytesMax || this.#cache.size === 1) return;
      this.#drop(first);
    }
  }

  #forget(block: LogBlock): void {
    if (this.#cache.has(block.first)) this.#drop(block.first, block);
  }

  #drop(first: LogIndex, known?: LogBlock): void {
    const block = known ?? this.#blockOf(first);
    this.#cache.delete(first);
    this.#cachedBytes -= block.bytes;
  }
}

/** Cuts entries into blocks of bounded size. */
export function toBlocks(entries: readonly Entry[]): readonly FullBlock[] {
  const blocks: FullBlock[] = [];
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < entries.length; at += 1) {
    bytes += entryBytes(entries[at] as Entry);
    const full = bytes >= limits.logBlockBytes || at + 1 - from >= limits.logBlockEntriesMax;
    if (!full && at + 1 < entries.length) continue;
    blocks.push(toBlock(entries.slice(from, at + 1), bytes));
    from = at + 1;
    bytes = 0;
  }
  return blocks;
}

export function toBlock(entries: readonly Entry[], bytes: number): FullBlock {
  const first = mustExist(entries[0], 'a block has entries');
  const last = mustExist(entries.at(-1), 'a block has entries');
  assert(last.index - first.index === entries.length - 1, 'entries of a block follow each other');
  return {
    first: first.index as LogIndex, last: last.index as LogIndex,
    termFirst: first.term as Term, termLast: last.term as Term, bytes, entries,
  };
}
