// Decompression of Snappy's raw format (google/snappy, format_description.txt): LevelDB compresses blocks with it.
// Input is checked by a checksum first; what does not decode all the same is a DecodeError.

import { ByteReader, DecodeError } from '../../../base/codec.ts';

export function snappyDecompress(compressed: Uint8Array, bytesMax: number): Uint8Array {
  const reader = new ByteReader(compressed);
  const length = reader.varint();
  if (length > bytesMax) throw new DecodeError('compressed block is larger than allowed');
  const output = new Uint8Array(length);
  let at = 0;
  while (reader.remaining > 0) {
    const tag = reader.u8();
    if ((tag & 3) === 0) {
      const bytes = reader.raw(literalLength(tag, reader));
      if (at + bytes.length > length) throw new DecodeError('compressed block is longer than it says');
      output.set(bytes, at);
      at += bytes.length;
    } else {
      at = copyBack(output, at, copyOf(tag, reader));
    }
  }
  if (at !== length) throw new DecodeError('compressed block is shorter than it says');
  return output;
}

/** Up to 60 in the tag, else in one to four bytes behind it. */
function literalLength(tag: number, reader: ByteReader): number {
  const code = tag >> 2;
  return 1 + (code < 60 ? code : littleEndian(reader, code - 59));
}

interface Copy {
  readonly offset: number;
  readonly length: number;
}

function copyOf(tag: number, reader: ByteReader): Copy {
  if ((tag & 3) === 1) return { length: 4 + ((tag >> 2) & 7), offset: ((tag >> 5) << 8) | reader.u8() };
  return { length: 1 + (tag >> 2), offset: littleEndian(reader, (tag & 3) === 2 ? 2 : 4) };
}

/** Byte by byte: a copy may reach into what it writes itself. */
function copyBack(output: Uint8Array, at: number, { offset, length }: Copy): number {
  if (offset === 0 || offset > at || at + length > output.length) throw new DecodeError('compressed block copies from outside');
  for (let i = at; i < at + length; i += 1) output[i] = output[i - offset] as number;
  return at + length;
}

function littleEndian(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i += 1) value += reader.u8() * 2 ** (8 * i);
  return value;
}
