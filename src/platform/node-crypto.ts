// Hashes and secrets of the running process, from node:crypto.

import { createHash, randomBytes } from 'node:crypto';
import type { Incarnation } from '../base/ids.ts';

/** SHA-256 over the parts one after the other; 32 bytes. */
export function sha256Of(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** 128 random bits from the operating system. */
export function drawIncarnation(): Incarnation {
  return randomBytes(16).toString('hex') as Incarnation;
}
