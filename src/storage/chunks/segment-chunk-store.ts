// A seeder's chunks on one disk: the facade over segments, index, writer and reader (DESIGN.md tells how they fit together).
// It acknowledges nothing before it is durable, hands out no byte that fails its checksum, and writes nothing after a failed write.

import { assert } from '../../base/assert.ts';
import { totalBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { ChunkId, LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { slicesOf, type ChunkKey, type Sha256 } from '../../model/chunk.ts';
import type { FeedPage, InventoryReport, LiveListing } from '../../model/feed.ts';
import { digestSalt } from '../../model/inventory-digest.ts';
import type { FileIo } from '../file-io.ts';
import type { OpenKv } from '../kv/kv.ts';
import { ChunkIndex, type HeldChunk } from './chunk-index.ts';
import { ChunkReads } from './chunk-reads.ts';
import type { ChunkInfo, ChunkStore, ChunkToStore, PartitionRef, ShardOf, StoreCondition, StoreSpace } from './chunk-store.ts';
import { dropTask, needsVerifying, putTask, quarantineTask, touchTask } from './chunk-tasks.ts';
import { Compactor } from './compactor.ts';
import { chunkKeyBytes } from './core/chunk-key-codec.ts';
import { familyRange, slicesRange } from './core/index-codec.ts';
import { blocksOf } from './core/record-format.ts';
import { floorBytesFor, segmentBytesFor } from './core/segment-plan.ts';
import { IndexFolder } from './index-folder.ts';
import { inventoryOf } from './inventory-report.ts';
import { applyListing, dropWanted, followFeed } from './liveness.ts';
import { emptyQuarantine } from './quarantine.ts';
import { recover, type RecoveryReport } from './recovery.ts';
import { SegmentPool } from './segment-pool.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';
import { claimFolder, tagOf, type StoreIdentity } from './store-identity.ts';

export interface SegmentChunkStoreOptions extends StoreIdentity {
  readonly folder: string;
  /** Chosen by the size of the disk when absent. */
  readonly segmentBytes?: number;
  /** Bytes of the disk left to others; chosen by its size when absent. */
  readonly floorBytes?: number;
  readonly shardOf?: ShardOf;
}

export interface SegmentChunkStoreDeps {
  readonly io: FileIo;
  readonly clock: Clock;
  readonly sha256: Sha256;
  /** Opens the index, guarded: `state-damaged` makes it be rebuilt from the segments. */
  readonly openIndex: OpenKv;
}

interface Parts {
  readonly index: ChunkIndex;
  readonly pool: SegmentPool;
  readonly reader: SegmentReader;
  readonly writer: SegmentWriter;
  readonly compactor: Compactor;
  readonly reads: ChunkReads;
}

export async function openSegmentChunkStore(options: SegmentChunkStoreOptions, deps: SegmentChunkStoreDeps): Promise<SegmentChunkStore> {
  const { folder } = options;
  const { io, clock } = deps;
  await claimFolder(folder, options, io);
  const disk = await io.space(folder);
  const tag = tagOf(options);
  const segmentBytes = options.segmentBytes ?? segmentBytesFor(disk.totalBytes);
  const indexFolder = new IndexFolder({ folder }, deps);
  const salt = digestSalt(options.cluster);
  const opened = await indexFolder.open((kv) => ChunkIndex.open(kv, { salt, sha256: deps.sha256 }));
  const { index } = opened;
  const reader = new SegmentReader({ folder }, { io });
  const found = await recover({ folder, tag, segmentBytes }, { io, reader, index }, opened.state);
  if (opened.state === 'new') {
    await index.declareComplete();
    await indexFolder.settle();
  }
  const pool = new SegmentPool({ folder, segmentBytes, floorBytes: options.floorBytes ?? floorBytesFor(disk.totalBytes), tag }, found.files, { io });
  await pool.refresh();
  const writer = new SegmentWriter({ folder, tag }, { io, index, pool, condemnIndex: () => indexFolder.condemn() });
  if (found.active !== undefined) await writer.resume(found.active);
  const compactor = new Compactor({ tag }, { index, pool, reader, writer, clock });
  const reads = new ChunkReads({ index, reader, writer, clock, sha256: deps.sha256 });
  const store = new SegmentChunkStore({ ...options, segmentBytes }, { clock }, { index, pool, reader, writer, compactor, reads }, found.report);
  await store.start();
  return store;
}

export class SegmentChunkStore implements ChunkStore {
  /** What start-up found; for the log. */
  readonly recovered: RecoveryReport;
  readonly #options: SegmentChunkStoreOptions & { readonly segmentBytes: number };
  readonly #clock: Clock;
  readonly #parts: Parts;

  constructor(options: SegmentChunkStoreOptions & { readonly segmentBytes: number }, deps: { readonly clock: Clock }, parts: Parts, recovered: RecoveryReport) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#parts = parts;
    this.recovered = recovered;
  }

  /** Once, before it serves. */
  async start(): Promise<void> {
    const { writer, compactor } = this.#parts;
    await compactor.recycleEmpty();
    const { damaged } = this.recovered;
    for (let at = 0; at < damaged.length; at += limits.indexBatchRows) {
      await writer.submit(dropTask(damaged.slice(at, at + limits.indexBatchRows))).catch((error: unknown) => {
        // Only a rebuilt index would miss this record; a full store starts all the same.
        if (!isOffshoreError(error, 'disk-full')) throw error;
      });
    }
    writer.stockUp();
  }

  async put(chunks: readonly ChunkToStore[]): Promise<void> {
    for (const chunk of chunks) this.#mustBeStorable(chunk);
    const { index, writer } = this.#parts;
    const wallMs = this.#clock.wallMs();
    writer.mustHaveRoom(chunks.reduce((sum, { parts }) => sum + totalBytes(parts) + chunkKeyBytes * 8, 0));
    await Promise.all(chunks.map((chunk) => writer.submit(putTask(index, chunk, wallMs))));
  }

  async touch(keys: readonly ChunkKey[], stamp: LogIndex): Promise<readonly boolean[]> {
    if (keys.length > limits.touchChunksMax) throw new OffshoreError('bad-request', { chunks: keys.length, max: limits.touchChunksMax });
    const { index, writer, reads } = this.#parts;
    writer.mustBeOpen();
    const wallMs = this.#clock.wallMs();
    const rows = await index.getMany(keys);
    const doubtful = keys.flatMap((key, i) => {
      const row = rows[i];
      return row !== undefined && needsVerifying(row, wallMs) ? [{ key, row }] : [];
    });
    const verified = await reads.verify(doubtful);
    return writer.submit(touchTask(index, { keys, stamp, verified, wallMs }));
  }

  lookup(key: ChunkKey): ChunkInfo | undefined {
    const row = this.#parts.index.get(key);
    return row === undefined ? undefined : toInfo({ key, row });
  }

  read(key: ChunkKey, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array> {
    return this.#parts.reads.read(key, range);
  }

  cursor(): LogIndex {
    return this.#parts.index.cursor;
  }

  follow(page: FeedPage): Promise<void> {
    const { index, writer } = this.#parts;
    return writer.alone(page.events.length * chunkKeyBytes * 4, () => followFeed(index, page, this.#shardOf));
  }

  relist(listing: LiveListing & { readonly of: number }): Promise<void> {
    assert(listing.next === undefined, 'a listing is applied when it is complete');
    const { index, writer } = this.#parts;
    return writer.alone(0, () => applyListing(index, listing, this.#shardOf));
  }

  wanted(after: ChunkKey | undefined, limit: number): Promise<readonly (ChunkKey & { readonly bytes: number })[]> {
    return this.#parts.index.wantedPage(familyRange('wanted'), after, limit);
  }

  async inventory(partitions: readonly (PartitionRef & { readonly of: number; readonly shard?: number })[]): Promise<readonly InventoryReport[]> {
    return partitions.map((partition) => inventoryOf(this.#parts.index, partition));
  }

  forgetWanted(partition: PartitionRef & { readonly of: number }): Promise<void> {
    const { index, writer } = this.#parts;
    return writer.alone(0, () => dropWanted(index, partition));
  }

  async held(partition: PartitionRef & { readonly of: number }, after: ChunkId | undefined, limit: number): Promise<readonly ChunkInfo[]> {
    const { index } = this.#parts;
    const { classCode } = partition;
    const range = slicesRange('chunk', { classCode, ...slicesOf(partition.partition, partition.of) });
    // Pages end between chunks: all shards of `after` were in the page before.
    const page = await index.heldPage(range, after === undefined ? undefined : { classCode, chunk: after, shard: 255 }, limit);
    return page.filter(({ key, row }) => !index.isLost(key, row)).map(toInfo);
  }

  quarantine(keys: readonly ChunkKey[], decidedAt: LogIndex): Promise<readonly boolean[]> {
    if (keys.length > limits.touchChunksMax) throw new OffshoreError('bad-request', { chunks: keys.length, max: limits.touchChunksMax });
    return this.#parts.writer.submit(quarantineTask({ keys, decidedAt, wallMs: this.#clock.wallMs() }));
  }

  async maintain(): Promise<'worked' | 'idle'> {
    const { index, pool, writer, compactor, reads } = this.#parts;
    if (writer.state !== 'open') return 'idle';
    const wallMs = this.#clock.wallMs();
    const pressure = this.condition() === 'full' ? 'full' : 'none';
    const emptied = await writer.alone(0, async () => {
      await reads.writeNotes();
      return emptyQuarantine(index, wallMs, pressure);
    });
    const recycled = await compactor.recycleEmpty();
    const compacted = await compactor.step();
    await writer.alone(0, () => pool.shrink());
    writer.stockUp();
    return emptied > 0 || recycled > 0 || compacted ? 'worked' : 'idle';
  }

  async space(): Promise<StoreSpace> {
    const { index, pool, writer } = this.#parts;
    await pool.refresh();
    const { chunks, bytes } = index.slices.totals();
    return { totalBytes: pool.diskBytes, freeBytes: pool.spareBytes + (pool.putsAllowed ? writer.roomBytes : 0), chunkBytes: bytes, chunks };
  }

  condition(): StoreCondition {
    const { pool, writer } = this.#parts;
    if (writer.state !== 'open') return 'closed';
    const roomForAny = writer.roomBytes >= limits.chunkBytesMax + limits.blockBytes || pool.spareBytes > 0;
    return pool.putsAllowed && roomForAny ? 'open' : 'full';
  }

  async close(): Promise<void> {
    const { index, reader, writer } = this.#parts;
    await writer.close();
    await reader.close();
    await index.close();
  }

  readonly #shardOf: ShardOf = (classCode, chunk) => this.#options.shardOf?.(classCode, chunk) ?? 0;

  #mustBeStorable(chunk: ChunkToStore): void {
    const bytes = totalBytes(chunk.parts);
    const bytesMax = Math.min(limits.chunkBytesMax, Math.floor(this.#options.segmentBytes / 2));
    if (bytes > bytesMax || chunk.blockCrcs.length !== blocksOf(bytes)) throw new OffshoreError('bad-request', { chunk: chunk.key.chunk, bytes });
  }
}

function toInfo({ key, row }: HeldChunk): ChunkInfo {
  const { bytes, blockCrcs, stamp, mark, verifiedMs } = row;
  return { key, bytes, blockCrcs, stamp, liveness: mark.kind, verifiedMs, ...(mark.kind === 'condemned' ? { condemnedAt: mark.at } : {}) };
}
