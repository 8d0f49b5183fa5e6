// Reads of the state. Each call pins the state, answers from that one index and lets go; linearizability (the ReadIndex barrier) is the caller's.
// Nothing here writes. Conditions of the request are OffshoreErrors of the table: `not-found`, `not-a-directory`, `changed`, …

import type { ChunkId, Ino, LogIndex, SeederId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Sha256 } from '../../model/chunk.ts';
import type { FeedPage, LiveListing } from '../../model/feed.ts';
import type { Layout, SeederInfo } from '../../model/layout.ts';
import type { NodeInfo } from '../../model/node-info.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import type { Kv } from '../kv/kv.ts';
import type { TrimPage } from './query-feed.ts';
import type {
  ChangesPage, ChunkVerdict, ClusterFacts, CondemnableChunk, ContentMatch, DigestRequest, FileManifest, FileTarget, Listing, ManifestRange,
  PartitionDigest, SessionInfo, SliceDigest, StateHash, Totals, Usage,
} from './query-types.ts';
import * as cluster from './query-cluster.ts';
import * as data from './query-data.ts';
import * as feed from './query-feed.ts';
import * as names from './query-names.ts';
import { type PinnedView, pinnedView } from './pinned-view.ts';

export interface QueriesOptions {
  readonly group: number;
}

export class MetaQueries {
  readonly #options: QueriesOptions;
  readonly #kv: Kv;
  readonly #sha256: Sha256;

  constructor(options: QueriesOptions, deps: { readonly kv: Kv; readonly sha256: Sha256 }) {
    this.#options = options;
    this.#kv = deps.kv;
    this.#sha256 = deps.sha256;
  }

  /** Index of the newest entry whose effects a query sees now. */
  index(): Promise<LogIndex> {
    return this.#at((view) => Promise.resolve(view.index));
  }

  stat(path: string, follow: 'final-symlink' | 'never'): Promise<NodeInfo> {
    return this.#at((view) => names.stat(view, path, follow));
  }

  statIno(ino: Ino): Promise<NodeInfo> {
    return this.#at((view) => names.statIno(view, ino));
  }

  /** Entries in byte order of their names, after `after`, at most `limit`. A final symlink is followed. */
  list(path: string, page: { readonly after?: string; readonly limit: number }): Promise<Listing> {
    return this.#at((view) => names.list(view, path, page));
  }

  /** Bytes of an inline file, or pages of a chunked one. `not-a-file` for anything else. */
  manifest(target: FileTarget, range: ManifestRange): Promise<FileManifest> {
    return this.#at((view) => names.manifest(view, target, range));
  }

  /** Files in the tree whose content id starts with `prefix` (hex), in order of id; a file once per id. */
  findContent(prefix: string, limit: number): Promise<readonly ContentMatch[]> {
    return this.#at((view) => names.findContent(view, prefix, limit));
  }

  /** Undefined when the inode does not exist or is in a removed tree. */
  pathOf(ino: Ino): Promise<string | undefined> {
    return this.#at((view) => Promise.resolve(names.pathOf(view, ino)));
  }

  /** The node itself and everything below it. A final symlink is not followed. */
  usage(path: string): Promise<Usage> {
    return this.#at((view) => names.usage(view, path));
  }

  /** Storage class of a new file at `path`: set on the nearest directory above that has one, or the cluster's default. */
  policy(path: string): Promise<string> {
    return this.#at((view) => names.policy(view, path));
  }

  totals(): Promise<Totals> {
    return this.#at((view) => cluster.totals(view));
  }

  layout(): Promise<Layout> {
    return this.#at((view) => cluster.layout(view));
  }

  layoutVersion(): Promise<LogIndex> {
    return this.#at((view) => Promise.resolve(cluster.layoutVersion(view)));
  }

  seeders(): Promise<readonly SeederInfo[]> {
    return this.#at((view) => Promise.resolve(cluster.seeders(view)));
  }

