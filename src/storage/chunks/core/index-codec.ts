// Keys and values of the chunk index. The index is derived from the segments and the feed, so a value that does not decode
// means a damaged index, to be rebuilt; it is never repaired in place.

import { assert, unreachable } from '../../../base/assert.ts';
import { afterPrefix, emptyBytes } from '../../../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { LogIndex } from '../../../base/ids.ts';
import type { ChunkKey } from '../../../model/chunk.ts';
import { digestBytes, digestFromBytes, digestToBytes } from '../../../model/inventory-digest.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { prefixedKey, readChunkKey, writeChunkKey } from './chunk-key-codec.ts';
import type { SliceRef, SliceTally } from './inventory.ts';
import type { Mark } from './mark.ts';
import { blocksOf, readLocation, writeLocation, type Location } from './record-format.ts';

export interface ChunkRow {
  readonly at: Location;
  /** Bytes from the record's start to the body. */
  readonly headBytes: number;
  readonly bytes: number;
  readonly stamp: LogIndex;
  /** Slot whose stamp record carries `stamp`; undefined when the put record itself does. */
  readonly stampSlot: number | undefined;
  readonly mark: Mark;
  readonly verifiedMs: number;
  readonly blockCrcs: Uint32Array;
}

export interface QuarantineRow {
  readonly key: ChunkKey;
  readonly at: Location;
  readonly headBytes: number;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly decidedAt: LogIndex;
}

/** A segment in use. Rows point into it only up to `tail`. */
export interface SegmentRow {
  /** Generation and offset of the last record that the index contains: where replay goes on. */
  readonly generation: number;
  readonly lastOffset: number;
  readonly tail: number;
  /** Bytes of records and stamps that held chunks need. */
  readonly heldBytes: number;
  readonly quarantinedBytes: number;
}

const prefixes = { chunk: 0x63, wanted: 0x77, quarantine: 0x71, since: 0x74, slice: 0x73, segment: 0x67, meta: 0x6d } as const;
export type RowFamily = keyof typeof prefixes;

/** All keys of one family. */
export function familyRange(family: RowFamily): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const prefix = prefixes[family];
  return { from: Uint8Array.of(prefix), to: Uint8Array.of(prefix + 1) };
}

export function rowKey(family: 'chunk' | 'wanted', key: ChunkKey): Uint8Array {
  return prefixedKey(prefixes[family], key);
}

/** Rows of the slices [first, end) of a class. */
export function slicesRange(family: 'chunk' | 'wanted', slices: { readonly classCode: ClassCode; readonly first: number; readonly end: number }): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const bound = (slice: number): Uint8Array => new ByteWriter(5).u8(prefixes[family]).u16(slices.classCode).u16(slice).finish();
  const last = afterPrefix(bound(slices.end - 1));
  assert(last !== undefined, 'a key never starts with 0xff');
  return { from: bound(slices.first), to: last };
}

/** The smallest key after `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

export function chunkKeyOf(rowKeyBytes: Uint8Array): ChunkKey {
  return readChunkKey(new ByteReader(rowKeyBytes.subarray(1)));
}

export function quarantineKey(at: Location): Uint8Array {
  return new ByteWriter(17).u8(prefixes.quarantine).u32(at.slot).u64(at.generation).u32(at.offset).finish();
}

/** Orders quarantined chunks by age; the value is empty. */
export function sinceKey(row: QuarantineRow): Uint8Array {
  return new ByteWriter(25).u8(prefixes.since).u64(row.sinceMs).u32(row.at.slot).u64(row.at.generation).u32(row.at.offset).finish();
}

export function quarantineKeyOfSince(key: Uint8Array): Uint8Array {
  const found = new Uint8Array(17);
  found[0] = prefixes.quarantine;
  found.set(key.subarray(9), 1);
  return found;
}

export function segmentKey(slot: number): Uint8Array {
  return new ByteWriter(5).u8(prefixes.segment).u32(slot).finish();
}

export function slotOf(key: Uint8Array): number {
  return new ByteReader(key.subarray(1)).u32();
}

export function sliceKey(ref: SliceRef): Uint8Array {
  return new ByteWriter(6).u8(prefixes.slice).u16(ref.classCode).u8(ref.shard).u16(ref.slice).finish();
}

