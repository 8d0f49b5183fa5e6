// Bytes of user operations inside log entries. Frozen: tags and field order never change, new fields come with a new tag.
// The reader checks form only (hex, tags, lengths); whether an operation makes sense is for apply to say.

import { unreachable } from '../../../base/assert.ts';
import { type ByteReader, type ByteWriter, DecodeError } from '../../../base/codec.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { ChunkId, ContentId, LogIndex, PageId, WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ManifestEntry } from '../../../model/manifest.ts';
import type { AttributeChange, Expect, FileContent, Operation, OperationKind, PublishedPage } from '../../../model/operation.ts';
import { readHexField, readSigned, readVariant, writeHex, writeSigned } from './record-parts.ts';

/** Order is the wire number: append only. */
export const operationKinds = [
  'make-directory', 'publish', 'open-upload', 'stage', 'close-upload', 'rename', 'copy', 'symlink', 'remove', 'set-attributes', 'set-policy',
] as const satisfies readonly OperationKind[];

const parentModes = ['must-exist', 'make'] as const;
const replaceModes = ['allowed', 'never'] as const;
const removeWhats = ['file', 'empty-directory', 'tree'] as const;
const followModes = ['final-symlink', 'never'] as const;
const pageKinds = ['carried', 'staged'] as const;
const entryKinds = ['hole', 'chunk'] as const;
const contentKinds = ['inline', 'chunked'] as const;

export function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.u8(operationKinds.indexOf(operation.kind));
  switch (operation.kind) {
    case 'make-directory':
      writer.text(operation.path).varint(operation.mode).u8(parentModes.indexOf(operation.parents));
      return;
    case 'publish':
      writer.text(operation.path).u8(parentModes.indexOf(operation.parents));
      writeExpect(writer, operation.expect);
      writeAttributes(writer, operation.attributes);
      writeContent(writer, operation.content);
      return;
    case 'open-upload':
    case 'close-upload':
      writeHex(writer, operation.upload);
      return;
    case 'stage':
      writeHex(writer, operation.upload);
      writer.text(operation.storageClass).varint(operation.stamp);
      writeEntries(writer, operation.entries);
      return;
    case 'rename':
      writer.text(operation.from).text(operation.to).u8(replaceModes.indexOf(operation.replace));
      writeExpect(writer, operation.expect);
      return;
    case 'copy':
      writer.text(operation.from).text(operation.to).u8(replaceModes.indexOf(operation.replace));
      return;
    case 'symlink':
      writer.text(operation.path).text(operation.target);
      return;
    case 'remove':
      writer.text(operation.path).u8(removeWhats.indexOf(operation.what));
      writeExpect(writer, operation.expect);
      return;
    case 'set-attributes':
      writer.text(operation.path).u8(followModes.indexOf(operation.follow));
      writeExpect(writer, operation.expect);
      writeAttributes(writer, operation.change);
      return;
    case 'set-policy':
      writer.text(operation.path).text(operation.storageClass ?? '');
      return;
    default: return unreachable(operation);
  }
}

export function readOperation(reader: ByteReader): Operation {
  const kind = operationKinds[reader.u8()];
  if (kind === undefined) throw new OffshoreError('version-unsupported', { what: 'operation of the log' });
  switch (kind) {
    case 'make-directory': return { kind, path: reader.text(), mode: reader.varint(), parents: readVariant(reader, parentModes) };
    case 'publish': {
      const head = { path: reader.text(), parents: readVariant(reader, parentModes), ...readExpect(reader) };
      return { kind, ...head, attributes: readAttributes(reader), content: readContent(reader) };
    }
    case 'open-upload':
    case 'close-upload': return { kind, upload: readHexField(reader, 16) };
    case 'stage': return {
      kind, upload: readHexField(reader, 16), storageClass: reader.text(), stamp: reader.varint() as LogIndex, entries: readEntries(reader),
    };
    case 'rename': return { kind, from: reader.text(), to: reader.text(), replace: readVariant(reader, replaceModes), ...readExpect(reader) };
    case 'copy': return { kind, from: reader.text(), to: reader.text(), replace: readVariant(reader, replaceModes) };
    case 'symlink': return { kind, path: reader.text(), target: reader.text() };
    case 'remove': return { kind, path: reader.text(), what: readVariant(reader, removeWhats), ...readExpect(reader) };
    case 'set-attributes': {
      const head = { path: reader.text(), follow: readVariant(reader, followModes), ...readExpect(reader) };
      return { kind, ...head, change: readAttributes(reader) };
    }
    case 'set-policy': {
      const path = reader.text();
      const storageClass = reader.text();
      return { kind, path, ...(storageClass === '' ? {} : { storageClass }) };
    }
    default: return unreachable(kind);
  }
}

