// The frames of the segment log: a 48-byte header that names its own place, metadata, body, padding (DESIGN.md has the tables).
// A header is believed only where it says it is: remains of a recycled segment and copies inside chunk bodies are told apart.

import { assert, unreachable } from '../../../base/assert.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import { crc32c } from '../../../base/crc32c.ts';
import type { LogIndex } from '../../../base/ids.ts';
import { limits, MiB } from '../../../base/limits.ts';
import type { ChunkKey } from '../../../model/chunk.ts';
import { chunkKeyBytes, readChunkKey, writeChunkKey } from './chunk-key-codec.ts';

/** Where a record starts. `generation` tells it from others that were there before. */
export interface Location {
  readonly slot: number;
  readonly generation: number;
  readonly offset: number;
}

export interface PlacedChunk {
  readonly key: ChunkKey;
  readonly at: Location;
}

export interface PutRecord {
  readonly kind: 'put';
  readonly key: ChunkKey;
  readonly stamp: LogIndex;
  /** When every byte was last checked. */
  readonly wallMs: number;
  readonly bytes: number;
  readonly blockCrcs: Uint32Array;
}

export type SegmentRecord =
  /** First in every segment: whatever is in the file with a lower generation is dead. */
  | { readonly kind: 'begin'; readonly segmentBytes: number }
  | PutRecord
  | { readonly kind: 'stamp'; readonly stamps: readonly { readonly key: ChunkKey; readonly stamp: LogIndex }[] }
  /** The named records are deleted and kept for a day; a put elsewhere of the same chunk is not meant. */
  | { readonly kind: 'quarantine'; readonly decidedAt: LogIndex; readonly wallMs: number; readonly chunks: readonly PlacedChunk[] }
  /** The bytes of the named records are damaged. */
  | { readonly kind: 'drop'; readonly chunks: readonly PlacedChunk[] };

export interface RecordHeader {
  readonly kind: SegmentRecord['kind'];
  readonly at: Location;
  readonly metaBytes: number;
  readonly bodyBytes: number;
  readonly metaCrc: number;
}

export const headerBytes = 48;
export const recordAlign = 16;
export const tagBytes = 8;
/** `OSR1`, and the version of everything behind it. */
export const recordMagic = 0x4f535231;
const recordVersion = 1;
const metaBytesMax = 1 * MiB;
const kinds = ['begin', 'put', 'stamp', 'quarantine', 'drop'] as const satisfies readonly SegmentRecord['kind'][];

/** Bytes a record takes in its segment, padding included. */
export function recordBytes(size: { readonly metaBytes: number; readonly bodyBytes: number }): number {
  return Math.ceil((headerBytes + size.metaBytes + size.bodyBytes) / recordAlign) * recordAlign;
}

export function blocksOf(bytes: number): number {
  return Math.ceil(bytes / limits.blockBytes);
}

/** Header and metadata. `tag` is the store's own 8 bytes. */
export function encodeRecordHead(record: SegmentRecord, meta: Uint8Array, at: Location, tag: Uint8Array): Uint8Array {
  assert(meta.length <= metaBytesMax && tag.length === tagBytes, 'metadata and tag have their sizes');
  const writer = new ByteWriter(headerBytes + meta.length)
    .u32(recordMagic).u8(recordVersion).u8(kinds.indexOf(record.kind)).u16(0).raw(tag)
    .u64(at.generation).u32(at.offset).u32(meta.length).u32(record.kind === 'put' ? record.bytes : 0)
    .u32(crc32c(meta)).u32(at.slot).u32(0).raw(meta);
  const head = writer.finish();
  writer.patchU32(headerBytes - 4, crc32c(head.subarray(0, headerBytes - 4)));
  return head;
}

/** The header at the start of `bytes`, when it is whole and belongs to exactly this place of this store. */
export function decodeHeader(bytes: Uint8Array, place: { readonly slot: number; readonly offset: number; readonly tag: Uint8Array }): RecordHeader | undefined {
  if (bytes.length < headerBytes) return undefined;
  const reader = new ByteReader(bytes.subarray(0, headerBytes));
  if (reader.u32() !== recordMagic || crc32c(bytes.subarray(0, headerBytes - 4)) !== new ByteReader(bytes.subarray(headerBytes - 4, headerBytes)).u32()) return undefined;
  const version = reader.u8();
  const kind = kinds[reader.u8()];
  reader.u16();
  const ours = reader.raw(tagBytes).every((byte, i) => byte === place.tag[i]);
  const generation = reader.u64();
  const offset = reader.u32();
  const metaBytes = reader.u32();
  const bodyBytes = reader.u32();
  const metaCrc = reader.u32();
  const slot = reader.u32();
  if (version !== recordVersion || kind === undefined || !ours || offset !== place.offset || slot !== place.slot) return undefined;
  if (metaBytes > metaBytesMax || bodyBytes > limits.chunkBytesMax) return undefined;
  return { kind, at: { slot, generation, offset }, metaBytes, bodyBytes, metaCrc };
}

