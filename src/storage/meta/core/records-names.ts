// Records of the namespace: directory entries, inodes, where each inode stands, and what versions replaced.
// Dirents and inodes are versioned (`since`, history); standings are not (`architecture.md` 3, Shape).

import { unreachable } from '../../../base/assert.ts';
import { ByteReader, type ByteWriter, DecodeError } from '../../../base/codec.ts';
import type { ContentId, Ino, WallMillis } from '../../../base/ids.ts';
import type { NodeKind } from '../../../model/node-info.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { hex, u32, u64, utf8 } from './key.ts';
import {
  openRecord, readClassCode, readHexField, readSigned, readSince, readVariant, record, writeHex, writeSigned, writeSince, type Since,
} from './record-parts.ts';
import { type Table, tableNumbers } from './tables.ts';

export interface DirentName {
  readonly parent: Ino;
  readonly name: string;
}

export interface Dirent {
  readonly since: Since;
  readonly ino: Ino;
  readonly kind: NodeKind;
}

/** Number of a content row; drawn from one counter, never reused. */
export type ContentNumber = number;

export type FileBodyRef =
  | { readonly kind: 'empty' }
  | { readonly kind: 'inline'; readonly content: ContentNumber }
  | { readonly kind: 'chunked'; readonly content: ContentNumber; readonly chunkBytes: number; readonly classCode: ClassCode };

interface InodeHead {
  readonly since: Since;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Directories: at creation or as last set; the time of the last change of entries is in the standing. */
  readonly mtimeMs: WallMillis;
  readonly ctimeMs: WallMillis;
  readonly links: number;
}

export type FileInode = InodeHead & { readonly kind: 'file'; readonly bytes: number; readonly contentId: ContentId; readonly body: FileBodyRef };
export type DirectoryInode = InodeHead & { readonly kind: 'directory'; readonly policy?: ClassCode };
export type SymlinkInode = InodeHead & { readonly kind: 'symlink'; readonly target: string };
export type Inode = FileInode | DirectoryInode | SymlinkInode;

/** Of a directory: its entries and everything below it (itself excluded). */
export interface Tally {
  readonly children: number;
  readonly mtimeMs: WallMillis;
  readonly treeBytes: number;
  readonly treeInodes: number;
}

/** Where an inode hangs. `parent` 0: the root itself, or the top of a removed tree. */
export interface Standing {
  readonly parent: number;
  readonly name: string;
  readonly tally?: Tally;
}

const nodeKinds = ['file', 'directory', 'symlink'] as const satisfies readonly NodeKind[];

export const direntTable: Table<DirentName, Dirent> = {
  number: tableNumbers.dirent,
  key: (name) => u64(name.parent) + utf8(name.name),
  encode: (row) => {
    const writer = record(20);
    writeSince(writer, row.since);
    return writer.varint(row.ino).u8(nodeKinds.indexOf(row.kind)).finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { since: readSince(reader), ino: reader.varint() as Ino, kind: readVariant(reader, nodeKinds) };
    reader.end();
    return row;
  },
};

export const inodeTable: Table<Ino, Inode> = {
  number: tableNumbers.inode,
  key: (ino) => u64(ino),
  encode: encodeInode,
  decode: decodeInode,
};

export const standingTable: Table<Ino, Standing> = {
  number: tableNumbers.standing,
  key: (ino) => u64(ino),
  encode: (row) => {
    const writer = record(48).varint(row.parent).text(row.name).u8(row.tally === undefined ? 0 : 1);
    if (row.tally !== undefined) {
      writer.varint(row.tally.children).varint(row.tally.treeBytes).varint(row.tally.treeInodes);
      writeSigned(writer, row.tally.mtimeMs);
    }
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const parent = reader.varint();
    const name = reader.text();
    const kind = readVariant(reader, ['leaf', 'directory'] as const);
    const tally = kind === 'leaf' ? undefined : {
      children: reader.varint(), treeBytes: reader.varint(), treeInodes: reader.varint(), mtimeMs: readSigned(reader) as WallMillis,
    };
    reader.end();
    return { parent, name, ...(tally === undefined ? {} : { tally }) };
  },
};

/** The record a history row is about, as versioned records are named. */
export type RecordName = ({ readonly kind: 'dirent' } & DirentName) | { readonly kind: 'inode'; readonly ino: Ino };

export interface HistoryName {
  readonly of: RecordName;
  readonly until: Since;
}

