// Rows that describe this copy of the state and are no part of it: progress in Raft's words, and the state hash.

import { DecodeError } from '../../../base/codec.ts';
import type { LogIndex } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { u16 } from './key.ts';
import { openRecord, record } from './record-parts.ts';
import type { Only } from './records-facts.ts';
import { type Table, tableNumbers } from './tables.ts';

/** Not hashed: where this copy of the state stands, in Raft's words. */
export interface ProgressRow {
  readonly index: LogIndex;
  readonly term: number;
  readonly confState: Uint8Array;
}

export const progressTable: Table<Only, ProgressRow> = {
  number: tableNumbers.progress,
  key: () => '',
  encode: (row) => record(64).varint(row.index).varint(row.term).bytes(row.confState).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = { index: reader.varint() as LogIndex, term: reader.varint(), confState: reader.bytes() };
    reader.end();
    if (row.confState.length > limits.entryBytesMax) throw new DecodeError('configuration is larger than an entry');
    return row;
  },
};

/** Not hashed: state hash of each range (`state-hash.ts`), 16 bytes without a format byte. */
export const hashTable: Table<number, Uint8Array> = {
  number: tableNumbers.hash,
  key: (range) => u16(range),
  encode: (row) => row,
  decode: (bytes) => {
    if (bytes.length !== 16) throw new DecodeError('a range hash has 16 bytes');
    return bytes;
  },
};
