// The hash by which trackers compare states: per range the sum of one 128-bit hash a row, so that a write costs two hashes whatever the size.
// A row's hash is MurmurHash3_x86_128 (Appleby, 2011) over the value, seeded by the same over the key; lanes add modulo 2^32.
// It finds bugs and broken memory, not malice: sums of a fast hash can be forged.

import { bodyAt, tableAt } from './key.ts';

export const rangeCount = 1024;
const bucketsPerTable = 32;

/** Four 32-bit lanes a range, in one array. */
export type RangeSums = Uint32Array;

export function emptySums(): RangeSums {
  return new Uint32Array(rangeCount * 4);
}

type Lanes = readonly [number, number, number, number];

export interface RowHash {
  readonly range: number;
  readonly key: Lanes;
}

/** A range is one table's rows in one of 32 buckets by hash of the key: a difference names the table at once, and ranges stay even. */
export function hashKey(key: Uint8Array): RowHash {
  const lanes = murmur128(key, [0, 0, 0, 0]);
  const table = key[tableAt] ?? 0;
  return { range: (table % bucketsPerTable) * bucketsPerTable + (lanes[0] & (bucketsPerTable - 1)), key: lanes };
}

export function addRow(sums: RangeSums, row: RowHash, value: Uint8Array): void {
  const lanes = murmur128(value, row.key);
  for (let lane = 0; lane < 4; lane += 1) sums[row.range * 4 + lane] = (sums[row.range * 4 + lane] as number) + (lanes[lane] as number);
}

export function removeRow(sums: RangeSums, row: RowHash, value: Uint8Array): void {
  const lanes = murmur128(value, row.key);
  for (let lane = 0; lane < 4; lane += 1) sums[row.range * 4 + lane] = (sums[row.range * 4 + lane] as number) - (lanes[lane] as number);
}

/** The 16 bytes kept for a range. */
export function sumBytes(sums: RangeSums, range: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let lane = 0; lane < 4; lane += 1) view.setUint32(lane * 4, sums[range * 4 + lane] as number);
  return bytes;
}

/** The sum over all ranges, 16 bytes. */
export function totalBytes(sums: RangeSums): Uint8Array {
  const total = new Uint32Array(4);
  for (let at = 0; at < sums.length; at += 1) total[at & 3] = (total[at & 3] as number) + (sums[at] as number);
  return sumBytes(total, 0);
}

export function setSum(sums: RangeSums, range: number, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  for (let lane = 0; lane < 4; lane += 1) sums[range * 4 + lane] = view.getUint32(lane * 4);
}

/** Keys shorter than a head belong to no table; nothing in a state is. */
export function hasTable(key: Uint8Array): boolean {
  return key.length >= bodyAt;
}

const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

/** Up to four bytes of the tail, zero beyond the end. */
function tailWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function murmur128(bytes: Uint8Array, seed: Lanes): Lanes {
  let [h1, h2, h3, h4] = seed;
  const length = bytes.length;
  const whole = length - (length & 15);
  for (let at = 0; at < whole; at += 16) {
    h1 ^= Math.imul(rotate(Math.imul(word(bytes, at), c1), 15), c2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(word(bytes, at + 4), c2), 16), c3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(word(bytes, at + 8), c3), 17), c4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(word(bytes, at + 12), c4), 18), c1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h4 ^= Math.imul(rotate(Math.imul(tailWord(bytes, whole + 12), c4), 18), c1);
  h3 ^= Math.imul(rotate(Math.imul(tailWord(bytes, whole + 8), c3), 17), c4);
  h2 ^= Math.imul(rotate(Math.imul(tailWord(bytes, whole + 4), c2), 16), c3);
  h1 ^= Math.imul(rotate(Math.imul(tailWord(bytes, whole), c1), 15), c2);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return [h1 >>> 0, (h2 + h1) >>> 0, (h3 + h1) >>> 0, (h4 + h1) >>> 0];
}
