// Keys and records of the log in LevelDB (`raft.md` 2.3; frozen). Every record is checked against its key and checksum when it is read.
//   l/<u64 first>  a block of entries          q/<u64 n>  row n of the chain of batches
//   m/seq   head: number of the last batch, end of the log, HardState; in every batch
//   m/first boundary of compaction             m/snap  the state that goes with the log            m/id  identity

import { concatBytes } from '../../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import type { ClusterId, LogIndex, Term } from '../../base/ids.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { openRecord, sealRecord } from '../../base/sealed-record.ts';
import type { HardState } from '../core/types.ts';
import { readEntry, writeEntry } from './entry-codec.ts';
import { toBlock, type FullBlock, entryBytes } from './log-blocks.ts';
import type { InstalledState, LogIdentity, LogPlace } from './log-store.ts';
import { readIncarnation, readNodeId } from './member-codec.ts';

export const recordVersion = 1;

export const keys = {
  head: encodeUtf8('m/seq'),
  boundary: encodeUtf8('m/first'),
  state: encodeUtf8('m/snap'),
  identity: encodeUtf8('m/id'),
} as const;

const blockPrefix = encodeUtf8('l/');
const rowPrefix = encodeUtf8('q/');

export const blockRange = { from: blockPrefix, to: encodeUtf8('l0') };
export const rowRange = { from: rowPrefix, to: encodeUtf8('q0') };

export function blockKey(first: LogIndex): Uint8Array {
  return concatBytes([blockPrefix, new ByteWriter(8).u64(first).finish()]);
}

export function rowKey(n: number): Uint8Array {
  return concatBytes([rowPrefix, new ByteWriter(8).u64(n).finish()]);
}

/** The end of everything: written with each batch, so that a batch lost before it shows. */
export interface Head {
  /** Number of this batch. */
  readonly seq: number;
  /** Oldest row of the chain that must still be there. */
  readonly rowFirst: number;
  readonly last: LogPlace;
  readonly hardState: HardState;
}

/** A link of the chain of batches. */
export interface Row {
  readonly n: number;
  /** Checksum over what the batch wrote and deleted. */
  readonly crc: number;
  readonly crcBefore: number;
}

export function encodeHead(head: Head): Uint8Array {
  return sealRecord(keys.head, recordVersion, (writer) => {
    writer.varint(head.seq).varint(head.rowFirst);
    writePlace(writer, head.last);
    writer.varint(head.hardState.term).varint(head.hardState.vote).varint(head.hardState.commit);
  });
}

export function decodeHead(bytes: Uint8Array): Head {
  return openRecord(keys.head, recordVersion, bytes, (reader) => ({
    seq: reader.varint(),
    rowFirst: reader.varint(),
    last: readPlace(reader),
    hardState: { term: reader.varint(), vote: reader.varint(), commit: reader.varint() },
  }));
}

export function encodeRow(row: Row): Uint8Array {
  return sealRecord(rowKey(row.n), recordVersion, (writer) => writer.varint(row.n).u32(row.crc).u32(row.crcBefore));
}

export function decodeRow(key: Uint8Array, bytes: Uint8Array): Row {
  return openRecord(key, recordVersion, bytes, (reader) => ({ n: reader.varint(), crc: reader.u32(), crcBefore: reader.u32() }));
}

export function encodeBoundary(place: LogPlace): Uint8Array {
  return sealRecord(keys.boundary, recordVersion, (writer) => writePlace(writer, place));
}

export function decodeBoundary(bytes: Uint8Array): LogPlace {
  return openRecord(keys.boundary, recordVersion, bytes, readPlace);
}

export function encodeState(state: InstalledState): Uint8Array {
  return sealRecord(keys.state, recordVersion, (writer) => writePlace(writer.text(state.folder), state.at));
}

export function decodeState(bytes: Uint8Array): InstalledState {
  return openRecord(keys.state, recordVersion, bytes, (reader) => ({ folder: reader.text(), at: readPlace(reader) }));
}

export function encodeLogIdentity(identity: LogIdentity): Uint8Array {
  return sealRecord(keys.identity, recordVersion, (writer) =>
    writer.text(identity.cluster).varint(identity.id).text(identity.incarnation).bytes(identity.founding));
}

export function decodeLogIdentity(bytes: Uint8Array): LogIdentity {
  return openRecord(keys.identity, recordVersion, bytes, (reader) => ({
    cluster: reader.text() as ClusterId,
    id: readNodeId(reader),
    incarnation: readIncarnation(reader),
    founding: reader.bytes(),
  }));
}

export function encodeBlock(block: FullBlock): Uint8Array {
  return sealRecord(blockKey(block.first), recordVersion, (writer) => {
    writer.varint(block.first).varint(block.last).varint(block.termFirst).varint(block.termLast);
    for (const entry of block.entries) writeEntry(writer, entry);
  });
}

/** Throws DecodeError unless the block is whole and is the one its key names. */
export function decodeBlock(key: Uint8Array, bytes: Uint8Array): FullBlock {
  return openRecord(key, recordVersion, bytes, (reader) => {
    const [first, last, termFirst, termLast] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
    if (last < first || last - first >= reader.remaining) throw new DecodeError('block has an impossible span');
    const entries = Array.from({ length: last - first + 1 }, (_, at) => readEntry(reader, first + at));
    const block = toBlock(entries, entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0));
    if (block.termFirst !== termFirst || block.termLast !== termLast) throw new DecodeError('terms of a block contradict its header');
    return block;
  });
}

function writePlace(writer: ByteWriter, place: LogPlace): void {
  writer.varint(place.index).varint(place.term);
}

function readPlace(reader: ByteReader): LogPlace {
  return { index: reader.varint() as LogIndex, term: reader.varint() as Term };
}
