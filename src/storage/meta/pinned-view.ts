// A pinned state as typed rows and typed scans, at one index. What queries read; never the live store, whose next batch may land in between.

import { afterPrefix } from '../../base/bytes.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex } from '../../base/ids.ts';
import type { KvEntry, KvReader } from '../kv/kv.ts';
import { keyHeads } from './core/draft.ts';
import { bodyAt, fromBytes, toBytes } from './core/key.ts';
import { foundedFact } from './core/records-facts.ts';
import { progressTable } from './core/records-local.ts';
import type { Rows, Table } from './core/tables.ts';

/** Bodies of keys: `from` included, `to` excluded, all of the table where absent. */
export interface ScanRange {
  readonly from?: string;
  readonly to?: string;
  readonly order?: 'ascending' | 'descending';
}

export interface ScannedRow<V> {
  /** The key behind group and table. */
  readonly body: string;
  readonly row: V;
}

export interface PinnedView extends Rows {
  readonly index: LogIndex;
  scan<K, V>(table: Table<K, V>, range: ScanRange, limit: number): Promise<readonly ScannedRow<V>[]>;
  getMany<K, V>(table: Table<K, V>, names: readonly K[]): Promise<readonly (V | undefined)[]>;
}

export function pinnedView(reader: KvReader, group: number): PinnedView {
  const heads = keyHeads(group);
  const keyOf = <K, V>(table: Table<K, V>, name: K): Uint8Array => toBytes((heads[table.number] as string) + table.key(name));
  const get = <K, V>(table: Table<K, V>, name: K): V | undefined => {
    const bytes = reader.get(keyOf(table, name));
    return bytes === undefined ? undefined : table.decode(bytes);
  };
  return {
    index: get(progressTable, 'only')?.index ?? 0 as LogIndex,
    get,
    getMany: async (table, names) => {
      const found = await reader.getMany(names.map((name) => keyOf(table, name)));
      return found.map((bytes) => (bytes === undefined ? undefined : table.decode(bytes)));
    },
    scan: async (table, range, limit) => {
      const head = heads[table.number] as string;
      const end = range.to === undefined ? afterPrefix(toBytes(head)) : toBytes(head + range.to);
      const bounds = { from: toBytes(head + (range.from ?? '')), ...(end === undefined ? {} : { to: end }), order: range.order ?? 'ascending' };
      const entries: readonly KvEntry[] = limit <= 0 ? [] : await reader.page(bounds, { entries: limit });
      return entries.map((entry) => ({ body: fromBytes(entry.key).slice(bodyAt), row: table.decode(entry.value) }));
    },
  };
}

/** Smallest body above every body that starts with the prefix; undefined when there is none. */
export function bodyAfter(prefix: string): string | undefined {
  const after = afterPrefix(toBytes(prefix));
  return after === undefined ? undefined : fromBytes(after);
}

/** Smallest body above exactly this one. */
export function bodyBehind(body: string): string {
  return `${body}\0`;
}

/** Throws `starting` while the state has not been founded. */
export function mustBeFounded(view: Rows): void {
  if (view.get(foundedFact, 'only') === undefined) throw new OffshoreError('starting');
}
