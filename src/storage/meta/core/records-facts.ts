// Rows that exist once: what the cluster is, its clock, its counters and settings.

import { type ByteReader, type ByteWriter, DecodeError } from '../../../base/codec.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { ClusterAge, ClusterId, LogIndex } from '../../../base/ids.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { openRecord, readClassCode, readHexText, record } from './record-parts.ts';
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
