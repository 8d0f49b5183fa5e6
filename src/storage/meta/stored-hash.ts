// The state hash beside the state: kept in memory, and of each touched range in the same batch as the rows that changed it.

import { assert } from '../../base/assert.ts';
import { toHex } from '../../base/bytes.ts';
import type { Kv, KvReader, KvWrite } from '../kv/kv.ts';
import type { RowChange } from './core/draft.ts';
import { keyHead, tableAt, toBytes } from './core/key.ts';
import { hashTable } from './core/records-local.ts';
import { addRow, emptySums, hashKey, rangeCount, type RangeSums, removeRow, setSum, sumBytes, totalBytes } from './core/state-hash.ts';
import { firstHashedTable } from './core/tables.ts';

export class StoredHash {
  readonly #group: number;
  readonly #sums: RangeSums;
  readonly #touched = new Set<number>();

  private constructor(group: number, sums: RangeSums) {
    this.#group = group;
    this.#sums = sums;
  }

  static async load(kv: Kv, group: number): Promise<StoredHash> {
    return new StoredHash(group, await loadSums(kv, group));
  }

  note(key: Uint8Array, change: RowChange): void {
    assert((key[tableAt] as number) >= firstHashedTable, 'apply writes hashed tables only');
    const row = hashKey(key);
    if (change.before !== undefined) removeRow(this.#sums, row, change.before);
    if (change.after !== undefined) addRow(this.#sums, row, change.after);
    this.#touched.add(row.range);
  }

  /** All ranges added up, 32 hex digits: equal states have equal totals. */
  total(): string {
    return toHex(totalBytes(this.#sums));
  }

  /** Rows of the ranges touched since the last call. An empty range has no row, so that equal states have equal rows. */
  takeWrites(): KvWrite[] {
    const writes = [...this.#touched].map((range): KvWrite => {
      const key = rangeKey(this.#group, range);
      const value = sumBytes(this.#sums, range);
      return value.every((byte) => byte === 0) ? { kind: 'delete', key } : { kind: 'put', key, value };
    });
    this.#touched.clear();
    return writes;
  }
}

/** Sums as they are stored; a range without a row is empty. */
export async function loadSums(reader: KvReader, group: number): Promise<RangeSums> {
  const sums = emptySums();
  const keys = Array.from({ length: rangeCount }, (_, range) => rangeKey(group, range));
  const values = await reader.getMany(keys);
  values.forEach((value, range) => {
    if (value !== undefined) setSum(sums, range, value);
  });
  return sums;
}

function rangeKey(group: number, range: number): Uint8Array {
  return toBytes(keyHead(group, hashTable.number) + hashTable.key(range));
}
