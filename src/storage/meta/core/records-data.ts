// Records of placement and of the feed: partition lists, slice digests, feed events, uploads with their staged pages.

import { DecodeError } from '../../../base/codec.ts';
import type { ChunkId, ClusterAge, LogIndex, PageId, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { digestBytes, digestFromBytes, digestToBytes, type InventoryDigest } from '../../../model/inventory-digest.ts';
import type { PartitionLists } from '../../../model/layout.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { hex, u16, u32, u64 } from './key.ts';
import { openRecord, readClassCode, readHexField, readVariant, record, writeHex, type Since } from './record-parts.ts';
import { type Table, tableNumbers } from './tables.ts';

/** A class that has a layout, with its totals of live chunks. */
export interface ClassRow {
  readonly partitions: number;
  readonly chunks: number;
  readonly bytes: number;
}

export const classTable: Table<ClassCode, ClassRow> = {
  number: tableNumbers.classRow,
  key: (classCode) => u16(classCode),
  encode: (row) => record(20).varint(row.partitions).varint(row.chunks).varint(row.bytes).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { partitions: reader.varint(), chunks: reader.varint(), bytes: reader.varint() };
    reader.end();
    if (row.partitions === 0 || row.partitions > limits.partitionsMax || limits.slices % row.partitions !== 0) throw new DecodeError('partitions are a power of two');
    return row;
  },
};

export interface PartitionName {
  readonly classCode: ClassCode;
  readonly partition: number;
}

export const partitionTable: Table<PartitionName, PartitionLists> = {
  number: tableNumbers.partition,
  key: (name) => u16(name.classCode) + u32(name.partition),
  encode: (row) => {
    const writer = record(24).varint(row.since).varint(row.now.length);
    for (const seeder of row.now) writer.varint(seeder);
    writer.varint(row.before.length);
    for (const seeder of row.before) writer.varint(seeder);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const since = reader.varint() as LogIndex;
    const list = (): SeederId[] => Array.from({ length: reader.count() }, () => reader.varint() as SeederId);
    const row = { now: list(), since, before: list() };
    reader.end();
    return row;
  },
};

/** Live chunks whose ids start with the slice's 16 bits. One digest a shard number: a single one for copies. */
export interface SliceRow {
  readonly count: number;
  readonly digests: readonly InventoryDigest[];
}

export const sliceTable: Table<{ readonly classCode: ClassCode; readonly slice: number }, SliceRow> = {
  number: tableNumbers.slice,
  key: (name) => u16(name.classCode) + u16(name.slice),
  encode: (row) => {
    const writer = record(8 + digestBytes * row.digests.length).varint(row.count).u8(row.digests.length);
    for (const digest of row.digests) writer.raw(digestToBytes(digest));
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const count = reader.varint();
    const digests = Array.from({ length: reader.u8() }, () => digestFromBytes(reader.raw(digestBytes)));
    reader.end();
    return { count, digests };
  },
};

/** `condemned-fresh`: condemned without ever having been live, so the digests did not change. */
export type FeedWhat = 'live' | 'condemned-live' | 'condemned-fresh';

export interface FeedRow {
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
  readonly bytes: number;
  readonly what: FeedWhat;
  readonly age: ClusterAge;
}

const feedWhats = ['live', 'condemned-live', 'condemned-fresh'] as const satisfies readonly FeedWhat[];

export const feedTable: Table<Since, FeedRow> = {
  number: tableNumbers.feed,
  key: (name) => u64(name.index) + u32(name.position),
  encode: (row) => {
    const writer = record(52).u8(feedWhats.indexOf(row.what)).u16(row.classCode).varint(row.bytes);
    writeHex(writer, row.chunk);
    return writer.varint(row.age).finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const what = readVariant(reader, feedWhats);
    const classCode = readClassCode(reader);
    const length = reader.varint();
    const row = { what, classCode, bytes: length, chunk: readHexField(reader, 32) as ChunkId, age: reader.varint() as ClusterAge };
    reader.end();
    return row;
  },
};

/** Pages 0 … `pages` - 1 are staged and hold a reference each. A closed one is being emptied from its end. */
export interface UploadRow {
  readonly state: 'open' | 'closed';
  readonly renewed: ClusterAge;
  readonly pages: number;
}

export const uploadTable: Table<string, UploadRow> = {
  number: tableNumbers.upload,
  key: (upload) => hex(upload),
  encode: (row) => record(16).u8(row.state === 'open' ? 0 : 1).varint(row.renewed).varint(row.pages).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { state: readVariant(reader, ['open', 'closed'] as const), renewed: reader.varint() as ClusterAge, pages: reader.varint() };
    reader.end();
    return row;
  },
};

export interface StagedPage {
  readonly classCode: ClassCode;
  readonly page: PageId;
}

export const stagedTable: Table<{ readonly upload: string; readonly page: number }, StagedPage> = {
  number: tableNumbers.staged,
  key: (name) => hex(name.upload) + u32(name.page),
  encode: (row) => {
    const writer = record(36).u16(row.classCode);
    writeHex(writer, row.page);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { classCode: readClassCode(reader), page: readHexField(reader, 32) as PageId };
    reader.end();
    return row;
  },
};
