// The chunk store in memory, for tests and the simulator: the contract in its shortest form, and the model that the segment
// store is compared with. Nothing in it survives the process.

import { concatBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ChunkId, ClusterId, LogIndex } from '../../base/ids.ts';
import { sliceOf, slicesOf, type ChunkKey, type Sha256 } from '../../model/chunk.ts';
import type { FeedPage, InventoryReport, LiveListing } from '../../model/feed.ts';
import { addToDigest, digestSalt, digestTerm, formatDigest, zeroDigest } from '../../model/inventory-digest.ts';
import type { ChunkInfo, ChunkStore, ChunkToStore, PartitionRef, ShardOf, StoreCondition, StoreSpace } from './chunk-store.ts';
import { keyText } from './core/chunk-key-codec.ts';
import { restamped, type Mark } from './core/mark.ts';
import type { PartitionOf } from './liveness.ts';
import { blocksMatch } from './segment-reader.ts';

export interface MemoryChunkStoreOptions {
  readonly cluster: ClusterId;
  readonly totalBytes?: number;
  readonly shardOf?: ShardOf;
}

interface HeldBody {
  readonly key: ChunkKey;
  readonly body: Uint8Array;
  readonly blockCrcs: Uint32Array;
  readonly stamp: LogIndex;
  readonly mark: Mark;
  readonly verifiedMs: number;
}

interface WantedChunk {
  readonly key: ChunkKey;
  readonly bytes: number;
}

export class MemoryChunkStore implements ChunkStore {
  readonly #options: MemoryChunkStoreOptions;
  readonly #clock: Clock;
  readonly #sha256: Sha256;
  readonly #held = new Map<string, HeldBody>();
  readonly #wanted = new Map<string, WantedChunk>();
  #cursor = 0 as LogIndex;
  #condition: StoreCondition = 'open';

