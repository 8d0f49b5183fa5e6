// Port: an ordered key-value store on one folder, with atomic batches and consistent views.
// Implementations: kv-level (LevelDB), kv-memory (tests, simulator), kv-guarded (decorator: checksums and chained batches).
// Any failed write poisons the store: it refuses everything afterwards (`architecture.md` S7).

export interface KvEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export type KvWrite =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array };

/** Keys with `from` <= key < `to`; an absent bound is open. */
export interface KvRange {
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
  readonly order?: 'ascending' | 'descending';
}

/** Bounds of one page of a scan; the page ends at whichever comes first. */
export interface KvPageLimit {
  readonly entries: number;
  readonly bytes?: number;
}

/** Reads of the present state, or of a pinned one. Nothing returned may be changed by the caller. */
export interface KvReader {
  /** Synchronous: microseconds when the block is cached. */
  get(key: Uint8Array): Uint8Array | undefined;
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** At most one page of entries of the range, in order. Ask again from after the last key for the next. */
  page(range: KvRange, limit: KvPageLimit): Promise<readonly KvEntry[]>;
}

export interface KvPin extends KvReader {
  release(): Promise<void>;
}

/** `synced`: durable when the promise resolves. `unsynced`: durable after the next `flush` at the latest. */
export type KvDurability = 'synced' | 'unsynced';

export interface Kv extends KvReader {
  /** All or nothing. Later writes of one batch win over earlier ones. The batch must not be changed before the promise settles. */
  write(batch: readonly KvWrite[], durability: KvDurability): Promise<void>;
  /** A consistent view of now; taken synchronously. Must be released. */
  pin(): KvPin;
  /** Makes every earlier write durable (`raft.md` 2.3, L7). */
  flush(): Promise<void>;
  /** After it nothing else may be called. */
  close(): Promise<void>;
}

/** Opens (and creates) the store of a folder; one opener per folder at a time. */
export type OpenKv = (folder: string) => Promise<Kv>;