export function sliceOfKey(key: Uint8Array): SliceRef {
  const reader = new ByteReader(key.subarray(1));
  return { classCode: reader.u16() as ClassCode, shard: reader.u8(), slice: reader.u16() };
}

/** There once the index has everything; an index without it is empty, or an unfinished rebuild. */
export const completeKey: Uint8Array = Uint8Array.of(prefixes.meta, 0x66);
export const cursorKey: Uint8Array = Uint8Array.of(prefixes.meta, 0x63);
export const noBytes: Uint8Array = emptyBytes;

export function encodeChunkRow(row: ChunkRow): Uint8Array {
  const writer = new ByteWriter(64 + row.blockCrcs.length * 4);
  writeMark(writer, row.mark);
  writeLocation(writer, row.at).varint(row.headBytes).varint(row.bytes).varint(row.stamp)
    .varint(row.stampSlot === undefined ? 0 : row.stampSlot + 1).varint(row.verifiedMs);
  for (const crc of row.blockCrcs) writer.u32(crc);
  return writer.finish();
}

export function decodeChunkRow(bytes: Uint8Array): ChunkRow {
  return decoded(bytes, (reader) => {
    const mark = readMark(reader);
    const at = readLocation(reader);
    const headBytes = reader.varint();
    const length = reader.varint();
    const stamp = reader.varint() as LogIndex;
    const stampSlot = reader.varint();
    const verifiedMs = reader.varint();
    const blockCrcs = Uint32Array.from({ length: blocksOf(length) }, () => reader.u32());
    return { at, headBytes, bytes: length, stamp, stampSlot: stampSlot === 0 ? undefined : stampSlot - 1, mark, verifiedMs, blockCrcs };
  });
}

function writeMark(writer: ByteWriter, mark: Mark): void {
  switch (mark.kind) {
    case 'fresh': writer.u8(0); return;
    case 'live': writer.u8(1); return;
    case 'condemned': writer.u8(2).varint(mark.at); return;
    default: unreachable(mark);
  }
}

function readMark(reader: ByteReader): Mark {
  const tag = reader.u8();
  if (tag === 0) return { kind: 'fresh' };
  if (tag === 1) return { kind: 'live' };
  if (tag === 2) return { kind: 'condemned', at: reader.varint() as LogIndex };
  throw new DecodeError('mark is unknown');
}

export function encodeQuarantineRow(row: QuarantineRow): Uint8Array {
  return writeLocation(writeChunkKey(new ByteWriter(80), row.key), row.at)
    .varint(row.headBytes).varint(row.bytes).varint(row.sinceMs).varint(row.decidedAt).finish();
}

export function decodeQuarantineRow(bytes: Uint8Array): QuarantineRow {
  return decoded(bytes, (reader) => ({
    key: readChunkKey(reader), at: readLocation(reader), headBytes: reader.varint(), bytes: reader.varint(),
    sinceMs: reader.varint(), decidedAt: reader.varint() as LogIndex,
  }));
}

export function encodeSegmentRow(row: SegmentRow): Uint8Array {
  return new ByteWriter(32).varint(row.generation).varint(row.lastOffset).varint(row.tail).varint(row.heldBytes).varint(row.quarantinedBytes).finish();
}

export function decodeSegmentRow(bytes: Uint8Array): SegmentRow {
  return decoded(bytes, (reader) => ({
    generation: reader.varint(), lastOffset: reader.varint(), tail: reader.varint(), heldBytes: reader.varint(), quarantinedBytes: reader.varint(),
  }));
}

export function encodeSlice(tally: SliceTally): Uint8Array {
  return new ByteWriter(40).varint(tally.live).varint(tally.fresh).varint(tally.condemned).varint(tally.bytes).raw(digestToBytes(tally.digest)).finish();
}

export function decodeSlice(bytes: Uint8Array): SliceTally {
  return decoded(bytes, (reader) => ({
    live: reader.varint(), fresh: reader.varint(), condemned: reader.varint(), bytes: reader.varint(),
    digest: digestFromBytes(reader.raw(digestBytes)),
  }));
}

export function encodeNumber(value: number): Uint8Array {
  return new ByteWriter(8).varint(value).finish();
}

export function decodeNumber(bytes: Uint8Array): number {
  return decoded(bytes, (reader) => reader.varint());
}

function decoded<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof DecodeError) throw new OffshoreError('state-damaged', { part: 'chunk index' }, { cause: error });
    throw error;
  }
}
