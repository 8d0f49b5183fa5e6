// One page of a pinned state on the wire: entries in key order, whether the state ends here, and a CRC32C over all of it.

import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import { crc32c } from '../../base/crc32c.ts';
import type { KvEntry } from '../../storage/kv/kv.ts';

export interface SnapshotPage {
  readonly entries: readonly KvEntry[];
  /** `end`: nothing follows the last of these entries. */
  readonly place: 'more' | 'end';
}

const version = 1;

export function encodeSnapshotPage(page: SnapshotPage): Uint8Array {
  const writer = new ByteWriter(page.entries.reduce((bytes, entry) => bytes + entry.key.length + entry.value.length + 8, 64));
  writer.u8(version).u8(page.place === 'end' ? 1 : 0).varint(page.entries.length);
  for (const entry of page.entries) writer.bytes(entry.key).bytes(entry.value);
  const at = writer.length;
  writer.u32(0);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, crc32c(bytes.subarray(0, at)));
  return bytes;
}

/** Throws DecodeError. */
export function decodeSnapshotPage(bytes: Uint8Array): SnapshotPage {
  const at = bytes.length - 4;
  if (at < 3) throw new DecodeError('snapshot page is too short');
  const body = bytes.subarray(0, at);
  if (new ByteReader(bytes.subarray(at)).u32() !== crc32c(body)) throw new DecodeError('snapshot page fails its checksum');
  const reader = new ByteReader(body);
  if (reader.u8() !== version) throw new DecodeError('snapshot page of an unknown version');
  const place = reader.u8() === 1 ? 'end' : 'more';
  const count = reader.count(2);
  const entries = Array.from({ length: count }, () => ({ key: reader.bytes(), value: reader.bytes() }));
  reader.end();
  return { entries, place };
}
