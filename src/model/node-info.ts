// What a reader learns about one node of the namespace.

import type { ContentId, Ino, LogIndex, WallMillis } from '../base/ids.ts';

export type NodeKind = 'file' | 'directory' | 'symlink';

export interface Attributes {
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: WallMillis;
}

export interface NodeInfo extends Attributes {
  readonly ino: Ino;
  readonly kind: NodeKind;
  /** Index of the entry that wrote this version; what `expect` compares. */
  readonly version: LogIndex;
  /** Bytes of a file, length of a symlink's target, 0 for a directory. */
  readonly bytes: number;
  readonly ctimeMs: WallMillis;
  readonly links: number;
  readonly contentId?: ContentId;
  /** `copies=3`: class of a file's version, or the policy set on a directory itself (absent: inherited). */
  readonly storageClass?: string;
  readonly target?: string;
  /** Directories: number of entries, and bytes and inodes of everything below. */
  readonly children?: number;
  readonly treeBytes?: number;
  readonly treeInodes?: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly node: NodeInfo;
}
