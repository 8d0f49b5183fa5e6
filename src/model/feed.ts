// The feed: ordered events from which seeders learn which of their chunks are live, and the inventory they answer with.

import type { ChunkId, LogIndex } from '../base/ids.ts';
import type { ClassCode } from './storage-class.ts';

export type Liveness = 'live' | 'condemned';

export interface FeedEvent {
  readonly index: LogIndex;
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
  readonly bytes: number;
  readonly liveness: Liveness;
}

/** Events after `after` up to and including `index`, filtered to the partitions the asking seeder is in. */
export interface FeedPage {
  readonly after: LogIndex;
  /** Everything up to here is in this page or before: the new cursor. */
  readonly index: LogIndex;
  readonly events: readonly FeedEvent[];
}

/** Every live chunk of a partition as of `index`, in order of id; `next` continues it. */
export interface LiveListing {
  readonly classCode: ClassCode;
  readonly partition: number;
  readonly index: LogIndex;
  readonly chunks: readonly { readonly chunk: ChunkId; readonly bytes: number }[];
  readonly next?: ChunkId;
}

/**
 * What a seeder holds of a partition as of feed index `index`: count and digest of held chunks that are live then.
 * Digest: sum mod 2^128, as 32 hex digits, of the first 16 bytes of SHA-256 over (cluster salt, class, chunk id, shard).
 */
export interface InventoryReport {
  readonly classCode: ClassCode;
  readonly partition: number;
  readonly index: LogIndex;
  readonly count: number;
  readonly digest: string;
  /** Held but fresh or condemned. */
  readonly others: number;
  /** Deletions decided and not done yet: a partition with any is not settled. */
  readonly deletionsPending: number;
}
