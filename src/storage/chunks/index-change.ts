// One change of the chunk index: rows, and the tallies that follow from them, gathered and then written as one batch.
// Decisions of a write group read through it, so each sees what the ones before it in the group did.

import type { LogIndex } from '../../base/ids.ts';
import type { ChunkKey } from '../../model/chunk.ts';
import type { InventoryDigest } from '../../model/inventory-digest.ts';
import type { KvWrite } from '../kv/kv.ts';
import { chunkKeyBytes, keyText } from './core/chunk-key-codec.ts';
import {
  cursorKey, encodeChunkRow, encodeNumber, encodeQuarantineRow, encodeSegmentRow, encodeSlice, noBytes, quarantineKey, rowKey,
  segmentKey, sinceKey, sliceKey, type ChunkRow, type QuarantineRow, type SegmentRow,
} from './core/index-codec.ts';
import { changeTally, isEmptyTally, sliceRefOf, type SliceRef, type SliceTally } from './core/inventory.ts';
import { headerBytes, locationText, recordBytes, type Location } from './core/record-format.ts';

/** What is committed. */
export interface IndexView {
  chunk(key: ChunkKey): ChunkRow | undefined;
  /** Bytes of a live chunk that is not held. */
  wanted(key: ChunkKey): number | undefined;
  slice(ref: SliceRef): SliceTally;
  segment(slot: number): SegmentRow | undefined;
  term(key: ChunkKey): InventoryDigest;
}

interface Changed<Name, Value> {
  readonly name: Name;
  readonly value: Value | undefined;
}

/** What a chunk's latest stamp takes in a segment when it is not in the chunk's own record. */
const stampBytes = chunkKeyBytes + 5;

export class IndexChange {
  readonly slices = new Map<string, Changed<SliceRef, SliceTally>>();
  readonly segments = new Map<number, SegmentRow | undefined>();
  readonly chunks = new Map<string, Changed<ChunkKey, ChunkRow>>();
  readonly #view: IndexView;
  readonly #wanted = new Map<string, Changed<ChunkKey, number>>();
  readonly #quarantine = new Map<string, Changed<QuarantineRow, QuarantineRow>>();
  #cursor: LogIndex | undefined;

  constructor(view: IndexView) {
    this.#view = view;
  }

  get cursor(): LogIndex | undefined {
    return this.#cursor;
  }

  /** Rows touched so far; long upkeep cuts its batches by it. */
  get rows(): number {
    return this.chunks.size + this.#wanted.size + this.#quarantine.size;
  }

  chunk(key: ChunkKey): ChunkRow | undefined {
    const changed = this.chunks.get(keyText(key));
    return changed === undefined ? this.#view.chunk(key) : changed.value;
  }

  setChunk(key: ChunkKey, after: ChunkRow | undefined): void {
    const before = this.chunk(key);
    if (before === undefined && after === undefined) return;
    if (before?.mark.kind !== after?.mark.kind || before?.bytes !== after?.bytes) this.#recount(key, { before, after });
    if (before !== undefined) this.#useOf(before, -1);
    if (after !== undefined) this.#useOf(after, 1);
    this.chunks.set(keyText(key), { name: key, value: after });
  }

  wanted(key: ChunkKey): number | undefined {
    const changed = this.#wanted.get(keyText(key));
    return changed === undefined ? this.#view.wanted(key) : changed.value;
  }

  setWanted(key: ChunkKey, bytes: number | undefined): void {
    if (this.wanted(key) !== bytes) this.#wanted.set(keyText(key), { name: key, value: bytes });
  }

  addQuarantine(row: QuarantineRow): void {
    this.#quarantine.set(locationText(row.at), { name: row, value: row });
    this.#use(row.at.slot, { held: 0, quarantined: bytesInSegment(row) });
  }

  removeQuarantine(row: QuarantineRow): void {
    this.#quarantine.set(locationText(row.at), { name: row, value: undefined });
    this.#use(row.at.slot, { held: 0, quarantined: -bytesInSegment(row) });
  }

  segment(slot: number): SegmentRow | undefined {
    return this.segments.has(slot) ? this.segments.get(slot) : this.#view.segment(slot);
  }

  /** The segment contains a record from `at` to `end` now. */
  growSegment(at: Location, end: number): void {
    const before = this.segment(at.slot) ?? { heldBytes: 0, quarantinedBytes: 0 };
    this.segments.set(at.slot, { ...before, generation: at.generation, lastOffset: at.offset, tail: end });
  }

  setSegment(slot: number, row: SegmentRow | undefined): void {
    this.segments.set(slot, row);
  }

  setCursor(cursor: LogIndex): void {
    this.#cursor = cursor;
  }

  writes(): KvWrite[] {
    const writes: KvWrite[] = [];
    const add = (key: Uint8Array, value: Uint8Array | undefined): void => {
      writes.push(value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value });
    };
    for (const { name, value } of this.chunks.values()) add(rowKey('chunk', name), value && encodeChunkRow(value));
    for (const { name, value } of this.#wanted.values()) add(rowKey('wanted', name), value === undefined ? undefined : encodeNumber(value));
    for (const { name, value } of this.#quarantine.values()) {
      add(quarantineKey(name.at), value && encodeQuarantineRow(value));
      add(sinceKey(name), value && noBytes);
    }
    for (const { name, value } of this.slices.values()) add(sliceKey(name), value === undefined || isEmptyTally(value) ? undefined : encodeSlice(value));
    for (const [slot, row] of this.segments) add(segmentKey(slot), row && encodeSegmentRow(row));
    if (this.#cursor !== undefined) add(cursorKey, encodeNumber(this.#cursor));
    return writes;
  }

  #recount(key: ChunkKey, chunk: { readonly before: ChunkRow | undefined; readonly after: ChunkRow | undefined }): void {
    const ref = sliceRefOf(key);
    const name = `${ref.classCode}/${ref.shard}/${ref.slice}`;
    const tally = this.slices.get(name)?.value ?? this.#view.slice(ref);
    this.slices.set(name, { name: ref, value: changeTally(tally, chunk, () => this.#view.term(key)) });
  }

  #useOf(row: ChunkRow, sign: 1 | -1): void {
    this.#use(row.at.slot, { held: sign * bytesInSegment(row), quarantined: 0 });
    if (row.stampSlot !== undefined) this.#use(row.stampSlot, { held: sign * stampBytes, quarantined: 0 });
  }

  #use(slot: number, change: { readonly held: number; readonly quarantined: number }): void {
    const row = this.segment(slot);
    // A segment that was lost has no row any more; what pointed into it is dropped without it.
    if (row === undefined) return;
    this.segments.set(slot, {
      ...row,
      heldBytes: Math.max(0, row.heldBytes + change.held),
      quarantinedBytes: Math.max(0, row.quarantinedBytes + change.quarantined),
    });
  }
}

function bytesInSegment(row: { readonly headBytes: number; readonly bytes: number }): number {
  return recordBytes({ metaBytes: row.headBytes - headerBytes, bodyBytes: row.bytes });
}
