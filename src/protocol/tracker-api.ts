// Bodies of the trackers' HTTP API, as JSON. Byte arrays travel as base64 text; everything else as it stands in `model/`.

import type { ClusterId, ContentId, LogIndex, NodeName, SeederId, SessionId } from '../base/ids.ts';
import type { InventoryReport } from '../model/feed.ts';
import type { Layout, SeederInfo } from '../model/layout.ts';
import type { ManifestEntry } from '../model/manifest.ts';
import type { DirectoryEntry, NodeInfo } from '../model/node-info.ts';
import type { FileContent, Operation, Outcome } from '../model/operation.ts';

/** `FileContent` with inline bytes in base64. */
export type WireFileContent = Exclude<FileContent, { kind: 'inline' }> | { readonly kind: 'inline'; readonly base64: string };
export type WireOperation = Exclude<Operation, { kind: 'publish' }> | (Omit<Extract<Operation, { kind: 'publish' }>, 'content'> & { readonly content: WireFileContent });

export interface SessionAnswer {
  readonly session: SessionId;
}

/** Answered with `{}`, also when there is no such session any more. */
export interface CloseSessionRequest {
  readonly session: SessionId;
}

export interface BatchRequest {
  /** Without a session the batch may run twice when its answer is lost; only for idempotent operations. */
  readonly session?: { readonly id: SessionId; readonly firstSequence: number; readonly firstUnacked: number };
  /** 32 hex digits; one per shell command, so that `undo` can take the whole command back. */
  readonly operationId: string;
  readonly operations: readonly WireOperation[];
}

export interface BatchAnswer {
  readonly index: LogIndex;
  /** One an operation, in order; operation i has sequence firstSequence + i. */
  readonly outcomes: readonly Outcome[];
}

export interface NodeAnswer {
  readonly index: LogIndex;
  readonly node: NodeInfo;
  /** `copies=3`: what a file made in this directory gets, inherited policies included. Only directories have it. */
  readonly newFileClass?: string;
}

export interface ListAnswer {
  readonly index: LogIndex;
  readonly directory: NodeInfo;
  readonly entries: readonly DirectoryEntry[];
  /** Name to pass as `after` for the next page; absent at the end. */
  readonly next?: string;
}

export interface ManifestAnswer {
  readonly index: LogIndex;
  readonly node: NodeInfo;
  readonly content:
    | { readonly kind: 'inline'; readonly base64: string }
    | {
      readonly kind: 'chunked'; readonly chunkBytes: number; readonly storageClass: string; readonly pageCount: number;
      /** From `firstPage` on, as many pages as were asked for and are there. */
      readonly firstPage: number; readonly pages: readonly (readonly ManifestEntry[])[];
    };
}

export interface ContentsAnswer {
  readonly index: LogIndex;
  readonly matches: readonly { readonly contentId: ContentId; readonly path: string; readonly node: NodeInfo }[];
}

export interface UsageAnswer {
  readonly index: LogIndex;
  readonly bytes: number;
  readonly inodes: number;
}

/** `layout` is absent when the version asked for as `known` is still the newest. `index` is the stamp for writes. */
export interface LayoutAnswer {
  readonly index: LogIndex;
  readonly cluster: ClusterId;
  readonly version: LogIndex;
  readonly layout?: Layout;
}

export interface RegisterRequest {
  readonly name: NodeName;
  readonly incarnation: string;
  readonly url: string;
  readonly zone: string;
  readonly host: string;
  readonly capacityBytes: number;
}

export interface RegisterAnswer {
  readonly index: LogIndex;
  readonly cluster: ClusterId;
  readonly seeder: SeederInfo;
}

export interface HeartbeatRequest {
  readonly seeder: SeederId;
  readonly incarnation: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly condition: 'open' | 'full' | 'closed';
  /** Feed index followed. */
  readonly cursor: LogIndex;
  /** Reports that changed since the last acknowledged heartbeat; all of them after `resend`. */
  readonly inventory: readonly InventoryReport[];
}

export interface HeartbeatAnswer {
  readonly index: LogIndex;
  /** Newest layout version; the seeder fetches the layout when its own is older. */
  readonly layout: LogIndex;
  /** `full`: this leader knows nothing yet and wants every report. */
  readonly resend: 'changes' | 'full';
}

/** Hashes of a tracker's state after its newest entries, oldest first. */
export interface StateHashAnswer {
  readonly marks: readonly { readonly index: LogIndex; readonly hash: string }[];
}

export interface TrackerStatus {
  readonly name: NodeName;
  readonly url: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner' | 'unreachable';
  readonly term?: number;
  readonly commit?: LogIndex;
  readonly applied?: LogIndex;
  readonly lag?: number;
}

export interface SeederStatus {
  readonly name: NodeName;
  readonly url: string;
  readonly zone: string;
  /** State in the layout, refined by what the leader heard: `suspect` after 5 s of silence. */
  readonly state: SeederInfo['state'] | 'suspect';
  readonly totalBytes?: number;
  readonly freeBytes?: number;
  readonly chunkBytes?: number;
  readonly chunks?: number;
  readonly condition?: HeartbeatRequest['condition'];
}

/** Partitions of a class by what inventory proved. */
export interface ClassHealth {
  readonly storageClass: string;
  readonly partitions: number;
  /** Every seeder of `now` reported exactly the live chunks. */
  readonly whole: number;
  /** Some copy is catching up. */
  readonly behind: number;
  /** A report is too old or none came yet. */
  readonly stale: number;
  /** Lists shorter than the class needs, or with a seeder that is down. */
  readonly belowClass: number;
  readonly liveChunks: number;
}

/** What a tracker knows of itself; the leader's copy of it is also part of ClusterStatus. */
export interface ClusterStatus {
  readonly cluster: ClusterId;
  readonly index: LogIndex;
  readonly leader?: NodeName;
  readonly trackers: readonly TrackerStatus[];
  readonly seeders: readonly SeederStatus[];
  readonly classes: readonly ClassHealth[];
  /** The whole tree, the root excluded. */
  readonly bytes: number;
  readonly inodes: number;
}
