// The index of a store: which chunk is where, what the feed said about it, and the tallies of the inventory. It is derived
// data: it never holds what the segments and the feed could not give again. Only the writer's turn may commit.

import type { LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ChunkKey, Sha256 } from '../../model/chunk.ts';
import { digestTerm, type InventoryDigest } from '../../model/inventory-digest.ts';
import type { Kv, KvDurability, KvRange } from '../kv/kv.ts';
import { keyText } from './core/chunk-key-codec.ts';
import {
  chunkKeyOf, completeKey, cursorKey, decodeChunkRow, decodeNumber, decodeQuarantineRow, decodeSegmentRow, decodeSlice, encodeNumber, familyRange, keyAfter,
  quarantineKey, quarantineKeyOfSince, rowKey, sliceOfKey, slotOf, type ChunkRow, type QuarantineRow, type SegmentRow,
} from './core/index-codec.ts';
import { SliceTable } from './core/inventory.ts';
import { sameLocation, type Location } from './core/record-format.ts';
import { IndexChange } from './index-change.ts';

export interface HeldChunk {
  readonly key: ChunkKey;
  readonly row: ChunkRow;
}

/** What a change is known to look at; other rows are read when it does. */
export interface RowsToRead {
  readonly chunks?: readonly ChunkKey[];
  readonly wanted?: readonly ChunkKey[];
}

export class ChunkIndex {
  readonly slices = new SliceTable();
  readonly segments = new Map<number, SegmentRow>();
  /** Chunks found damaged whose removal is not committed yet; for good once the store is closed for writes. */
  readonly #lost = new Map<string, HeldChunk>();
  readonly #kv: Kv;
  readonly #salt: Uint8Array;
  readonly #sha256: Sha256;
  #cursor = 0 as LogIndex;

  private constructor(kv: Kv, deps: { readonly salt: Uint8Array; readonly sha256: Sha256 }) {
    this.#kv = kv;
    this.#salt = deps.salt;
    this.#sha256 = deps.sha256;
  }

