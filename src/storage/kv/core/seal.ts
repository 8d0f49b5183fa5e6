// How the guard stores a value: the caller's bytes, then four bytes of CRC-32C over key and value. LevelDB returns flipped
// bits as data (`raft.md` 2.3); nothing leaves the guard whose seal does not fit.

import { crc32c } from '../../../base/crc32c.ts';

export const sealBytes = 4;

export function sealValue(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(value.length + sealBytes);
  sealed.set(value);
  const crc = crc32c(value, crc32c(key));
  new DataView(sealed.buffer).setUint32(value.length, crc);
  return sealed;
}

/** The value without its seal, sharing memory; undefined when the seal does not fit. */
export function unsealValue(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const length = sealed.length - sealBytes;
  if (length < 0) return undefined;
  const value = sealed.subarray(0, length);
  return crc32c(value, crc32c(key)) === readSeal(sealed) ? value : undefined;
}

/** The checksum at the end of a sealed value, unchecked. */
export function readSeal(sealed: Uint8Array): number {
  return new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(sealed.length - sealBytes);
}
