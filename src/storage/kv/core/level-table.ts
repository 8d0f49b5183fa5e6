// LevelDB's table files (doc/table_format.md): compares the checksum of every block. LevelDB itself does not, and no option of
// classic-level makes it: a flipped bit in a key, in an index or in a Bloom filter makes rows absent without any error.

import { ByteReader, DecodeError } from '../../../base/codec.ts';
import { GiB } from '../../../base/limits.ts';
import { maskedCrc, readU32 } from './level-checksum.ts';
import { snappyDecompress } from './snappy.ts';

const footerBytes = 48;
/** Behind each block: a byte that says how it is compressed, and the checksum over block and that byte. */
const trailerBytes = 5;
const magic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);

interface BlockHandle {
  readonly offset: number;
  readonly bytes: number;
}

/** Throws DecodeError where the file is not what LevelDB wrote. Every byte is looked at. */
export function checkTable(file: Uint8Array): void {
  if (file.length < footerBytes) throw new DecodeError('table is shorter than its footer');
  const { metaIndex, index } = readFooter(file.subarray(file.length - footerBytes));
  const blocks = [index, metaIndex];
  for (const handle of [index, metaIndex]) blocks.push(...handlesIn(mustReadBlock(file, handle)));
  for (const handle of blocks.slice(2)) mustCheckBlock(file, handle);
  const covered = blocks.reduce((sum, { bytes }) => sum + bytes + trailerBytes, footerBytes);
  if (covered !== file.length) throw new DecodeError('blocks do not cover the table');
}

function readFooter(footer: Uint8Array): { metaIndex: BlockHandle; index: BlockHandle } {
  const reader = new ByteReader(footer);
  const metaIndex = readHandle(reader);
  const index = readHandle(reader);
  const padding = reader.raw(reader.remaining - magic.length);
  if (padding.some((byte) => byte !== 0)) throw new DecodeError('padding of the footer is not zero');
  if (magic.some((byte) => byte !== reader.u8())) throw new DecodeError('table does not end as tables do');
  return { metaIndex, index };
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), bytes: reader.varint() };
}

/** Checks one block; returns it with its trailer. */
function mustCheckBlock(file: Uint8Array, { offset, bytes }: BlockHandle): Uint8Array {
  const end = offset + bytes + trailerBytes;
  if (end > file.length - footerBytes) throw new DecodeError('block lies outside the table');
  if (readU32(file, end - 4) !== maskedCrc(file.subarray(offset, end - 4))) throw new DecodeError('checksum of a block differs');
  return file.subarray(offset, end);
}

function mustReadBlock(file: Uint8Array, handle: BlockHandle): Uint8Array {
  const block = mustCheckBlock(file, handle);
  const contents = block.subarray(0, handle.bytes);
  const compression = block[handle.bytes];
  if (compression === 0) return contents;
  if (compression === 1) return snappyDecompress(contents, GiB);
  throw new DecodeError('block is compressed in an unknown way');
}

/** The values of an index block are handles of other blocks. */
function handlesIn(block: Uint8Array): readonly BlockHandle[] {
  if (block.length < 4) throw new DecodeError('index block is too short');
  const restarts = readU32(block, block.length - 4);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new DecodeError('index block has more restarts than bytes');
  const reader = new ByteReader(block.subarray(0, end));
  const handles: BlockHandle[] = [];
  while (reader.remaining > 0) {
    reader.varint();
    const keyBytes = reader.varint();
    const valueBytes = reader.varint();
    reader.raw(keyBytes);
    handles.push(readHandle(new ByteReader(reader.raw(valueBytes))));
  }
  return handles;
}
