// Records of the cluster's members and clients: sessions with their outcomes, seeders, marks of time.

import type { ByteReader, ByteWriter } from '../../../base/codec.ts';
import type { ClusterAge, Incarnation, LogIndex, NodeName, SeederId, SessionId } from '../../../base/ids.ts';
import type { SeederInfo, SeederState } from '../../../model/layout.ts';
import type { Outcome } from '../../../model/operation.ts';
import { u32, u64, utf8 } from './key.ts';
import { decodeOutcomes, encodeOutcomes } from './outcome-codec.ts';
import { openRecord, readHexText, readVariant, record } from './record-parts.ts';
import { type Table, tableNumbers } from './tables.ts';

/** Hour of cluster age → index of the first entry applied in or after it. */
export const horizonMarkTable: Table<number, LogIndex> = {
  number: tableNumbers.horizonMark,
  key: (hour) => u64(hour),
  encode: (index) => record(10).varint(index).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const index = reader.varint() as LogIndex;
    reader.end();
    return index;
  },
};

/** Sequences [first, first + count) of one batch, whose outcomes are one row. */
export interface SequenceRange {
  readonly first: number;
  readonly count: number;
}

export interface SessionRow {
  readonly user: string;
  readonly used: ClusterAge;
  readonly firstUnacked: number;
  /** In order; what may still be asked again. */
  readonly ranges: readonly SequenceRange[];
}

export const sessionTable: Table<SessionId, SessionRow> = {
  number: tableNumbers.session,
  key: (session) => u64(session),
  encode: (row) => {
    const writer = record(64).text(row.user).varint(row.used).varint(row.firstUnacked).varint(row.ranges.length);
    for (const range of row.ranges) writer.varint(range.first).varint(range.count);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const head = { user: reader.text(), used: reader.varint() as ClusterAge, firstUnacked: reader.varint() };
    const ranges = Array.from({ length: reader.count(2) }, () => ({ first: reader.varint(), count: reader.varint() }));
    reader.end();
    return { ...head, ranges };
  },
};

export const outcomesTable: Table<{ readonly session: SessionId; readonly first: number }, readonly Outcome[]> = {
  number: tableNumbers.outcomes,
  key: (name) => u64(name.session) + u64(name.first),
  encode: encodeOutcomes,
  decode: decodeOutcomes,
};

const seederStates = ['up', 'down', 'maintenance', 'draining', 'removed'] as const satisfies readonly SeederState[];

export function writeSeederState(writer: ByteWriter, state: SeederState): void {
  writer.u8(seederStates.indexOf(state));
}

export function readSeederState(reader: ByteReader): SeederState {
  return readVariant(reader, seederStates);
}

export const seederTable: Table<SeederId, SeederInfo> = {
  number: tableNumbers.seeder,
  key: (seeder) => u32(seeder),
  encode: (row) => {
    const writer = record(128).varint(row.id).text(row.name).text(row.incarnation).text(row.url).text(row.zone).text(row.host).varint(row.capacityBytes);
    writeSeederState(writer, row.state);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const row = {
      id: reader.varint() as SeederId, name: reader.text() as NodeName, incarnation: readHexText(reader, 32) as Incarnation, url: reader.text(),
      zone: reader.text(), host: reader.text(), capacityBytes: reader.varint(), state: readSeederState(reader),
    };
    reader.end();
    return row;
  },
};

/** The seeder that has a name now; removed ones keep their number, not their name. */
export const seederNameTable: Table<NodeName, SeederId> = {
  number: tableNumbers.seederName,
  key: (name) => utf8(name),
  encode: (seeder) => record(4).varint(seeder).finish(),
  decode: (bytes) => {
    const reader = openRecord(bytes);
    const seeder = reader.varint() as SeederId;
    reader.end();
    return seeder;
  },
};
