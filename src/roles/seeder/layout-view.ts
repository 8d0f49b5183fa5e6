// The layout as this seeder knows it. It never guesses: whoever names a newer version makes it read the trackers first, and a
// read counts for a caller only when it began after the call.

import { orAborted } from '../../async/abort.ts';
import type { LogIndex, SeederId } from '../../base/ids.ts';
import { mustExist } from '../../base/assert.ts';
import { listsOf, seederById, type Layout, type PartitionLists, type SeederInfo } from '../../model/layout.ts';
import type { ChunkKey } from '../../model/chunk.ts';

/** Reads the layout from a tracker, linearizably. */
export type ReadLayout = (signal: AbortSignal) => Promise<Layout>;

export class LayoutView {
  readonly #read: ReadLayout;
  readonly #stopping: AbortSignal;
  #layout: Layout | undefined;
  /** The read under way; it may miss what whoever asks now must see. */
  #reading: Promise<Layout> | undefined;
  /** The read that begins when that one has ended. */
  #next: Promise<Layout> | undefined;

  constructor(deps: { readonly read: ReadLayout; readonly stopping: AbortSignal }) {
    this.#read = deps.read;
    this.#stopping = deps.stopping;
  }

  current(): Layout | undefined {
    return this.#layout;
  }

  /** A layout at least as new as `version`; reads the trackers only when the known one is older. */
  async atLeast(version: LogIndex, signal: AbortSignal): Promise<Layout> {
    if (this.#layout !== undefined && this.#layout.version >= version) return this.#layout;
    return this.refresh(signal);
  }

  /** Reads the trackers now. Callers share a read that has not begun; one that gives up leaves the read to the others. */
  refresh(signal: AbortSignal): Promise<Layout> {
    this.#next ??= this.#readNext();
    return orAborted(this.#next, signal);
  }

  async #readNext(): Promise<Layout> {
    await this.#reading?.catch(() => undefined);
    this.#next = undefined;
    const reading = this.#read(this.#stopping);
    this.#reading = reading;
    const layout = await reading;
    if (this.#layout === undefined || layout.version > this.#layout.version) this.#layout = layout;
    return this.#layout;
  }
}

/** How a seeder stands to a chunk: where writes go now, and whether the sender's idea of it is still true. */
export type Standing =
  | { readonly kind: 'listed'; readonly lists: PartitionLists; readonly seeders: readonly SeederInfo[] }
  | { readonly kind: 'changed' };

/** `changed` when the list moved on after `known`, or when `self` is no longer in it. */
export function standingOf(layout: Layout, self: SeederId, key: Pick<ChunkKey, 'classCode' | 'chunk'>, known: LogIndex): Standing {
  const lists = listsOf(layout, key.classCode, key.chunk);
  if (lists === undefined || lists.since > known || !lists.now.includes(self)) return { kind: 'changed' };
  const seeders = lists.now.map((id) => mustExist(seederById(layout, id), 'lists name seeders of the layout'));
  return { kind: 'listed', lists, seeders };
}