  /** One row instead of all of them; undefined when no seeder ever had the number. */
  seeder(id: SeederId): Promise<SeederInfo | undefined> {
    return this.#at((view) => Promise.resolve(cluster.seeder(view, id)));
  }

  /** Undefined until the state is founded. */
  facts(): Promise<ClusterFacts | undefined> {
    return this.#at((view) => Promise.resolve(cluster.facts(view)));
  }

  /**
   * Events after `after`, whole entries only, filtered to partitions the seeder is in (`now` or `before`); at most about `limit` of them.
   * `pruned` when the feed no longer reaches back to `after`.
   */
  feed(after: LogIndex, limit: number, seeder: SeederId): Promise<FeedPage> {
    return this.#at((view) => feed.feed(view, { after, limit, seeder }));
  }

  /** Live chunks of a partition in order of id. The index differs between calls: a caller lists all pages, then follows the feed from the first's index. */
  live(request: { readonly classCode: ClassCode; readonly partition: number; readonly after?: ChunkId; readonly limit: number }): Promise<LiveListing> {
    return this.#at((view) => feed.live(view, request));
  }

  /** In the order of the requests, which share one scan of the feed. */
  partitionDigests(requests: readonly DigestRequest[]): Promise<readonly PartitionDigest[]> {
    return this.#at((view) => feed.partitionDigests(view, { requests, eventsMax: limits.feedScanEventsMax }, this.#sha256));
  }

  /** Present count and digest of each slice of a partition that has live chunks. */
  sliceDigests(classCode: ClassCode, partition: number): Promise<{ readonly index: LogIndex; readonly slices: readonly SliceDigest[] }> {
    return this.#at((view) => feed.sliceDigests(view, classCode, partition));
  }

  /** Oldest rows of the feed that `trim-feed` would accept now, at most `limit` events. */
  trimmable(limit: number): Promise<TrimPage> {
    return this.#at((view) => feed.trimmable(view, limit));
  }

  /** Changes of the namespace after `after`, whole entries only. */
  changes(after: LogIndex, limit: number): Promise<ChangesPage> {
    return this.#at((view) => cluster.changes(view, after, limit));
  }

  /** Sessions unused for their whole life, for `expire-sessions`. */
  sessionsDue(limit: number): Promise<readonly SessionInfo[]> {
    return this.#at((view) => cluster.sessionsDue(view, limit));
  }

  /** The longest unused sessions that may make room for new ones once there are too many, oldest first. */
  sessionsIdle(limit: number): Promise<readonly SessionInfo[]> {
    return this.#at((view) => cluster.sessionsIdle(view, limit));
  }

  /** Uploads past their lease or closed and not yet empty, for `expire-uploads`. */
  uploadsDue(limit: number): Promise<readonly string[]> {
    return this.#at((view) => cluster.uploadsDue(view, limit));
  }

  /** Chunks unreferenced for the grace, oldest first. `skipped` ignores the grace (`gc run --now`). */
  condemnable(limit: number, grace: 'kept' | 'skipped'): Promise<readonly CondemnableChunk[]> {
    return this.#at((view) => data.condemnable(view, limit, grace));
  }

  /** Condemnations older than the horizon, for `forget-condemned`. */
  forgettable(limit: number): Promise<readonly { readonly classCode: ClassCode; readonly chunk: ChunkId }[]> {
    return this.#at((view) => data.forgettable(view, limit));
  }

  /** What a seeder may do with chunks it wants to delete: only `condemned` ones go. */
  verdicts(classCode: ClassCode, chunks: readonly ChunkId[]): Promise<readonly ChunkVerdict[]> {
    return this.#at((view) => Promise.resolve(data.verdicts(view, classCode, chunks)));
  }

  stateHash(): Promise<StateHash> {
    return this.#at((view) => cluster.stateHash(view));
  }

  async #at<Answer>(query: (view: PinnedView) => Promise<Answer>): Promise<Answer> {
    const pin = this.#kv.pin();
    try {
      return await query(pinnedView(pin, this.#options.group));
    } finally {
      await pin.release();
    }
  }
}