  constructor(options: MemoryChunkStoreOptions, deps: { readonly clock: Clock; readonly sha256: Sha256 }) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#sha256 = deps.sha256;
  }

  async put(chunks: readonly ChunkToStore[]): Promise<void> {
    this.#mustBeOpen();
    for (const { key, parts, blockCrcs, stamp } of chunks) {
      const before = this.#held.get(keyText(key));
      if (before === undefined && this.#freeBytes() < concatBytes(parts).length) {
        this.#condition = 'full';
        throw new OffshoreError('disk-full', { chunk: key.chunk });
      }
      const mark: Mark = before?.mark ?? { kind: this.#wanted.delete(keyText(key)) ? 'live' : 'fresh' };
      const kept = before ?? { key, body: concatBytes(parts).slice(), blockCrcs, stamp, mark, verifiedMs: this.#clock.wallMs() };
      this.#stamp(kept, stamp);
    }
  }

  async touch(keys: readonly ChunkKey[], stamp: LogIndex): Promise<readonly boolean[]> {
    this.#mustBeOpen();
    return keys.map((key) => {
      const held = this.#held.get(keyText(key));
      if (held === undefined) return false;
      if (!this.#isIntact(held)) {
        this.#drop(held);
        return false;
      }
      this.#stamp({ ...held, verifiedMs: this.#clock.wallMs() }, stamp);
      return true;
    });
  }

  lookup(key: ChunkKey): ChunkInfo | undefined {
    const held = this.#held.get(keyText(key));
    return held === undefined ? undefined : toInfo(held);
  }

  async read(key: ChunkKey, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array> {
    const held = this.#held.get(keyText(key));
    if (held === undefined) throw new OffshoreError('chunk-missing', { chunk: key.chunk });
    const { start, end } = range ?? { start: 0, end: held.body.length };
    if (start < 0 || start > end || end > held.body.length) throw new OffshoreError('bad-request', { chunk: key.chunk, start, end });
    if (!this.#isIntact(held)) {
      this.#drop(held);
      throw new OffshoreError('chunk-corrupt', { chunk: key.chunk });
    }
    return held.body.subarray(start, end);
  }

  cursor(): LogIndex {
    return this.#cursor;
  }

  async follow(page: FeedPage): Promise<void> {
    if (page.after !== this.#cursor || page.index < page.after) throw new OffshoreError('bad-answer', { after: page.after, cursor: this.#cursor });
    for (const { classCode, chunk, bytes, liveness, index } of page.events) {
      for (const held of this.#held.values()) {
        if (held.key.classCode !== classCode || held.key.chunk !== chunk) continue;
        const mark: Mark = liveness === 'live' ? { kind: 'live' } : { kind: 'condemned', at: index };
        this.#keep({ ...held, mark: restamped(mark, held.stamp) });
      }
      const own: ChunkKey = { classCode, chunk, shard: this.#shardOf(classCode, chunk) };
      this.#want(own, liveness === 'live' ? bytes : undefined);
    }
    this.#cursor = page.index;
  }

  async relist(listing: LiveListing & { readonly of: number }): Promise<void> {
    if (listing.index < this.#cursor) throw new OffshoreError('bad-answer', { listed: listing.index, cursor: this.#cursor });
    await this.forgetWanted(listing);
    const live = new Set(listing.chunks.map(({ chunk }) => chunk));
    for (const held of this.#inPartition(listing)) {
      const isLive = live.has(held.key.chunk);
      if (isLive !== (held.mark.kind === 'live')) this.#keep({ ...held, mark: { kind: isLive ? 'live' : 'fresh' } });
    }
    for (const { chunk, bytes } of listing.chunks) {
      this.#want({ classCode: listing.classCode, chunk, shard: this.#shardOf(listing.classCode, chunk) }, bytes);
    }
  }

  async wanted(after: ChunkKey | undefined, limit: number): Promise<readonly (ChunkKey & { readonly bytes: number })[]> {
    const rows = [...this.#wanted.values()].sort((left, right) => compareKeys(left.key, right.key));
    return rows.filter(({ key }) => after === undefined || compareKeys(key, after) > 0).slice(0, limit).map(({ key, bytes }) => ({ ...key, bytes }));
  }

  async inventory(partitions: readonly (PartitionRef & { readonly of: number; readonly shard?: number })[]): Promise<readonly InventoryReport[]> {
    const salt = digestSalt(this.#options.cluster);
    return partitions.map(({ shard = 0, ...partition }) => {
      const here = this.#inPartition(partition);
      const live = here.filter(({ key, mark }) => key.shard === shard && mark.kind === 'live');
      const digest = live.reduce((sum, { key }) => addToDigest(sum, digestTerm({ ...key, salt }, this.#sha256)), zeroDigest);
      return {
        classCode: partition.classCode, partition: partition.partition, index: this.#cursor,
        count: live.length, digest: formatDigest(digest), others: here.length - live.length,
        deletionsPending: here.filter(({ key, mark }) => key.shard === shard && mark.kind === 'condemned').length,
      };
    });
  }

  async forgetWanted(partition: PartitionOf): Promise<void> {
    for (const [text, { key }] of this.#wanted) if (isInPartition(key, partition)) this.#wanted.delete(text);
  }

  async held(partition: PartitionRef & { readonly of: number }, after: ChunkId | undefined, limit: number): Promise<readonly ChunkInfo[]> {
    const rows = this.#inPartition(partition).filter(({ key }) => after === undefined || key.chunk > after);
    return rows.sort((left, right) => compareKeys(left.key, right.key)).slice(0, limit).map(toInfo);
  }

  async quarantine(keys: readonly ChunkKey[], decidedAt: LogIndex): Promise<readonly boolean[]> {
    this.#mustBeOpen();
    return keys.map((key) => {
      const held = this.#held.get(keyText(key));
      return held !== undefined && held.stamp < decidedAt && this.#held.delete(keyText(key));
    });
  }

  async maintain(): Promise<'worked' | 'idle'> {
    if (this.#condition === 'full' && this.#freeBytes() > 0) this.#condition = 'open';
    return 'idle';
  }

  async space(): Promise<StoreSpace> {
    return { totalBytes: this.#options.totalBytes ?? Number.MAX_SAFE_INTEGER, freeBytes: this.#freeBytes(), chunkBytes: this.#chunkBytes(), chunks: this.#held.size };
  }

  condition(): StoreCondition {
    return this.#condition;
  }

  async close(): Promise<void> {
    this.#condition = 'closed';
  }

  /** Damage as a disk does it: one bit of the body changes, unnoticed. */
  flipBit(key: ChunkKey, at: number): void {
    const held = this.#held.get(keyText(key));
    if (held !== undefined) held.body[at] = (held.body[at] ?? 0) ^ 1;
  }

  #stamp(held: HeldBody, stamp: LogIndex): void {
    const later = Math.max(held.stamp, stamp) as LogIndex;
    this.#keep({ ...held, stamp: later, mark: restamped(held.mark, later) });
  }

  #keep(held: HeldBody): void {
    this.#held.set(keyText(held.key), held);
  }

  #drop(held: HeldBody): void {
    this.#held.delete(keyText(held.key));
    if (held.mark.kind === 'live') this.#wanted.set(keyText(held.key), { key: held.key, bytes: held.body.length });
  }

  #want(key: ChunkKey, bytes: number | undefined): void {
    if (bytes === undefined || this.#held.has(keyText(key))) this.#wanted.delete(keyText(key));
    else this.#wanted.set(keyText(key), { key, bytes });
  }

  #isIntact(held: HeldBody): boolean {
    return blocksMatch(held.body, held.blockCrcs);
  }

  #inPartition(partition: PartitionOf): HeldBody[] {
    return [...this.#held.values()].filter(({ key }) => isInPartition(key, partition));
  }

  #shardOf(classCode: ChunkKey['classCode'], chunk: ChunkId): number {
    return this.#options.shardOf?.(classCode, chunk) ?? 0;
  }

  #chunkBytes(): number {
    let bytes = 0;
    for (const { body } of this.#held.values()) bytes += body.length;
    return bytes;
  }

  #freeBytes(): number {
    return (this.#options.totalBytes ?? Number.MAX_SAFE_INTEGER) - this.#chunkBytes();
  }

  #mustBeOpen(): void {
    if (this.#condition === 'closed') throw new OffshoreError('store-closed');
  }
}

function isInPartition(key: ChunkKey, partition: PartitionOf): boolean {
  const { first, end } = slicesOf(partition.partition, partition.of);
  const slice = sliceOf(key.chunk);
  return key.classCode === partition.classCode && slice >= first && slice < end;
}

function compareKeys(left: ChunkKey, right: ChunkKey): number {
  if (left.classCode !== right.classCode) return left.classCode - right.classCode;
  if (left.chunk !== right.chunk) return left.chunk < right.chunk ? -1 : 1;
  return left.shard - right.shard;
}

function toInfo(held: HeldBody): ChunkInfo {
  const { key, body, blockCrcs, stamp, mark, verifiedMs } = held;
  return { key, bytes: body.length, blockCrcs, stamp, liveness: mark.kind, verifiedMs, ...(mark.kind === 'condemned' ? { condemnedAt: mark.at } : {}) };
}
