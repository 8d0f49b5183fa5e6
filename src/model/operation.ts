// What users ask the namespace to change: the operations of `POST /v1/batch`, and what comes back for each.
// The wire carries them as JSON, the log in the frozen binary form of `storage/meta/core/command-codec.ts`.
// Paths are absolute, without `.`, `..` and empty names: the client resolves those, the tracker refuses them.

import type { Brand } from '../base/brand.ts';
import type { ErrorCodeName } from '../base/error-codes.ts';
import type { ErrorDetails } from '../base/errors.ts';
import type { ContentId, Ino, LogIndex, PageId, WallMillis } from '../base/ids.ts';
import type { ManifestEntry } from './manifest.ts';

/** Random 128 bits as 32 hex digits; all batches of one shell command carry the same. */
export type OperationId = Brand<string, 'OperationId'>;

/** Precondition on the named node (for `rename` the one at `from`): nothing there, or exactly this version. Undefined: no condition. */
export type Expect = { readonly kind: 'absent' } | { readonly kind: 'version'; readonly version: LogIndex };

/** A page of a published file: carried along (one-page files), or named because it was staged before. */
export type PublishedPage =
  | { readonly kind: 'carried'; readonly entries: readonly ManifestEntry[] }
  | { readonly kind: 'staged'; readonly page: PageId };

export type FileContent =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | {
    readonly kind: 'chunked';
    readonly bytes: number;
    readonly chunkBytes: number;
    /** `copies=3`. */
    readonly storageClass: string;
    readonly contentId: ContentId;
    readonly pages: readonly PublishedPage[];
    /** Index at which the writer read the layout, before its first touch. */
    readonly stamp: LogIndex;
    /** Upload session that staged the pages; needed when any page is `staged`. */
    readonly upload?: string;
  };

export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeMs?: WallMillis;
}

export type Operation =
  /** `parents: 'make'` is `mkdir -p`: makes what is missing, an existing directory is no error. */
  | { readonly kind: 'make-directory'; readonly path: string; readonly mode: number; readonly parents: 'must-exist' | 'make' }
  /** Creates or replaces a file in one step. Follows a final symlink. `parents` as above. */
  | {
    readonly kind: 'publish'; readonly path: string; readonly content: FileContent; readonly attributes: AttributeChange;
    readonly parents: 'must-exist' | 'make'; readonly expect?: Expect;
  }
  /** Opens or renews an upload session (24 h lease); `upload` is 32 random hex digits drawn by the client. */
  | { readonly kind: 'open-upload'; readonly upload: string }
  | { readonly kind: 'stage'; readonly upload: string; readonly storageClass: string; readonly entries: readonly ManifestEntry[]; readonly stamp: LogIndex }
  | { readonly kind: 'close-upload'; readonly upload: string }
  /** POSIX rename; `replace: 'never'` refuses an existing target (`mv -n`, `mv -T` to nothing). Never follows a final symlink. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly replace: 'allowed' | 'never'; readonly expect?: Expect }
  /** Copies one file or symlink by sharing its chunks; directories are made by the client, one by one. */
  | { readonly kind: 'copy'; readonly from: string; readonly to: string; readonly replace: 'allowed' | 'never' }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** `file`: unlink of anything but a directory. `empty-directory`: rmdir. `tree`: anything, detached in one entry. */
  | { readonly kind: 'remove'; readonly path: string; readonly what: 'file' | 'empty-directory' | 'tree'; readonly expect?: Expect }
  | { readonly kind: 'set-attributes'; readonly path: string; readonly change: AttributeChange; readonly follow: 'final-symlink' | 'never'; readonly expect?: Expect }
  /** Storage class for new files below a directory; undefined inherits again. */
  | { readonly kind: 'set-policy'; readonly path: string; readonly storageClass?: string };

export type OperationKind = Operation['kind'];

/** What one operation did. `index` is where in the log; `version` what the node has now. */
export type Outcome =
  | {
    readonly ok: true; readonly index: LogIndex;
    /** The node made or changed; absent where there is none (close-upload). */
    readonly ino?: Ino; readonly version?: LogIndex; readonly contentId?: ContentId;
    /** `stage`: the name of the page. */
    readonly page?: PageId;
    /** `remove`: inodes that went. */
    readonly removed?: number;
  }
  | { readonly ok: false; readonly code: ErrorCodeName; readonly details: ErrorDetails };
