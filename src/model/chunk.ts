// Chunks, slices and partitions: how a chunk's name decides where it lives.

import { assert } from '../base/assert.ts';
import { isHex } from '../base/bytes.ts';
import type { ChunkId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { ClassCode } from './storage-class.ts';

/** SHA-256 as a function, so that cores stay pure: bytes in, 32 bytes out. */
export type Sha256 = (parts: readonly Uint8Array[]) => Uint8Array;

/** What one seeder stores under one name. `shard` is the position in the list for ec and 0 for copies. */
export interface ChunkKey {
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
  readonly shard: number;
}

export function parseChunkId(text: string): ChunkId | undefined {
  return isHex(text, 64) ? (text as ChunkId) : undefined;
}

/** The slice of a chunk: the first 16 bits of its id, 0 to 65,535. */
export function sliceOf(chunk: ChunkId): number {
  return Number.parseInt(chunk.slice(0, 4), 16);
}

/** The partition of a slice when the class has `partitions` of them (a power of two up to 65,536). */
export function partitionOfSlice(slice: number, partitions: number): number {
  return Math.floor((slice * partitions) / limits.slices);
}

export function partitionOf(chunk: ChunkId, partitions: number): number {
  return partitionOfSlice(sliceOf(chunk), partitions);
}

/** Slices [first, end) of a partition. */
export function slicesOf(partition: number, partitions: number): { readonly first: number; readonly end: number } {
  assert(limits.slices % partitions === 0, 'partitions are a power of two');
  const width = limits.slices / partitions;
  return { first: partition * width, end: (partition + 1) * width };
}
