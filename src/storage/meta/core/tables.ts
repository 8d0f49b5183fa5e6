// The tables of the state: number, key and value format of each. Numbers are frozen (docs/formats.md); a new table takes the next one.
// A table knows no rule of the file system; it only turns typed rows into keys and bytes and back.

import type { Key } from './key.ts';

export const tableNumbers = {
  /** Where this copy of the state stands. Not hashed: it holds what Raft says, not what apply did. */
  progress: 1,
  /** State hash of each range. Not hashed. */
  hash: 2,
  facts: 3,
  session: 4,
  outcomes: 5,
  dirent: 6,
  inode: 7,
  standing: 8,
  content: 9,
  contentCount: 10,
  contentIndex: 11,
  history: 12,
  change: 13,
  detached: 14,
  page: 15,
  pageCount: 16,
  chunk: 17,
  slice: 18,
  classRow: 19,
  partition: 20,
  feed: 21,
  unreferenced: 22,
  condemned: 23,
  upload: 24,
  staged: 25,
  seeder: 26,
  seederName: 27,
  horizonMark: 28,
} as const;

export const firstHashedTable = tableNumbers.facts;

/** One table: rows of type V named by K. */
export interface Table<K, V> {
  readonly number: number;
  /** Body of the key, after group and table. */
  readonly key: (name: K) => string;
  readonly encode: (row: V) => Uint8Array;
  /** Throws DecodeError on bytes that `encode` does not write. */
  readonly decode: (bytes: Uint8Array) => V;
}

/** Typed reads; the same resolvers and checks run in apply (a draft) and in queries (a pin). */
export interface Rows {
  get<K, V>(table: Table<K, V>, name: K): V | undefined;
}

/** Raw reads of the state that a draft lies over. Synchronous. */
export interface View {
  get(key: Key): Uint8Array | undefined;
}
