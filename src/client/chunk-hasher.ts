// Port: naming a chunk by its bytes. Implementation: platform/hash-pool, which computes off the main thread.
// An implementation must not keep, change or detach the bytes: the caller sends them afterwards.

import type { ChunkId } from '../base/ids.ts';

export interface HashedChunk {
  /** SHA-256 of the bytes. */
  readonly chunk: ChunkId;
  /** CRC-32 (zlib) of each 64 KiB block, as `headers.crcs` carries them. */
  readonly blockCrcs: Uint32Array;
}

export interface ChunkHasher {
  /** Answers in any order; the caller bounds how many it asks for at once. */
  hash(bytes: Uint8Array): Promise<HashedChunk>;
}
