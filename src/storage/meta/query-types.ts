// What queries answer. Shapes only; `queries.ts` says what each answer means.

import type { ChunkId, ClusterAge, ClusterId, ContentId, Ino, LogIndex, SessionId, WallMillis } from '../../base/ids.ts';
import type { ManifestEntry } from '../../model/manifest.ts';
import type { DirectoryEntry, NodeInfo } from '../../model/node-info.ts';
import type { OperationId, OperationKind } from '../../model/operation.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import type { Settings } from './core/settings.ts';

export interface Listing {
  /** The directory itself, links followed. */
  readonly directory: NodeInfo;
  readonly entries: readonly DirectoryEntry[];
  /** Pass as `after` for the next page; absent at the end. */
  readonly next?: string;
}

export type FileTarget = { readonly kind: 'path'; readonly path: string } | { readonly kind: 'ino'; readonly ino: Ino };

export interface ManifestRange {
  /** Version to read, also one that was replaced meanwhile; `changed` when it is gone. Absent: the present one. */
  readonly version?: LogIndex;
  readonly fromPage: number;
  readonly pages: number;
}

export type FileBody =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** `pages` are the pages asked for, from `fromPage`; `pageCount` how many the file has. */
  | { readonly kind: 'chunked'; readonly chunkBytes: number; readonly pageCount: number; readonly pages: readonly (readonly ManifestEntry[])[] };

export interface FileManifest {
  readonly node: NodeInfo;
  readonly body: FileBody;
}

export interface ContentMatch {
  readonly contentId: ContentId;
  readonly node: NodeInfo;
  readonly path: string;
}

export interface Usage {
  readonly bytes: number;
  readonly inodes: number;
}

export interface ClassTotals {
  readonly classCode: ClassCode;
  readonly partitions: number;
  /** Distinct live chunks and their bytes, each counted once whatever the copies. */
  readonly chunks: number;
  readonly bytes: number;
}

export interface Totals {
  /** The whole tree, root excluded. */
  readonly tree: Usage;
  readonly classes: readonly ClassTotals[];
  readonly feedEvents: number;
  readonly sessions: number;
  readonly uploads: number;
}

/** `stale`: the feed no longer reaches back to the index asked for, or the scan would be too long. */
export type PartitionDigest =
  | { readonly kind: 'known'; readonly index: LogIndex; readonly count: number; readonly digests: readonly string[] }
  | { readonly kind: 'stale' };

export interface DigestRequest {
  readonly classCode: ClassCode;
  readonly partition: number;
  readonly atIndex: LogIndex;
}

export interface SliceDigest {
  readonly slice: number;
  readonly count: number;
  /** One a shard number: a single one for copies. */
  readonly digests: readonly string[];
}

export interface LiveChunk {
  readonly chunk: ChunkId;
  readonly bytes: number;
}

export interface Change {
  readonly index: LogIndex;
  readonly position: number;
  readonly operation: OperationId;
  readonly user: string;
  readonly wallMs: WallMillis;
  readonly what: OperationKind;
  readonly ino: Ino;
  /** As the user named them; two for rename and copy. */
  readonly paths: readonly string[];
}

export interface ChangesPage {
  readonly changes: readonly Change[];
  /** Everything up to here is in this page or before. */
  readonly index: LogIndex;
}

export interface SessionInfo {
  readonly session: SessionId;
  readonly user: string;
  readonly usedAge: ClusterAge;
}

export interface CondemnableChunk {
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
  readonly bytes: number;
}

/** What the state says of a chunk that a seeder thinks about deleting. */
export type ChunkVerdict =
  | { readonly kind: 'live' }
  | { readonly kind: 'condemned'; readonly index: LogIndex }
  | { readonly kind: 'unknown' };

export interface ClusterFacts {
  readonly cluster: ClusterId;
  readonly level: number;
  readonly settings: Settings;
}

export interface StateHash {
  readonly index: LogIndex;
  /** 1,024 hashes of 32 hex digits; range = table * 32 + bucket. */
  readonly ranges: readonly string[];
}