function writeExpect(writer: ByteWriter, expect: Expect | undefined): void {
  if (expect === undefined) writer.u8(0);
  else if (expect.kind === 'absent') writer.u8(1);
  else writer.u8(2).varint(expect.version);
}

function readExpect(reader: ByteReader): { readonly expect?: Expect } {
  const tag = reader.u8();
  switch (tag) {
    case 0: return {};
    case 1: return { expect: { kind: 'absent' } };
    case 2: return { expect: { kind: 'version', version: reader.varint() as LogIndex } };
    default: throw new DecodeError('unknown precondition');
  }
}

const attributeNames = ['mode', 'uid', 'gid', 'mtimeMs'] as const;

function writeAttributes(writer: ByteWriter, change: AttributeChange): void {
  let flags = 0;
  attributeNames.forEach((name, bit) => {
    if (change[name] !== undefined) flags |= 1 << bit;
  });
  writer.u8(flags);
  for (const name of attributeNames) {
    const value = change[name];
    if (value !== undefined) writeSigned(writer, value);
  }
}

function readAttributes(reader: ByteReader): AttributeChange {
  const flags = reader.u8();
  if (flags >= 1 << attributeNames.length) throw new DecodeError('unknown attribute');
  return {
    ...((flags & 1) === 0 ? {} : { mode: readSigned(reader) }),
    ...((flags & 2) === 0 ? {} : { uid: readSigned(reader) }),
    ...((flags & 4) === 0 ? {} : { gid: readSigned(reader) }),
    ...((flags & 8) === 0 ? {} : { mtimeMs: readSigned(reader) as WallMillis }),
  };
}

function writeContent(writer: ByteWriter, content: FileContent): void {
  writer.u8(contentKinds.indexOf(content.kind));
  if (content.kind === 'inline') {
    writer.bytes(content.bytes);
    return;
  }
  writer.varint(content.bytes).varint(content.chunkBytes).text(content.storageClass);
  writeHex(writer, content.contentId);
  writer.varint(content.stamp).u8(content.upload === undefined ? 0 : 1);
  if (content.upload !== undefined) writeHex(writer, content.upload);
  writer.varint(content.pages.length);
  for (const page of content.pages) writePage(writer, page);
}

function readContent(reader: ByteReader): FileContent {
  const kind = readVariant(reader, contentKinds);
  if (kind === 'inline') return { kind, bytes: reader.bytes() };
  const head = {
    bytes: reader.varint(), chunkBytes: reader.varint(), storageClass: reader.text(),
    contentId: readHexField(reader, 32) as ContentId, stamp: reader.varint() as LogIndex,
  };
  const upload = readVariant(reader, ['none', 'named'] as const) === 'named' ? { upload: readHexField(reader, 16) } : {};
  const pages = Array.from({ length: reader.count(2) }, () => readPage(reader));
  return { kind, ...head, ...upload, pages };
}

function writePage(writer: ByteWriter, page: PublishedPage): void {
  writer.u8(pageKinds.indexOf(page.kind));
  if (page.kind === 'carried') writeEntries(writer, page.entries);
  else writeHex(writer, page.page);
}

function readPage(reader: ByteReader): PublishedPage {
  const kind = readVariant(reader, pageKinds);
  return kind === 'carried' ? { kind, entries: readEntries(reader) } : { kind, page: readHexField(reader, 32) as PageId };
}

function writeEntries(writer: ByteWriter, entries: readonly ManifestEntry[]): void {
  writer.varint(entries.length);
  for (const entry of entries) {
    writer.u8(entryKinds.indexOf(entry.kind)).varint(entry.bytes);
    if (entry.kind === 'chunk') writeHex(writer, entry.chunk);
  }
}

function readEntries(reader: ByteReader): ManifestEntry[] {
  const count = reader.count(2);
  if (count > limits.pageEntriesMax) throw new DecodeError('page has too many entries');
  return Array.from({ length: count }, (): ManifestEntry => {
    const kind = readVariant(reader, entryKinds);
    const bytes = reader.varint();
    return kind === 'hole' ? { kind, bytes } : { kind, bytes, chunk: readHexField(reader, 32) as ChunkId };
  });
}