  static async open(kv: Kv, deps: { readonly salt: Uint8Array; readonly sha256: Sha256 }): Promise<ChunkIndex> {
    const index = new ChunkIndex(kv, deps);
    const cursor = kv.get(cursorKey);
    if (cursor !== undefined) index.#cursor = decodeNumber(cursor) as LogIndex;
    for await (const { key, value } of index.#rows(familyRange('slice'))) index.slices.set(sliceOfKey(key), decodeSlice(value));
    for await (const { key, value } of index.#rows(familyRange('segment'))) index.segments.set(slotOf(key), decodeSegmentRow(value));
    return index;
  }

  get cursor(): LogIndex {
    return this.#cursor;
  }

  /** False for an index that was never filled, or not to the end. */
  get complete(): boolean {
    return this.#kv.get(completeKey) !== undefined;
  }

  /** Says durably that the index contains everything there is. */
  async declareComplete(): Promise<void> {
    await this.#kv.write([{ kind: 'put', key: completeKey, value: encodeNumber(indexFormat) }], 'unsynced');
    await this.#kv.flush();
  }

  /** The row of a chunk that counts as held. */
  get(key: ChunkKey): ChunkRow | undefined {
    return this.#unlessLost(key, this.#row(key));
  }

  async getMany(keys: readonly ChunkKey[]): Promise<readonly (ChunkRow | undefined)[]> {
    const values = await this.#kv.getMany(keys.map((key) => rowKey('chunk', key)));
    return keys.map((key, i) => this.#unlessLost(key, rowOf(values[i])));
  }

  isLost(key: ChunkKey, row: ChunkRow): boolean {
    const lost = this.#lost.get(keyText(key));
    return lost !== undefined && sameLocation(lost.row.at, row.at);
  }

  /** Makes a damaged chunk count as missing at once, before (and even without) its removal being written. */
  forget(chunk: HeldChunk): void {
    this.#lost.set(keyText(chunk.key), chunk);
  }

  lost(): Iterable<HeldChunk> {
    return this.#lost.values();
  }

  /** What the chunk adds to a digest. */
  term(key: ChunkKey): InventoryDigest {
    return digestTerm({ ...key, salt: this.#salt }, this.#sha256);
  }

  /** A change whose rows for `read` are there already, read off the event loop. */
  async begin(read: RowsToRead = {}): Promise<IndexChange> {
    const chunks = await this.#readMany('chunk', read.chunks ?? [], rowOf);
    const wanted = await this.#readMany('wanted', read.wanted ?? [], numberOf);
    return new IndexChange({
      chunk: (key) => (chunks.has(keyText(key)) ? chunks.get(keyText(key)) : this.#row(key)),
      wanted: (key) => (wanted.has(keyText(key)) ? wanted.get(keyText(key)) : numberOf(this.#kv.get(rowKey('wanted', key)))),
      slice: (ref) => this.slices.get(ref),
      segment: (slot) => this.segments.get(slot),
      term: (key) => this.term(key),
    });
  }

  async commit(change: IndexChange, durability: KvDurability): Promise<void> {
    const writes = change.writes();
    if (writes.length > 0) await this.#kv.write(writes, durability);
    for (const { name, value } of change.slices.values()) if (value !== undefined) this.slices.set(name, value);
    for (const [slot, row] of change.segments) {
      if (row === undefined) this.segments.delete(slot);
      else this.segments.set(slot, row);
    }
    for (const [text, { value }] of change.chunks) {
      const lost = this.#lost.get(text);
      if (lost !== undefined && (value === undefined || !sameLocation(value.at, lost.row.at))) this.#lost.delete(text);
    }
    this.#cursor = change.cursor ?? this.#cursor;
  }

  /** One page of held chunks of the range, in order of key. */
  async heldPage(range: KvRange, after: ChunkKey | undefined, entries: number): Promise<readonly HeldChunk[]> {
    const from = after === undefined ? range.from : keyAfter(rowKey('chunk', after));
    const page = await this.#kv.page({ ...range, ...(from === undefined ? {} : { from }) }, { entries });
    return page.map(({ key, value }) => ({ key: chunkKeyOf(key), row: decodeChunkRow(value) }));
  }

  async wantedPage(range: KvRange, after: ChunkKey | undefined, entries: number): Promise<readonly (ChunkKey & { readonly bytes: number })[]> {
    const from = after === undefined ? range.from : keyAfter(rowKey('wanted', after));
    const page = await this.#kv.page({ ...range, ...(from === undefined ? {} : { from }) }, { entries });
    return page.map(({ key, value }) => ({ ...chunkKeyOf(key), bytes: decodeNumber(value) }));
  }

  /** The chunks quarantined longest. */
  async oldestQuarantined(entries: number): Promise<readonly QuarantineRow[]> {
    const page = await this.#kv.page(familyRange('since'), { entries });
    const values = await this.#kv.getMany(page.map(({ key }) => quarantineKeyOfSince(key)));
    return values.flatMap((value) => (value === undefined ? [] : [decodeQuarantineRow(value)]));
  }

  async quarantinePage(after: Location | undefined, entries: number): Promise<readonly QuarantineRow[]> {
    const range = familyRange('quarantine');
    const from = after === undefined ? range.from : keyAfter(quarantineKey(after));
    return (await this.#kv.page({ ...range, from }, { entries })).map(({ value }) => decodeQuarantineRow(value));
  }

  flush(): Promise<void> {
    return this.#kv.flush();
  }

  close(): Promise<void> {
    return this.#kv.close();
  }

  #row(key: ChunkKey): ChunkRow | undefined {
    return rowOf(this.#kv.get(rowKey('chunk', key)));
  }

  #unlessLost(key: ChunkKey, row: ChunkRow | undefined): ChunkRow | undefined {
    return row !== undefined && this.isLost(key, row) ? undefined : row;
  }

  async #readMany<Value>(family: 'chunk' | 'wanted', keys: readonly ChunkKey[], decode: (value: Uint8Array | undefined) => Value | undefined): Promise<ReadonlyMap<string, Value | undefined>> {
    if (keys.length === 0) return new Map();
    const values = await this.#kv.getMany(keys.map((key) => rowKey(family, key)));
    return new Map(keys.map((key, i) => [keyText(key), decode(values[i])]));
  }

  async *#rows(range: { readonly from: Uint8Array; readonly to: Uint8Array }): AsyncGenerator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    let from = range.from;
    for (;;) {
      const page = await this.#kv.page({ from, to: range.to }, { entries: limits.indexBatchRows });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < limits.indexBatchRows) return;
      from = keyAfter(last.key);
    }
  }
}

const indexFormat = 1;

function rowOf(value: Uint8Array | undefined): ChunkRow | undefined {
  return value === undefined ? undefined : decodeChunkRow(value);
}

function numberOf(value: Uint8Array | undefined): number | undefined {
  return value === undefined ? undefined : decodeNumber(value);
}
