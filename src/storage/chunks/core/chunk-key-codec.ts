// The 35 bytes that name a chunk in segment records and index keys: class code, chunk id, shard, so that keys sort by
// class, then slice, then id. Must never depend on anything else: the encoding is frozen.

import { fromHex, toHex } from '../../../base/bytes.ts';
import type { ByteReader, ByteWriter } from '../../../base/codec.ts';
import type { ChunkId } from '../../../base/ids.ts';
import type { ChunkKey } from '../../../model/chunk.ts';
import type { ClassCode } from '../../../model/storage-class.ts';

export const chunkKeyBytes = 35;

export function writeChunkKey(writer: ByteWriter, key: ChunkKey): ByteWriter {
  return writer.u16(key.classCode).raw(fromHex(key.chunk)).u8(key.shard);
}

export function readChunkKey(reader: ByteReader): ChunkKey {
  return {
    classCode: reader.u16() as ClassCode,
    chunk: toHex(reader.raw(32)) as ChunkId,
    shard: reader.u8(),
  };
}

/** A prefix byte and the key: the names of index rows, made for every chunk of every group, hence without a writer. */
export function prefixedKey(prefix: number, key: ChunkKey): Uint8Array {
  const bytes = new Uint8Array(1 + chunkKeyBytes);
  bytes[0] = prefix;
  bytes[1] = key.classCode >>> 8;
  bytes[2] = key.classCode & 255;
  bytes.set(fromHex(key.chunk), 3);
  bytes[35] = key.shard;
  return bytes;
}

/** The key as text, for maps. */
export function keyText(key: ChunkKey): string {
  return `${key.classCode}/${key.chunk}/${key.shard}`;
}
