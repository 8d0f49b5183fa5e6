// Pieces that several record formats share. Every record starts with a format byte, so that a later one can be told apart and read on.

import { fromHex, isHex, toHex } from '../../../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import type { LogIndex } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ClassCode } from '../../../model/storage-class.ts';

/** Which operation wrote a record: index of the entry and the operation's place in it. */
export interface Since {
  readonly index: LogIndex;
  readonly position: number;
}

const format = 1;

export function record(expectedBytes = 40): ByteWriter {
  return new ByteWriter(expectedBytes).u8(format);
}

/** A reader behind the format byte. */
export function openRecord(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== format) throw new DecodeError('record has an unknown format');
  return reader;
}

export function writeSince(writer: ByteWriter, since: Since): void {
  writer.varint(since.index).varint(since.position);
}

export function readSince(reader: ByteReader): Since {
  return { index: reader.varint() as LogIndex, position: reader.varint() };
}

/** Sign byte and magnitude: times before 1970 exist. */
export function writeSigned(writer: ByteWriter, value: number): void {
  writer.u8(value < 0 ? 1 : 0).varint(Math.abs(value));
}

export function readSigned(reader: ByteReader): number {
  const sign = reader.u8();
  if (sign > 1) throw new DecodeError('sign is 0 or 1');
  const magnitude = reader.varint();
  return sign === 1 ? -magnitude : magnitude;
}

export function writeHex(writer: ByteWriter, text: string): void {
  writer.raw(fromHex(text));
}

export function readHexField(reader: ByteReader, bytes: number): string {
  return toHex(reader.raw(bytes));
}

/** Reads a text that must be `digits` lower-case hex digits. */
export function readHexText(reader: ByteReader, digits: number): string {
  const text = reader.text();
  if (!isHex(text, digits)) throw new DecodeError('identifier is not hex');
  return text;
}

/** A class code that names an existing class; a stranger's number would break assertions later. */
export function readClassCode(reader: ByteReader): ClassCode {
  const code = reader.u16();
  if (!isClassCode(code)) throw new DecodeError('unknown storage class');
  return code;
}

export function isClassCode(code: number): code is ClassCode {
  if (code < 0x8000) return code >= 1 && code <= limits.copiesMax;
  const data = (code - 0x8000) >> 7;
  const parity = (code - 0x8000) & 127;
  return data >= 2 && data <= 16 && parity >= 1 && parity <= 4;
}

/** Picks the variant of a union by its number in `variants`. */
export function readVariant<Variant extends string>(reader: ByteReader, variants: readonly Variant[]): Variant {
  const variant = variants[reader.u8()];
  if (variant === undefined) throw new DecodeError('unknown variant');
  return variant;
}
