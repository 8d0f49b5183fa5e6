// Bodies of the seeders' HTTP API. Touch is JSON; a pack is binary: many chunks in one body.

import { ByteReader, ByteWriter, DecodeError } from '../base/codec.ts';
import { fromHex, toHex } from '../base/bytes.ts';
import type { ChunkId, LogIndex, NodeName } from '../base/ids.ts';
import { limits } from '../base/limits.ts';

export interface TouchRequest {
  /** `copies=3`. */
  readonly storageClass: string;
  readonly stamp: LogIndex;
  /** Position in the list for ec, 0 for copies. */
  readonly shard: number;
  readonly chunks: readonly ChunkId[];
}

export interface TouchAnswer {
  /** One element a chunk: held durably, with the stamp durably renewed. */
  readonly held: readonly boolean[];
}

/** Answer of a chunk's PUT and, per chunk, of a pack. */
export interface StoredChunk {
  readonly chunk: ChunkId;
  /** Seeders that hold it durably, the asked one included; at least `min` when relaying. */
  readonly seeders: readonly NodeName[];
}

export interface PackAnswer {
  readonly stored: readonly StoredChunk[];
}

export interface PackedChunk {
  readonly chunk: ChunkId;
  readonly bytes: Uint8Array;
}

const packVersion = 1;

/** Pack 1: version byte, count, then for each chunk its 32 bytes of id, its length and its bytes. Parts are not copied. */
export function encodePack(chunks: readonly PackedChunk[]): Uint8Array[] {
  const parts: Uint8Array[] = [new ByteWriter(16).u8(packVersion).varint(chunks.length).finish()];
  for (const each of chunks) parts.push(new ByteWriter(48).raw(fromHex(each.chunk)).varint(each.bytes.length).finish(), each.bytes);
  return parts;
}

/** Throws DecodeError. The chunks share memory with `body`. */
export function decodePack(body: Uint8Array): PackedChunk[] {
  const reader = new ByteReader(body);
  if (reader.u8() !== packVersion) throw new DecodeError('pack has an unknown version');
  const count = reader.count(34);
  if (count === 0 || count > limits.packChunksMax) throw new DecodeError('pack has too many chunks or none');
  const chunks: PackedChunk[] = [];
  for (let i = 0; i < count; i += 1) {
    const chunk = toHex(reader.raw(32)) as ChunkId;
    const bytes = reader.bytes();
    if (bytes.length === 0 || bytes.length > limits.chunkBytesMax) throw new DecodeError('packed chunk is empty or too large');
    chunks.push({ chunk, bytes });
  }
  reader.end();
  return chunks;
}
