// What entries of one group have changed so far, over a view of the state that they do not touch until all is written at once.
// An operation that is refused half-way is taken back by `rollback`, so an operation either happens whole or not at all.
// `seal` encodes what it wrote while that is still possible: a row without a stored form must not come to light in a committed entry.

import { AssertionError, mustExist } from '../../../base/assert.ts';
import { equalBytes } from '../../../base/bytes.ts';
import { bodyAt, type Key, keyHead } from './key.ts';
import type { Rows, Table, View } from './tables.ts';

/** One row of the state before and after. `undefined`: no row. */
export interface RowChange {
  readonly key: Key;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

interface Cell {
  readonly key: Key;
  readonly before: Uint8Array | undefined;
  readonly encode: (row: never) => Uint8Array;
  row: unknown;
  changed: boolean;
  /** The row as bytes, once sealed. */
  encoded: Uint8Array | undefined;
}

type Undo = Readonly<Pick<Cell, 'row' | 'changed' | 'encoded'>> & { readonly cell: Cell };

export class Draft implements Rows {
  readonly #view: View;
  readonly #heads: readonly string[];
  readonly #cells = new Map<Key, Cell>();
  #journal: Undo[] = [];

  constructor(view: View, group: number) {
    this.#view = view;
    this.#heads = keyHeads(group);
  }

  get<K, V>(table: Table<K, V>, name: K): V | undefined {
    // A cell is only ever filled through the table whose number is in its key.
    return this.#cell(table, name).row as V | undefined;
  }

  put<K, V>(table: Table<K, V>, name: NoInfer<K>, row: NoInfer<V>): void {
    this.#set(this.#cell(table, name), row);
  }

  /** `get` and `put` of one row in one look; the row must exist. */
  update<K, V>(table: Table<K, V>, name: NoInfer<K>, change: (row: V) => NoInfer<V>): void {
    const cell = this.#cell(table, name);
    this.#set(cell, change(mustExist(cell.row as V | undefined, 'an updated row exists')));
  }

  /** `put` of a row that cannot exist yet, because its number was just handed out: spares the look. */
  insert<K, V>(table: Table<K, V>, name: NoInfer<K>, row: NoInfer<V>): void {
    const key = this.#key(table, name);
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { key, before: undefined, encode: table.encode, row: undefined, changed: false, encoded: undefined };
      this.#cells.set(key, cell);
    }
    this.#set(cell, row);
  }

  remove<K, V>(table: Table<K, V>, name: NoInfer<K>): void {
    const cell = this.#cell(table, name);
    if (cell.row !== undefined) this.#set(cell, undefined);
  }

  /** Everything so far stays whatever is rolled back later. */
  savepoint(): void {
    this.#journal = [];
  }

  /** Back to the last savepoint. */
  rollback(): void {
    for (let i = this.#journal.length - 1; i >= 0; i -= 1) {
      const undo = this.#journal[i] as Undo;
      undo.cell.row = undo.row;
      undo.cell.changed = undo.changed;
      undo.cell.encoded = undo.encoded;
    }
    this.#journal = [];
  }

  /**
   * Encodes every row written since the last savepoint. `unstorable`: one of them has no stored form, and the caller must roll back.
   * Here alone a broken assertion is no end of the process: an entry that is committed would end every tracker, again at each start.
   */
  seal(): 'sealed' | 'unstorable' {
    try {
      for (const { cell } of this.#journal) encodedRow(cell);
      return 'sealed';
    } catch (error) {
      if (error instanceof AssertionError) return 'unstorable';
      throw error;
    }
  }

  /** Rows that differ from the view. */
  changes(): RowChange[] {
    const changes: RowChange[] = [];
    for (const cell of this.#cells.values()) {
      if (!cell.changed) continue;
      const after = encodedRow(cell);
      if (after === undefined && cell.before === undefined) continue;
      if (after !== undefined && cell.before !== undefined && equalBytes(after, cell.before)) continue;
      changes.push({ key: cell.key, before: cell.before, after });
    }
    return changes;
  }

  #key<K, V>(table: Table<K, V>, name: K): Key {
    return (this.#heads[table.number] as string) + table.key(name) as Key;
  }

  #cell<K, V>(table: Table<K, V>, name: K): Cell {
    const key = this.#key(table, name);
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const before = this.#view.get(key);
    const cell = { key, before, encode: table.encode, row: before === undefined ? undefined : table.decode(before), changed: false, encoded: undefined };
    this.#cells.set(key, cell);
    return cell;
  }

  #set(cell: Cell, row: unknown): void {
    this.#journal.push({ cell, row: cell.row, changed: cell.changed, encoded: cell.encoded });
    cell.row = row;
    cell.changed = true;
    cell.encoded = undefined;
  }
}

/** Undefined for a row that was removed. */
function encodedRow(cell: Cell): Uint8Array | undefined {
  if (cell.row !== undefined) cell.encoded ??= cell.encode(cell.row as never);
  return cell.encoded;
}

/** First bytes of the keys of each table of a group, by table number. */
export function keyHeads(group: number): readonly string[] {
  return ['', ...Array.from({ length: 31 }, (_, i) => keyHead(group, i + 1))];
}

/** Typed reads straight from a view, for queries. */
export function rowsOf(view: View, group: number): Rows {
  const heads = keyHeads(group);
  return {
    get: (table, name) => {
      const bytes = view.get((heads[table.number] as string) + table.key(name) as Key);
      return bytes === undefined ? undefined : table.decode(bytes);
    },
  };
}

/** Key of a row without its head: what range scans hand to name readers. */
export function bodyOf(key: Key): string {
  return key.slice(bodyAt);
}
