// Digests of sets of chunks: sums modulo 2^128 of one hash a member, so that adding and removing cost one hash and no order
// matters. Trackers (live chunks) and seeders (held and live chunks) must compute exactly the same. Frozen: docs/formats.md.

import { assert } from '../base/assert.ts';
import { fromHex, isHex } from '../base/bytes.ts';
import type { ClusterId } from '../base/ids.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import type { ChunkKey, Sha256 } from './chunk.ts';

/** A number below 2^128 as four 32-bit words, most significant first. */
export type InventoryDigest = readonly [number, number, number, number];

export const zeroDigest: InventoryDigest = [0, 0, 0, 0];
export const digestBytes = 16;

const word = 0x1_0000_0000;

/** The salt of a cluster, encoded once: equal chunks of two clusters have unrelated terms. */
export function digestSalt(cluster: ClusterId): Uint8Array {
  return encodeUtf8(cluster);
}

/** What one chunk adds: the first 16 bytes of SHA-256 over salt, class code (u16), chunk id (32 bytes), shard (u8). */
export function digestTerm(member: ChunkKey & { readonly salt: Uint8Array }, sha256: Sha256): InventoryDigest {
  const name = new Uint8Array(35);
  name[0] = member.classCode >>> 8;
  name[1] = member.classCode & 255;
  name.set(fromHex(member.chunk), 2);
  name[34] = member.shard;
  return digestFromBytes(sha256([member.salt, name]));
}

export function addToDigest(digest: InventoryDigest, term: InventoryDigest): InventoryDigest {
  const d = digest[3] + term[3];
  const c = digest[2] + term[2] + (d >= word ? 1 : 0);
  const b = digest[1] + term[1] + (c >= word ? 1 : 0);
  const a = digest[0] + term[0] + (b >= word ? 1 : 0);
  return [a % word, b % word, c % word, d % word];
}

export function subtractFromDigest(digest: InventoryDigest, term: InventoryDigest): InventoryDigest {
  const d = digest[3] - term[3];
  const c = digest[2] - term[2] - (d < 0 ? 1 : 0);
  const b = digest[1] - term[1] - (c < 0 ? 1 : 0);
  const a = digest[0] - term[0] - (b < 0 ? 1 : 0);
  return [(a + word) % word, (b + word) % word, (c + word) % word, (d + word) % word];
}

/** The first 16 bytes as a big-endian number. */
export function digestFromBytes(bytes: Uint8Array): InventoryDigest {
  assert(bytes.length >= digestBytes, 'a digest has 16 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, digestBytes);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

export function digestToBytes(digest: InventoryDigest): Uint8Array {
  const bytes = new Uint8Array(digestBytes);
  const view = new DataView(bytes.buffer);
  digest.forEach((part, i) => view.setUint32(4 * i, part));
  return bytes;
}

/** 32 lower-case hex digits. */
export function formatDigest(digest: InventoryDigest): string {
  return digest.map((part) => part.toString(16).padStart(8, '0')).join('');
}

/** Undefined when the text is not 32 lower-case hex digits. */
export function parseDigest(text: string): InventoryDigest | undefined {
  return isHex(text, 32) ? digestFromBytes(fromHex(text)) : undefined;
}
