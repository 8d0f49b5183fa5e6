// The layout as this seeder knows it. It never guesses: whoever names a newer version makes it read the trackers first.

import type { LogIndex, SeederId } from '../../base/ids.ts';
import { mustExist } from '../../base/assert.ts';
import { listsOf, seederById, type Layout, type PartitionLists, type SeederInfo } from '../../model/layout.ts';
import type { ChunkKey } from '../../model/chunk.ts';

/** Reads the layout from a tracker, linearizably. */
export type ReadLayout = (signal: AbortSignal) => Promise<Layout>;

export class LayoutView {
  readonly #read: ReadLayout;
  #layout: Layout | undefined;
  #reading: Promise<Layout> | undefined;

  constructor(deps: { readonly read: ReadLayout }) {
    this.#read = deps.read;
  }

  current(): Layout | undefined {
    return this.#layout;
  }

  /** A layout at least as new as `version`; reads the trackers only when the known one is older. */
  async atLeast(version: LogIndex, signal: AbortSignal): Promise<Layout> {
    if (this.#layout !== undefined && this.#layout.version >= version) return this.#layout;
    return this.refresh(signal);
  }

  /** Reads the trackers now; concurrent callers share one read. */
  async refresh(signal: AbortSignal): Promise<Layout> {
    this.#reading ??= this.#read(signal).finally(() => {
      this.#reading = undefined;
    });
    const layout = await this.#reading;
    if (this.#layout === undefined || layout.version > this.#layout.version) this.#layout = layout;
    return mustExist(this.#layout, 'a layout was read');
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
