// The layout: per class and partition the seeders that hold it. Small enough to be cached by every part.

import { mustExist } from '../base/assert.ts';
import type { ChunkId, Incarnation, LogIndex, NodeName, SeederId } from '../base/ids.ts';
import { partitionOf } from './chunk.ts';
import type { ClassCode } from './storage-class.ts';

/**
 * `joining`: registered, holds nothing yet · `up` · `down`: silent past the limit, or signed out for good ·
 * `maintenance`: stopped cleanly, expected back · `draining`: leaves as soon as others hold its partitions.
 */
export type SeederState = 'up' | 'down' | 'maintenance' | 'draining' | 'removed';

export interface SeederInfo {
  readonly id: SeederId;
  readonly name: NodeName;
  readonly incarnation: Incarnation;
  /** Base URL, `http://127.0.0.1:7101`. */
  readonly url: string;
  readonly zone: string;
  readonly host: string;
  /** Bytes the seeder offers; the planner shares slots by it. */
  readonly capacityBytes: number;
  readonly state: SeederState;
}

export interface PartitionLists {
  /** Where writes go, in rank order; position = shard number for ec. */
  readonly now: readonly SeederId[];
  /** Index at which `now` last changed. */
  readonly since: LogIndex;
  /** Every seeder that was in `now` since the partition was last settled; reads may use them. */
  readonly before: readonly SeederId[];
}

export interface ClassLayout {
  readonly classCode: ClassCode;
  /** One element a partition; the length is a power of two. */
  readonly partitions: readonly PartitionLists[];
}

export interface Layout {
  /** Index of the entry that last changed anything here. */
  readonly version: LogIndex;
  readonly seeders: readonly SeederInfo[];
  readonly classes: readonly ClassLayout[];
}

/** The lists of a chunk; undefined when the class has no layout yet. */
export function listsOf(layout: Layout, classCode: ClassCode, chunk: ChunkId): PartitionLists | undefined {
  const found = layout.classes.find((each) => each.classCode === classCode);
  if (found === undefined) return undefined;
  return mustExist(found.partitions[partitionOf(chunk, found.partitions.length)], 'every chunk has a partition');
}

export function seederById(layout: Layout, id: SeederId): SeederInfo | undefined {
  return layout.seeders.find((seeder) => seeder.id === id);
}
