// Records of the cluster itself: facts and counters that exist once, sessions with their outcomes, seeders, marks of time, changes.

import { type ByteReader, type ByteWriter, DecodeError } from '../../../base/codec.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { ClusterAge, ClusterId, Incarnation, Ino, LogIndex, NodeName, SeederId, SessionId, WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { SeederInfo, SeederState } from '../../../model/layout.ts';
import type { OperationId, OperationKind, Outcome } from '../../../model/operation.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { u16, u32, u64, utf8 } from './key.ts';
import { operationKinds } from './operation-codec.ts';
import { decodeOutcomes, encodeOutcomes } from './outcome-codec.ts';
import {
  openRecord, readClassCode, readHexText, readHexField, readSigned, readVariant, record, writeHex, writeSigned, type Since,
} from './record-parts.ts';
import type { RecordName } from './records-names.ts';
import { configNames, defaultSettings, isConfigName, type Settings, withSetting } from './settings.ts';
import { type Table, tableNumbers } from './tables.ts';

/** Name of a row that exists once in its group. */
export type Only = 'only';

function factTable<V>(id: number, write: (writer: ByteWriter, row: V) => void, read: (reader: ByteReader) => V): Table<Only, V> {
  return {
    number: tableNumbers.facts,
    key: () => String.fromCharCode(id),
    encode: (row) => {
      const writer = record(48);
      write(writer, row);
      return writer.finish();
    },
    decode: (bytes) => {
      const reader = openRecord(bytes);
      const row = read(reader);
      reader.end();
      return row;
    },
  };
}

export interface FoundedFact {
  readonly cluster: ClusterId;
  readonly level: number;
}

export const foundedFact = factTable<FoundedFact>(
  1,
  (writer, row) => writer.text(row.cluster).varint(row.level),
  (reader) => ({ cluster: readHexText(reader, 64) as ClusterId, level: reader.varint() }),
);

/** Largest cluster age of an applied entry. */
export const clockFact = factTable<ClusterAge>(2, (writer, row) => writer.varint(row), (reader) => reader.varint() as ClusterAge);

/** Next numbers to hand out; none is ever handed out twice. */
export interface AllocatorsFact {
  readonly ino: number;
  readonly content: number;
  readonly seeder: number;
}

export const allocatorsFact = factTable<AllocatorsFact>(
  3,
  (writer, row) => writer.varint(row.ino).varint(row.content).varint(row.seeder),
  (reader) => ({ ino: reader.varint(), content: reader.varint(), seeder: reader.varint() }),
);

export interface CountsFact {
  readonly sessions: number;
  readonly uploads: number;
}

export const countsFact = factTable<CountsFact>(
  4,
  (writer, row) => writer.varint(row.sessions).varint(row.uploads),
  (reader) => ({ sessions: reader.varint(), uploads: reader.varint() }),
);

/** Events at or before `trimmedThrough` are gone. */
export interface FeedFact {
  readonly events: number;
  readonly trimmedThrough: LogIndex;
}

export const feedFact = factTable<FeedFact>(
  5,
  (writer, row) => writer.varint(row.events).varint(row.trimmedThrough),
  (reader) => ({ events: reader.varint(), trimmedThrough: reader.varint() as LogIndex }),
);

/** `version`: index of the last change of lists or seeders. `classes`: those that have a layout, in order of creation. */
export interface LayoutFact {
  readonly version: LogIndex;
  readonly classes: readonly ClassCode[];
}

export const layoutFact = factTable<LayoutFact>(
  6,
  (writer, row) => {
    writer.varint(row.version).varint(row.classes.length);
    for (const classCode of row.classes) writer.u16(classCode);
  },
  (reader) => ({
    version: reader.varint() as LogIndex,
    classes: Array.from({ length: reader.count(2) }, () => readClassCode(reader)),
  }),
);

export const settingsFact = factTable<Settings>(
  7,
  (writer, row) => {
    const values = [row.defaultClass, String(row.inlineBytes), String(row.historyAgeMs), String(row.collectGraceMs)];
    writer.varint(configNames.length);
    configNames.forEach((name, i) => writer.text(name).text(values[i] ?? ''));
  },
  (reader) => {
    let settings = defaultSettings;
    for (let left = reader.count(2); left > 0; left -= 1) {
      const name = reader.text();
      const value = reader.text();
      settings = storedSetting(settings, name, value);
    }
    return settings;
  },
);

function storedSetting(settings: Settings, name: string, value: string): Settings {
  if (!isConfigName(name)) throw new DecodeError('unknown setting');
  try {
    return withSetting(settings, name, value);
  } catch (cause) {
    if (isOffshoreError(cause)) throw new DecodeError('setting out of range');
    throw cause;
  }
}

/** Horizon marks exist for the hours below `hours` that are not older than the horizon. */
export const horizonFact = factTable<number>(8, (writer, row) => writer.varint(row), (reader) => reader.varint());

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

/** One row an operation that changed the namespace: serves `log`, `watch`, `undo` and pruning. `records` name every versioned record it wrote. */
export interface ChangeRow {
  readonly operation: OperationId;
  readonly user: string;
  readonly wallMs: WallMillis;
  readonly what: OperationKind;
  readonly ino: Ino;
  readonly paths: readonly string[];
  readonly records: readonly RecordName[];
}

export const changeTable: Table<Since, ChangeRow> = {
  number: tableNumbers.change,
  key: (name) => u64(name.index) + u32(name.position),
  encode: encodeChange,
  decode: decodeChange,
};

function encodeChange(row: ChangeRow): Uint8Array {
  const writer = record(160);
  writeHex(writer, row.operation);
  writer.text(row.user);
  writeSigned(writer, row.wallMs);
  writer.u8(operationKinds.indexOf(row.what)).varint(row.ino).varint(row.paths.length);
  for (const path of row.paths) writer.text(path);
  writer.varint(row.records.length);
  for (const each of row.records) {
    if (each.kind === 'inode') writer.u8(0).varint(each.ino);
    else writer.u8(1).varint(each.parent).text(each.name);
  }
  return writer.finish();
}

function decodeChange(bytes: Uint8Array): ChangeRow {
  const reader = openRecord(bytes);
  const head = {
    operation: readHexField(reader, 16) as OperationId, user: reader.text(), wallMs: readSigned(reader) as WallMillis,
    what: readVariant(reader, operationKinds), ino: reader.varint() as Ino,
  };
  const paths = Array.from({ length: reader.count() }, () => reader.text());
  const records = Array.from({ length: reader.count(2) }, () => readRecordName(reader));
  reader.end();
  return { ...head, paths, records };
}

function readRecordName(reader: ByteReader): RecordName {
  const kind = readVariant(reader, ['inode', 'dirent'] as const);
  if (kind === 'inode') return { kind, ino: reader.varint() as Ino };
  return { kind, parent: reader.varint() as Ino, name: reader.text() };
}

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
