// Port: what one seeder keeps on one disk. Chunks, their stamps, and what the feed said about them.
// Implementations: segment-chunk-store (disk), memory-chunk-store (tests). Contract: test/contract/chunk-store.ts.

import type { ChunkId, LogIndex } from '../../base/ids.ts';
import type { ChunkKey } from '../../model/chunk.ts';
import type { FeedPage, InventoryReport, LiveListing } from '../../model/feed.ts';
import type { ClassCode } from '../../model/storage-class.ts';

export interface ChunkToStore {
  readonly key: ChunkKey;
  /** The body; parts are written as they are. */
  readonly parts: readonly Uint8Array[];
  /** CRC-32 (zlib) of each 64 KiB block of the body. */
  readonly blockCrcs: Uint32Array;
  readonly stamp: LogIndex;
}

export interface ChunkInfo {
  readonly key: ChunkKey;
  readonly bytes: number;
  readonly blockCrcs: Uint32Array;
  readonly stamp: LogIndex;
  readonly liveness: 'fresh' | 'live' | 'condemned';
  /** Index of the condemnation, while `liveness` is `condemned`. A stamp from there on makes the chunk fresh again. */
  readonly condemnedAt?: LogIndex;
  /** Wall time of the last read that compared every byte. */
  readonly verifiedMs: number;
}

export interface StoreSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Bytes of chunks held. */
  readonly chunkBytes: number;
  readonly chunks: number;
}

/** `full`: below the floor, puts are refused with `disk-full`. `closed`: a write or fsync failed; reads go on where they can (S7). */
export type StoreCondition = 'open' | 'full' | 'closed';

export interface PartitionRef {
  readonly classCode: ClassCode;
  readonly partition: number;
}

/** The slot in which this seeder is to hold a chunk of an `ec` class; 0 for copies. Decides the shard of wanted chunks. */
export type ShardOf = (classCode: ClassCode, chunk: ChunkId) => number;

export interface ChunkStore {
  /** Durable, stamps included, when resolved. A chunk that is held already only gets the later stamp. Throws `disk-full`, `store-closed`. */
  put(chunks: readonly ChunkToStore[]): Promise<void>;
  /**
   * Which are held durably; those get `stamp` durably before this resolves. One not verified for a day is read again first,
   * and a damaged one is dropped and answered false. A quarantined one is false as well: the writer sends the bytes again.
   */
  touch(keys: readonly ChunkKey[], stamp: LogIndex): Promise<readonly boolean[]>;
  lookup(key: ChunkKey): ChunkInfo | undefined;
  /**
   * The body, or `range` of it (end exclusive), its blocks checked against their CRCs. Throws `chunk-missing`; `chunk-corrupt`
   * after taking the chunk out of the index, so that it counts as missing from now on.
   */
  read(key: ChunkKey, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array>;

  /** Highest feed index followed durably. */
  cursor(): LogIndex;
  /** Applies the events and moves the cursor, in one durable batch. `page.after` must be the cursor (else `bad-answer`). */
  follow(page: FeedPage): Promise<void>;
  /**
   * Replaces what is known of a partition by the complete list as of `listing.index`: listed chunks become live (wanted if not
   * held), held ones that are not listed become fresh. `listing` is complete (no `next`) and not older than the cursor
   * (else `bad-answer`). After a crash in the middle it must be done again.
   */
  relist(listing: LiveListing & { readonly of: number }): Promise<void>;
  /** Live chunks that are not held, in order of key, after `after`. */
  wanted(after: ChunkKey | undefined, limit: number): Promise<readonly (ChunkKey & { readonly bytes: number })[]>;
  /** One report a partition, as of the cursor. `of`: how many the class has; `shard`: the slot asked about (0 when absent). */
  inventory(partitions: readonly (PartitionRef & { readonly of: number; readonly shard?: number })[]): Promise<readonly InventoryReport[]>;
  /** Drops wanted marks of a partition this seeder is no longer listed for; held chunks stay until released. */
  forgetWanted(partition: PartitionRef & { readonly of: number }): Promise<void>;
  /** Keys held in the slices of a partition, in order, after `after`. */
  held(partition: PartitionRef & { readonly of: number }, after: ChunkId | undefined, limit: number): Promise<readonly ChunkInfo[]>;
  /**
   * Moves chunks to quarantine whose stamp is below `decidedAt`, checked under each chunk's lock; answers which went.
   * `decidedAt`: index of the condemnation, or of the settling that released them.
   */
  quarantine(keys: readonly ChunkKey[], decidedAt: LogIndex): Promise<readonly boolean[]>;

  /**
   * One bounded step of upkeep: empties quarantine, compacts, recycles. `idle`: nothing was left to do. The duty that calls it
   * paces it, and hurries while the condition is `full`.
   */
  maintain(): Promise<'worked' | 'idle'>;

  space(): Promise<StoreSpace>;
  condition(): StoreCondition;
  close(): Promise<void>;
}