export function encodeMeta(record: SegmentRecord): Uint8Array {
  switch (record.kind) {
    case 'begin': return new ByteWriter(4).u32(record.segmentBytes).finish();
    case 'put': return encodePutMeta(record);
    case 'stamp': {
      const writer = new ByteWriter(4 + record.stamps.length * (chunkKeyBytes + 6)).varint(record.stamps.length);
      for (const each of record.stamps) writeChunkKey(writer, each.key).varint(each.stamp);
      return writer.finish();
    }
    case 'quarantine': return writePlaced(new ByteWriter().varint(record.decidedAt).varint(record.wallMs), record.chunks).finish();
    case 'drop': return writePlaced(new ByteWriter(), record.chunks).finish();
    default: return unreachable(record);
  }
}

/** Undefined when the metadata is damaged. */
export function decodeMeta(header: RecordHeader, meta: Uint8Array): SegmentRecord | undefined {
  if (meta.length !== header.metaBytes || crc32c(meta) !== header.metaCrc) return undefined;
  try {
    const reader = new ByteReader(meta);
    const record = readMeta(header, reader);
    reader.end();
    return record;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function readMeta(header: RecordHeader, reader: ByteReader): SegmentRecord {
  switch (header.kind) {
    case 'begin': return { kind: 'begin', segmentBytes: reader.u32() };
    case 'put': return readPutMeta(reader, header.bodyBytes);
    case 'stamp': {
      const count = reader.count(chunkKeyBytes + 1);
      const stamps = Array.from({ length: count }, () => ({ key: readChunkKey(reader), stamp: reader.varint() as LogIndex }));
      return { kind: 'stamp', stamps };
    }
    case 'quarantine': {
      const decidedAt = reader.varint() as LogIndex;
      const wallMs = reader.varint();
      return { kind: 'quarantine', decidedAt, wallMs, chunks: readPlaced(reader) };
    }
    case 'drop': return { kind: 'drop', chunks: readPlaced(reader) };
    default: return unreachable(header.kind);
  }
}

function encodePutMeta(record: PutRecord): Uint8Array {
  const writer = writeChunkKey(new ByteWriter(64 + record.blockCrcs.length * 4), record.key).varint(record.stamp).varint(record.wallMs);
  for (const crc of record.blockCrcs) writer.u32(crc);
  return writer.finish();
}

function readPutMeta(reader: ByteReader, bytes: number): PutRecord {
  const key = readChunkKey(reader);
  const stamp = reader.varint() as LogIndex;
  const wallMs = reader.varint();
  const blockCrcs = Uint32Array.from({ length: blocksOf(bytes) }, () => reader.u32());
  return { kind: 'put', key, stamp, wallMs, bytes, blockCrcs };
}

function writePlaced(writer: ByteWriter, chunks: readonly PlacedChunk[]): ByteWriter {
  writer.varint(chunks.length);
  for (const { key, at } of chunks) writeLocation(writeChunkKey(writer, key), at);
  return writer;
}

function readPlaced(reader: ByteReader): PlacedChunk[] {
  return Array.from({ length: reader.count(chunkKeyBytes + 3) }, () => ({ key: readChunkKey(reader), at: readLocation(reader) }));
}

export function writeLocation(writer: ByteWriter, at: Location): ByteWriter {
  return writer.varint(at.slot).varint(at.generation).varint(at.offset);
}

export function readLocation(reader: ByteReader): Location {
  return { slot: reader.varint(), generation: reader.varint(), offset: reader.varint() };
}

export function sameLocation(left: Location, right: Location): boolean {
  return left.slot === right.slot && left.generation === right.generation && left.offset === right.offset;
}

export function locationText(at: Location): string {
  return `${at.slot}/${at.generation}/${at.offset}`;
}
