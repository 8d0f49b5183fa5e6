// LevelDB stores its CRC-32C values masked (util/crc32c.h), so that a checksum over bytes that hold checksums stays useful.

import { crc32c } from '../../../base/crc32c.ts';

const maskDelta = 0xa282ead8;

export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
}

/** Little endian, as everything in LevelDB's files. */
export function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}