/** Body of a history key up to `until`: all versions of one record lie together, in order of their ends. */
export function historyPrefix(of: RecordName): string {
  switch (of.kind) {
    // Names hold no NUL, so the mark keeps one name from running into the next.
    case 'dirent': return String.fromCharCode(tableNumbers.dirent) + direntTable.key(of) + '\0';
    case 'inode': return String.fromCharCode(tableNumbers.inode) + inodeTable.key(of.ino);
    default: return unreachable(of);
  }
}

/** Values are the replaced record's bytes as they were. */
export const historyTable: Table<HistoryName, Uint8Array> = {
  number: tableNumbers.history,
  key: (name) => historyPrefix(name.of) + u64(name.until.index) + u32(name.until.position),
  encode: (row) => row,
  decode: (bytes) => bytes,
};

/** Tops of removed trees and removed files, in order of removal, for pruning. */
export const detachedTable: Table<{ readonly since: Since; readonly ino: Ino }, { readonly bytes: number; readonly inodes: number }> = {
  number: tableNumbers.detached,
  key: (name) => u64(name.since.index) + u32(name.since.position) + u64(name.ino),
  encode: (row) => record(16).varint(row.bytes).varint(row.inodes).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { bytes: reader.varint(), inodes: reader.varint() };
    reader.end();
    return row;
  },
};

/** Files by content id: one empty row a file that is in the tree or in a removed tree. */
export const contentIndexTable: Table<{ readonly contentId: ContentId; readonly ino: Ino }, true> = {
  number: tableNumbers.contentIndex,
  key: (name) => hex(name.contentId) + u64(name.ino),
  encode: () => record(1).finish(),
  decode: (bytes) => {
    openRecord(bytes).end();
    return true;
  },
};

function encodeInode(row: Inode): Uint8Array {
  const writer = record(80).u8(nodeKinds.indexOf(row.kind));
  writeSince(writer, row.since);
  writer.varint(row.mode).varint(row.uid).varint(row.gid);
  writeSigned(writer, row.mtimeMs);
  writeSigned(writer, row.ctimeMs);
  writer.varint(row.links);
  switch (row.kind) {
    case 'file':
      writer.varint(row.bytes);
      writeHex(writer, row.contentId);
      writeBody(writer, row.body);
      return writer.finish();
    case 'directory':
      return writer.u16(row.policy ?? 0).finish();
    case 'symlink':
      return writer.text(row.target).finish();
    default: return unreachable(row);
  }
}

function decodeInode(bytes: Uint8Array): Inode {
  const reader = openRecord(bytes);
  const kind = readVariant(reader, nodeKinds);
  const head = {
    since: readSince(reader), mode: reader.varint(), uid: reader.varint(), gid: reader.varint(),
    mtimeMs: readSigned(reader) as WallMillis, ctimeMs: readSigned(reader) as WallMillis, links: reader.varint(),
  };
  const row = readTail(reader, kind, head);
  reader.end();
  return row;
}

function readTail(reader: ByteReader, kind: NodeKind, head: InodeHead): Inode {
  switch (kind) {
    case 'file': return { ...head, kind, bytes: reader.varint(), contentId: readHexField(reader, 32) as ContentId, body: readBody(reader) };
    case 'directory': return { ...head, kind, ...readPolicy(reader) };
    case 'symlink': return { ...head, kind, target: reader.text() };
    default: return unreachable(kind);
  }
}

function readPolicy(reader: ByteReader): { readonly policy?: ClassCode } {
  const code = reader.u16();
  if (code === 0) return {};
  return { policy: readClassCode(new ByteReader(Uint8Array.of(code >> 8, code & 255))) };
}

const bodyKinds = ['empty', 'inline', 'chunked'] as const;

function writeBody(writer: ByteWriter, body: FileBodyRef): void {
  writer.u8(bodyKinds.indexOf(body.kind));
  if (body.kind === 'empty') return;
  writer.varint(body.content);
  if (body.kind === 'chunked') writer.varint(body.chunkBytes).u16(body.classCode);
}

function readBody(reader: ByteReader): FileBodyRef {
  const kind = readVariant(reader, bodyKinds);
  if (kind === 'empty') return { kind };
  const content = reader.varint();
  if (content === 0) throw new DecodeError('content numbers start at 1');
  if (kind === 'inline') return { kind, content };
  return { kind, content, chunkBytes: reader.varint(), classCode: readClassCode(reader) };
}
