// Duty: give up chunks of partitions that settled without this seeder (`architecture.md` 5, Placement; S4). It acts only on a
// layout read from the trackers just now, and the store looks at each stamp again under the chunk's lock: a chunk that was put
// or touched under a newer layout stays.

import type { SeederId } from '../../../base/ids.ts';
import type { ChunkId, LogIndex } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Logger } from '../../../observe/log.ts';
import type { ClassLayout, PartitionLists } from '../../../model/layout.ts';
import type { ChunkStore } from '../../../storage/chunks/chunk-store.ts';
import type { LayoutView } from '../layout-view.ts';

export class Releaser {
  readonly #self: () => SeederId;
  readonly #deps: { readonly store: ChunkStore; readonly layout: LayoutView; readonly log: Logger };
  #doneFor: LogIndex | undefined;

  constructor(options: { readonly self: () => SeederId }, deps: { readonly store: ChunkStore; readonly layout: LayoutView; readonly log: Logger }) {
    this.#self = options.self;
    this.#deps = deps;
  }

  /** Does nothing until the layout changed since the last complete round. */
  async round(signal: AbortSignal): Promise<void> {
    if (this.#deps.layout.current()?.version === this.#doneFor) return;
    const layout = await this.#deps.layout.refresh(signal);
    for (const each of layout.classes) await this.#releaseOf(each, layout.version, signal);
    this.#doneFor = layout.version;
  }

  async #releaseOf(each: ClassLayout, version: LogIndex, signal: AbortSignal): Promise<void> {
    const self = this.#self();
    for (const [partition, lists] of each.partitions.entries()) {
      signal.throwIfAborted();
      if (names(lists, self)) continue;
      await this.#releasePartition({ classCode: each.classCode, partition, of: each.partitions.length }, version);
    }
  }

  async #releasePartition(partition: Parameters<ChunkStore['held']>[0], version: LogIndex): Promise<void> {
    let after: ChunkId | undefined;
    for (;;) {
      const held = await this.#deps.store.held(partition, after, limits.wantedPageMax);
      if (held.length === 0 || this.#isListedAgain(partition)) return;
      const gone = await this.#deps.store.quarantine(held.map((info) => info.key), version);
      const chunks = gone.filter((went) => went).length;
      this.#deps.log.info('chunks.released', { partition: partition.partition, chunks, kept: gone.length - chunks, index: version });
      after = held.at(-1)?.key.chunk;
    }
  }

  /**
   * A round takes its time, and being listed again voids the release. What this seeder reports under a newer layout it reports
   * after it knows that layout, so whatever was counted on is still here when this says no.
   */
  #isListedAgain({ classCode, partition, of }: Parameters<ChunkStore['held']>[0]): boolean {
    const partitions = this.#deps.layout.current()?.classes.find((each) => each.classCode === classCode)?.partitions;
    const lists = partitions?.[partition];
    return lists === undefined || partitions?.length !== of || names(lists, this.#self());
  }
}

function names(lists: PartitionLists, seeder: SeederId): boolean {
  return lists.now.includes(seeder) || lists.before.includes(seeder);
}
