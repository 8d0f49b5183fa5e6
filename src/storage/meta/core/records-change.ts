// The changes table: who changed what and when, one row an operation, in the order of the log.

import type { ByteReader } from '../../../base/codec.ts';
import type { Ino, WallMillis } from '../../../base/ids.ts';
import type { OperationId, OperationKind } from '../../../model/operation.ts';
import { u32, u64 } from './key.ts';
import { operationKinds } from './operation-codec.ts';
import { openRecord, readHexField, readSigned, readVariant, record, writeHex, writeSigned, type Since } from './record-parts.ts';
import type { RecordName } from './records-names.ts';
import { type Table, tableNumbers } from './tables.ts';

/** One row an operation that changed the namespace: serves `log`, `watch`, `undo` and pruning. `records` name every versioned record it wrote. */
export interface ChangeRow {
  readonly operation: OperationId;
  readonly user: string;
  readonly wallMs: WallMillis;
  readonly what: OperationKind;
  readonly ino: Ino;
  readonly paths: readonly string[];
  readonly records: readonly RecordName[];
}

export const changeTable: Table<Since, ChangeRow> = {
  number: tableNumbers.change,
  key: (name) => u64(name.index) + u32(name.position),
  encode: encodeChange,
  decode: decodeChange,
};

function encodeChange(row: ChangeRow): Uint8Array {
  const writer = record(160);
  writeHex(writer, row.operation);
  writer.text(row.user);
  writeSigned(writer, row.wallMs);
  writer.u8(operationKinds.indexOf(row.what)).varint(row.ino).varint(row.paths.length);
  for (const path of row.paths) writer.text(path);
  writer.varint(row.records.length);
  for (const each of row.records) {
    if (each.kind === 'inode') writer.u8(0).varint(each.ino);
    else writer.u8(1).varint(each.parent).text(each.name);
  }
  return writer.finish();
}

function decodeChange(bytes: Uint8Array): ChangeRow {
  const reader = openRecord(bytes);
  const head = {
    operation: readHexField(reader, 16) as OperationId, user: reader.text(), wallMs: readSigned(reader) as WallMillis,
    what: readVariant(reader, operationKinds), ino: reader.varint() as Ino,
  };
  const paths = Array.from({ length: reader.count() }, () => reader.text());
  const records = Array.from({ length: reader.count(2) }, () => readRecordName(reader));
  reader.end();
  return { ...head, paths, records };
}

function readRecordName(reader: ByteReader): RecordName {
  const kind = readVariant(reader, ['inode', 'dirent'] as const);
  if (kind === 'inode') return { kind, ino: reader.varint() as Ino };
  return { kind, parent: reader.varint() as Ino, name: reader.text() };
}
