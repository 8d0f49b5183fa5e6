// The chain of batches: batch n writes row n and deletes row n - K in the same atomic batch, so that the rows present are exactly
// the last K unless a batch in the middle is lost. Why that finds every hole: `../DESIGN.md`. It must never repair a chain.

import { assert } from '../../../base/assert.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import { crc32c } from '../../../base/crc32c.ts';
import { limits } from '../../../base/limits.ts';
import { key } from './key-codec.ts';
import { readSeal } from './seal.ts';

/** First byte of every key of the guard; callers' keys begin with another. */
export const reservedPrefix = 0x00;
/** Second byte of the chain's rows: `q`. */
const chainPrefix = 0x71;
const rowVersion = 1;

/** A new store gets this many rows at once, so that its very first batch has a row to delete. */
export const chainRowsKept = limits.kvChainRowsKept;

export interface ChainRow {
  readonly n: number;
  /** Digest of what the batch wrote and deleted. */
  readonly batchCrc: number;
  /** `linkOf` row n - 1. */
  readonly previousLink: number;
}

/** A write as the guard hands it on: values are sealed. */
export type SealedWrite =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array };

export function chainKey(n: number): Uint8Array {
  return key(reservedPrefix).u8(chainPrefix).u64(n).finish();
}

/** All keys of chain rows: `from` <= key < `to`. */
export const chainRange = {
  from: Uint8Array.of(reservedPrefix, chainPrefix),
  to: Uint8Array.of(reservedPrefix, chainPrefix + 1),
} as const;

export function encodeChainRow(row: ChainRow): Uint8Array {
  return new ByteWriter(17).u8(rowVersion).u64(row.n).u32(row.batchCrc).u32(row.previousLink).finish();
}

/** Throws DecodeError. */
export function decodeChainRow(bytes: Uint8Array): ChainRow {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== rowVersion) throw new DecodeError('chain row of an unknown version');
  const row = { n: reader.u64(), batchCrc: reader.u32(), previousLink: reader.u32() };
  reader.end();
  return row;
}

/** What the next row remembers of this one: two histories that differ anywhere differ here. */
export function linkOf(row: ChainRow): number {
  return crc32c(encodeChainRow(row));
}

/** Over the seals of the values, which cover keys and values already, and over the deleted keys. */
export function batchCrcOf(writes: readonly SealedWrite[]): number {
  const digest = new ByteWriter(5 * writes.length + 1);
  for (const write of writes) {
    digest.u8(write.kind === 'put' ? 1 : 2).u32(write.kind === 'put' ? readSeal(write.value) : crc32c(write.key));
  }
  return crc32c(digest.finish());
}

/** The row of the batch after `previous`. */
export function nextRow(previous: ChainRow, writes: readonly SealedWrite[]): ChainRow {
  return { n: previous.n + 1, batchCrc: batchCrcOf(writes), previousLink: linkOf(previous) };
}

/** Rows 1 to K of a new store: made up, yet chained like real ones. */
export function foundingRows(): readonly ChainRow[] {
  const rows: ChainRow[] = [];
  let previous: ChainRow = { n: 0, batchCrc: 0, previousLink: 0 };
  while (rows.length < chainRowsKept) {
    previous = nextRow(previous, []);
    rows.push(previous);
  }
  return rows;
}

/** What `checkChain` found; a hole means that some batch is lost though a later one is there. */
export type ChainCheck =
  | { readonly kind: 'whole'; readonly last: ChainRow }
  | { readonly kind: 'broken'; readonly atN: number; readonly reason: 'rows-missing' | 'row-left-over' | 'link-mismatch' };

/** `rows` are all rows of the store in the order of their keys, at least one. */
export function checkChain(rows: readonly ChainRow[]): ChainCheck {
  const last = rows.at(-1);
  assert(last !== undefined, 'a chain to check has rows');
  let previous: ChainRow | undefined;
  for (const row of rows) {
    if (previous !== undefined && row.n !== previous.n + 1) {
      return { kind: 'broken', atN: previous.n + 1, reason: last.n - previous.n >= chainRowsKept ? 'row-left-over' : 'rows-missing' };
    }
    if (previous !== undefined && row.previousLink !== linkOf(previous)) return { kind: 'broken', atN: row.n, reason: 'link-mismatch' };
    previous = row;
  }
  if (rows.length === chainRowsKept) return { kind: 'whole', last };
  const reason = rows.length > chainRowsKept ? 'row-left-over' : 'rows-missing';
  return { kind: 'broken', atN: last.n - chainRowsKept + 1, reason };
}
