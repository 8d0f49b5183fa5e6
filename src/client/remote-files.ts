// Port: the file system as the shell and the gateways see it. Implementation: offshore-client (the cluster);
// test/support/memory-remote-files serves unit tests of the shell. Paths are absolute and normal (`/a/b`).
// Every method throws OffshoreError with a code of the table.

import type { ChunkId, ContentId, LogIndex, NodeName } from '../base/ids.ts';
import type { DirectoryEntry, NodeInfo } from '../model/node-info.ts';
import type { AttributeChange, Expect, Operation, Outcome } from '../model/operation.ts';
import type { ClusterStatus, ContentsAnswer } from '../protocol/tracker-api.ts';

/** Where bytes to upload come from. A file may be read again after a failure, a stream only once (its window is kept). */
export type UploadSource =
  | { readonly kind: 'file'; readonly bytes: number; read(offset: number, length: number): Promise<Uint8Array> }
  | { readonly kind: 'stream'; readonly stream: AsyncIterable<Uint8Array> };

/** What happened so far in one transfer; counts only grow. */
export interface TransferProgress {
  readonly path: string;
  readonly bytesTotal?: number;
  readonly bytesDone: number;
  /** Bytes that did not travel because the cluster had them. */
  readonly bytesShared: number;
  readonly chunksDone: number;
}

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Chunks under way at once for one file. */
  readonly chunksInFlight?: number;
  readonly onProgress?: (progress: TransferProgress) => void;
}

export interface UploadOptions extends TransferOptions {
  readonly attributes?: AttributeChange;
  readonly parents?: 'must-exist' | 'make';
  readonly expect?: Expect;
  /** Commands of one shell line share it; drawn when absent. */
  readonly operationId?: string;
}

/** Proof of what an upload reached. */
export interface Receipt {
  readonly path: string;
  readonly bytes: number;
  readonly contentId: ContentId;
  readonly index: LogIndex;
  /** Fewest copies that any chunk had durably when it was acknowledged; inline files count trackers of a majority. */
  readonly copies: number;
  /** Losses of seeders survived at that moment. */
  readonly lossesSurvived: number;
  readonly bytesShared: number;
}

/** One file of a tree upload. */
export interface TreeFile {
  readonly path: string;
  readonly source: Extract<UploadSource, { kind: 'file' }>;
  readonly attributes: AttributeChange;
}

export type TreeOutcome =
  | { readonly path: string; readonly ok: true; readonly receipt: Receipt }
  | { readonly path: string; readonly ok: false; readonly error: Error };

/** An open file version: reads stay on it even when the path gets a new one. */
export interface RemoteFile {
  readonly node: NodeInfo;
  /** Verified bytes of [start, end), in order; holes come as zeros. */
  read(range: { readonly start: number; readonly end: number }, options: TransferOptions): AsyncIterable<Uint8Array>;
}

export interface NodePing {
  readonly name: NodeName;
  readonly url: string;
  readonly role: 'tracker' | 'seeder';
  readonly isLeader: boolean;
  /** Absent when it did not answer. */
  readonly roundTripMs?: number;
  readonly error?: string;
}

/** Where one chunk of a file lives now. */
export interface ChunkPlace {
  readonly chunk: ChunkId;
  readonly bytes: number;
  readonly seeders: readonly NodeName[];
}

export interface RemoteFiles {
  stat(path: string, follow: 'final-symlink' | 'never', signal: AbortSignal): Promise<NodeInfo>;
  /** Pages are fetched as the iteration goes; nothing is held but one page. */
  list(path: string, signal: AbortSignal): AsyncIterable<DirectoryEntry>;
  /** Operations in order, split into as many batches as the bounds need; one outcome each. Exactly once. */
  run(operations: readonly Operation[], options: { readonly signal: AbortSignal; readonly operationId?: string }): Promise<readonly Outcome[]>;
  upload(source: UploadSource, path: string, options: UploadOptions): Promise<Receipt>;
  /** Many files at once: small ones travel in packs and are published in batches. Outcomes come as files finish. */
  uploadTree(files: AsyncIterable<TreeFile>, options: UploadOptions & { readonly transfers?: number }): AsyncIterable<TreeOutcome>;
  open(path: string, signal: AbortSignal): Promise<RemoteFile>;
  findContent(prefix: string, signal: AbortSignal): Promise<ContentsAnswer['matches']>;
  usage(path: string, signal: AbortSignal): Promise<{ readonly bytes: number; readonly inodes: number }>;
  status(signal: AbortSignal): Promise<ClusterStatus>;
  ping(signal: AbortSignal): Promise<readonly NodePing[]>;
  /** Places of the chunks of a file, page by page. */
  places(path: string, signal: AbortSignal): AsyncIterable<ChunkPlace>;
  close(): Promise<void>;
}
