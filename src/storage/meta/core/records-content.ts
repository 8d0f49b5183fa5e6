// Records of file contents: what a version's bytes are, manifest pages, chunks and who references them.
// Versions (present or in history) reference contents, contents and staged uploads reference pages, pages reference chunks.

import { DecodeError } from '../../../base/codec.ts';
import type { ChunkId, ClusterAge, LogIndex, PageId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { hex, u16, u64 } from './key.ts';
import { openRecord, readClassCode, readHexField, readVariant, record, writeHex } from './record-parts.ts';
import type { ContentNumber } from './records-names.ts';
import { type Table, tableNumbers } from './tables.ts';

/** Immutable; beside the inode, so that a chmod copies none of it to history. */
export type Content =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'pages'; readonly classCode: ClassCode; readonly pages: readonly PageId[] };

export const contentTable: Table<ContentNumber, Content> = {
  number: tableNumbers.content,
  key: (content) => u64(content),
  encode: (row) => {
    if (row.kind === 'inline') return record(row.bytes.length + 2).u8(0).raw(row.bytes).finish();
    const writer = record(8 + 32 * row.pages.length).u8(1).u16(row.classCode).varint(row.pages.length);
    for (const page of row.pages) writeHex(writer, page);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const kind = readVariant(reader, ['inline', 'pages'] as const);
    if (kind === 'inline') return { kind, bytes: reader.raw(reader.remaining) };
    const classCode = readClassCode(reader);
    const pages: PageId[] = [];
    for (let left = reader.count(32); left > 0; left -= 1) pages.push(readHexField(reader, 32) as PageId);
    reader.end();
    return { kind, classCode, pages };
  },
};

/** Versions that have the content. No row means one, which spares a row a file. */
export const contentCountTable: Table<ContentNumber, number> = {
  number: tableNumbers.contentCount,
  key: (content) => u64(content),
  encode: (count) => record(4).varint(count).finish(),
  decode: (bytes) => decodeCount(bytes),
};

export interface ClassPage {
  readonly classCode: ClassCode;
  readonly page: PageId;
}

/** Bodies of pages, as `model/manifest.ts` encodes them. A page used in two classes has a row in each. */
export const pageTable: Table<ClassPage, Uint8Array> = {
  number: tableNumbers.page,
  key: (name) => u16(name.classCode) + hex(name.page),
  encode: (body) => body,
  decode: (body) => body,
};

/** A row apart from the body, so that counting reads little. `bytes`: length of what the page describes. */
export interface PageCount {
  readonly count: number;
  readonly bytes: number;
}

export const pageCountTable: Table<ClassPage, PageCount> = {
  number: tableNumbers.pageCount,
  key: (name) => u16(name.classCode) + hex(name.page),
  encode: (row) => record(16).varint(row.count).varint(row.bytes).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { count: reader.varint(), bytes: reader.varint() };
    reader.end();
    return row;
  },
};

export interface ClassChunk {
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
}

/**
 * `live`: its last feed event says live; it counts in slice digests. Between losing its last reference and being condemned a chunk is
 * live with count 0 and has `idle`. `condemned` is remembered for the horizon even when the chunk is live again.
 */
export interface ChunkRow {
  readonly count: number;
  readonly bytes: number;
  readonly feed: 'live' | 'not-live';
  /** When the last reference went. Present exactly while a row of `unreferenced` names it. */
  readonly idle?: ClusterAge;
  readonly condemned?: LogIndex;
}

export const chunkTable: Table<ClassChunk, ChunkRow> = {
  number: tableNumbers.chunk,
  key: (name) => u16(name.classCode) + hex(name.chunk),
  encode: (row) => {
    const writer = record(20).varint(row.count).varint(row.bytes).u8(row.feed === 'live' ? 1 : 0);
    writer.varint(row.idle === undefined ? 0 : row.idle + 1);
    return writer.varint(row.condemned ?? 0).finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const head = { count: reader.varint(), bytes: reader.varint(), feed: readVariant(reader, ['not-live', 'live'] as const) };
    const idle = reader.varint();
    const condemned = reader.varint();
    reader.end();
    if (head.bytes > limits.chunkBytesMax) throw new DecodeError('chunk is larger than the limit');
    return {
      ...head,
      ...(idle === 0 ? {} : { idle: (idle - 1) as ClusterAge }),
      ...(condemned === 0 ? {} : { condemned: condemned as LogIndex }),
    };
  },
};

/** Chunks without a reference, by the age at which the last one went. */
export const unreferencedTable: Table<ClassChunk & { readonly idle: ClusterAge }, true> = {
  number: tableNumbers.unreferenced,
  key: (name) => u64(name.idle) + chunkTable.key(name),
  encode: () => record(1).finish(),
  decode: decodeMark,
};

/** Remembered condemnations, by index. */
export const condemnedTable: Table<ClassChunk & { readonly index: LogIndex }, true> = {
  number: tableNumbers.condemned,
  key: (name) => u64(name.index) + chunkTable.key(name),
  encode: () => record(1).finish(),
  decode: decodeMark,
};

function decodeMark(bytes: Uint8Array): true {
  openRecord(bytes).end();
  return true;
}

function decodeCount(bytes: Uint8Array): number {
  const reader = openRecord(bytes);
  const count = reader.varint();
  reader.end();
  return count;
}
