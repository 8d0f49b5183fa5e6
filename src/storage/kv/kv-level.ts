// The key-value port on LevelDB (classic-level 3): the only file that imports `level`. It owns one folder and one write queue.
// It must never acknowledge anything after a failed write: LevelDB itself would, and lose it (`raft.md` 2.3, L1).

import { Level } from 'level';
import { assert } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';
import type { Kv, KvDurability, KvEntry, KvPageLimit, KvPin, KvRange, KvWrite } from './kv.ts';
import { toReadError, toOpenError } from './level-errors.ts';
import { WriteQueue, type WriteGroup } from './write-queue.ts';

export interface LevelKvOptions {
  /** Memory for writes not yet in a table; more means fewer, larger tables. */
  readonly writeBufferSize?: number;
  /** Memory for uncompressed blocks of tables. */
  readonly cacheSize?: number;
}

/** The type of `level` leaves out what only LevelDB can do. */
type Database = Level<Uint8Array, Uint8Array> & { compactRange(start: Uint8Array, end: Uint8Array): Promise<void> };
type LevelSnapshot = ReturnType<Database['snapshot']>;

/** Above every key in use, so that compacting this range moves nothing but the memtable (L7). */
const emptyRangeKey = new Uint8Array(64).fill(0xff);
/** Deleted by every flush: the only way to hear of a failed background flush is the next write. No caller uses this key. */
const probeKey = new Uint8Array([0, 0]);

/** Throws `state-damaged` when LevelDB finds its files damaged, `busy` when another opener has the folder. */
export async function openLevelKv(folder: string, options: LevelKvOptions = {}): Promise<LevelKv> {
  const database = new Level<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    writeBufferSize: options.writeBufferSize ?? limits.kvWriteBufferBytes,
    cacheSize: options.cacheSize ?? limits.kvCacheBytes,
  }) as Database;
  try {
    await database.open();
  } catch (error) {
    throw toOpenError(error, folder);
  }
  return new LevelKv(folder, database);
}

export class LevelKv implements Kv {
  readonly #folder: string;
  readonly #database: Database;
  readonly #queue: WriteQueue;

  constructor(folder: string, database: Database) {
    this.#folder = folder;
    this.#database = database;
    this.#queue = new WriteQueue(folder, (group) => this.#writeGroup(group));
  }

  /** The failure that closed this store for writes, if there was one. Reads go on. */
  get poison(): unknown {
    return this.#queue.poison;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return getOne(this.#database, this.#folder, key, undefined);
  }

  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return getSeveral(this.#database, this.#folder, keys, undefined);
  }

  page(range: KvRange, limit: KvPageLimit): Promise<readonly KvEntry[]> {
    return readPage(this.#database, this.#folder, range, limit, undefined);
  }

  /** Waiting writes are joined: one synced batch of 64 carries five times as many as 64 synced puts (L5). */
  write(batch: readonly KvWrite[], durability: KvDurability): Promise<void> {
    return this.#queue.write(batch, durability);
  }

  pin(): KvPin {
    const snapshot = this.#database.snapshot();
    const [database, folder] = [this.#database, this.#folder];
    return {
      get: (key) => getOne(database, folder, key, snapshot),
      getMany: (keys) => getSeveral(database, folder, keys, snapshot),
      page: (range, limit) => readPage(database, folder, range, limit, snapshot),
      release: () => snapshot.close(),
    };
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** Waits for the writes under way; a write called later is refused. */
  async close(): Promise<void> {
    await this.#queue.end();
    await this.#database.close();
  }

  async #writeGroup(group: WriteGroup): Promise<void> {
    if (group.kind === 'flush') {
      await this.#database.compactRange(emptyRangeKey, emptyRangeKey);
      // compactRange answers "done" even when the table could not be written; LevelDB then refuses every later write.
      await this.#database.batch([{ type: 'del', key: probeKey }], { sync: true });
      return;
    }
    const operations = group.writes.map((write) =>
      write.kind === 'put'
        ? { type: 'put' as const, key: write.key, value: write.value }
        : { type: 'del' as const, key: write.key },
    );
    // Options cost a copy of every operation inside the library: none are passed where none are needed.
    await (group.durability === 'synced' ? this.#database.batch(operations, { sync: true }) : this.#database.batch(operations));
  }
}

function getOne(database: Database, folder: string, key: Uint8Array, snapshot: LevelSnapshot | undefined): Uint8Array | undefined {
  try {
    const value = snapshot === undefined ? database.getSync(key) : database.getSync(key, { snapshot });
    return value === undefined ? undefined : toPlainBytes(value);
  } catch (error) {
    throw toReadError(error, folder);
  }
}

async function getSeveral(
  database: Database, folder: string, keys: readonly Uint8Array[], snapshot: LevelSnapshot | undefined,
): Promise<(Uint8Array | undefined)[]> {
  try {
    const values = await (snapshot === undefined ? database.getMany([...keys]) : database.getMany([...keys], { snapshot }));
    return values.map((value) => (value === undefined ? undefined : toPlainBytes(value)));
  } catch (error) {
    throw toReadError(error, folder);
  }
}

async function readPage(
  database: Database, folder: string, range: KvRange, limit: KvPageLimit, snapshot: LevelSnapshot | undefined,
): Promise<KvEntry[]> {
  assert(limit.entries > 0 && (limit.bytes ?? 1) > 0, 'a page has room for an entry');
  const bytesMax = limit.bytes ?? Infinity;
  const iterator = database.iterator({
    ...(range.from === undefined ? {} : { gte: range.from }),
    ...(range.to === undefined ? {} : { lt: range.to }),
    ...(snapshot === undefined ? {} : { snapshot }),
    reverse: range.order === 'descending',
    fillCache: limit.entries <= limits.kvCachedPageEntriesMax,
    // LevelDB goes on until this many bytes are exceeded, hence one less than wanted.
    highWaterMarkBytes: Math.min(bytesMax, limits.kvPageStepBytes) - 1,
  });
  const entries: KvEntry[] = [];
  let bytes = 0;
  try {
    while (entries.length < limit.entries && bytes < bytesMax) {
      const step = await iterator.nextv(limit.entries - entries.length);
      if (step.length === 0) return entries;
      for (const [key, value] of step) {
        if (bytes >= bytesMax) break;
        entries.push({ key: toPlainBytes(key), value: toPlainBytes(value) });
        bytes += key.length + value.length;
      }
    }
    // An iterator steps over a block that it cannot read and tells only at its end: go there and hear it.
    iterator.seek(range.order === 'descending' ? new Uint8Array(0) : emptyRangeKey);
    while ((await iterator.nextv(1)).length > 0);
    return entries;
  } catch (error) {
    throw toReadError(error, folder);
  } finally {
    await iterator.close();
  }
}

/** LevelDB hands out Buffers, whose `slice` shares memory where that of every other Uint8Array copies. */
function toPlainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
