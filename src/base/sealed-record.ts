// Small durable records: a version byte, the fields, and a CRC32C over everything before it. A damaged record is never served.

import { ByteReader, ByteWriter, DecodeError } from './codec.ts';
import { crc32c } from './crc32c.ts';

/** `key` is checked too, so that a record cannot be read under the name of another. */
export function sealRecord(key: Uint8Array, version: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter().u8(version);
  write(writer);
  const at = writer.length;
  writer.u32(0);
  const checksum = crc32c(writer.finish().subarray(0, at), crc32c(key));
  return writer.patchU32(at, checksum).finish();
}

/** Throws DecodeError for damage, an unknown version, or bytes left over. */
export function openRecord<T>(key: Uint8Array, version: number, bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  const at = bytes.length - 4;
  if (at < 1) throw new DecodeError('record is too short');
  const body = bytes.subarray(0, at);
  if (new ByteReader(bytes.subarray(at)).u32() !== crc32c(body, crc32c(key))) throw new DecodeError('record fails its checksum');
  const reader = new ByteReader(body);
  if (reader.u8() !== version) throw new DecodeError('record is of an unknown version');
  const value = read(reader);
  reader.end();
  return value;
}
