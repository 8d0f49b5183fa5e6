// The identifiers of the glossary, branded so that they cannot be mixed up.

import type { Brand } from './brand.ts';

/** Raft term; 0 before the first election. */
export type Term = Brand<number, 'Term'>;
/** Index of a Raft log entry; 0 means "before the log". */
export type LogIndex = Brand<number, 'LogIndex'>;
/** Raft id of a tracker: a safe integer above 0, allocated once and never reused. */
export type NodeId = Brand<number, 'NodeId'>;
/** Name of a node as people write it: `tracker-1`, `seeder-3`. */
export type NodeName = Brand<string, 'NodeName'>;
/** Random 128 bits as 32 hex digits; drawn when a data folder is first used, so a wiped node is recognised. */
export type Incarnation = Brand<string, 'Incarnation'>;
/** SHA-256 over entry 1 of the log (the founding map), 64 hex digits. */
export type ClusterId = Brand<string, 'ClusterId'>;
/** SHA-256 of a chunk's bytes, 64 lower-case hex digits. */
export type ChunkId = Brand<string, 'ChunkId'>;
/** SHA-256 over what `model/content.ts` describes, 64 lower-case hex digits. */
export type ContentId = Brand<string, 'ContentId'>;
/** SHA-256 of a manifest page's bytes, 64 lower-case hex digits. */
export type PageId = Brand<string, 'PageId'>;
/** Inode number; 1 is the root; never reused. */
export type Ino = Brand<number, 'Ino'>;
/** Small number of a seeder inside the layout, allocated when it registers; never reused. */
export type SeederId = Brand<number, 'SeederId'>;
/** A client session, named by the index of the entry that registered it. */
export type SessionId = Brand<number, 'SessionId'>;
/** Milliseconds that leaders' monotonic clocks counted while leading (`architecture.md` 3). */
export type ClusterAge = Brand<number, 'ClusterAge'>;
/** Wall-clock milliseconds since 1970; for display only, never for a decision. */
export type WallMillis = Brand<number, 'WallMillis'>;
