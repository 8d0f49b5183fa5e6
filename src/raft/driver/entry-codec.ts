// One log entry in bytes, the same in blocks of the log and in messages. The index is not stored: entries follow each other.

import { DecodeError, type ByteReader, type ByteWriter } from '../../base/codec.ts';
import type { Entry, EntryType } from '../core/types.ts';

/** Frozen: the position is what is written. */
const entryTypes: readonly EntryType[] = ['normal', 'conf-change', 'conf-change-v2'];

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.varint(entry.term).u8(entryTypes.indexOf(entry.type)).bytes(entry.data);
}

/** The data shares memory with the input. Throws DecodeError. */
export function readEntry(reader: ByteReader, index: number): Entry {
  const term = reader.varint();
  const type = entryTypes[reader.u8()];
  if (type === undefined) throw new DecodeError('entry of an unknown type');
  return { term, index, type, data: reader.bytes() };
}
