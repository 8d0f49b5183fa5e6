// Whole states on the move: a pinned state page by page, and a received one checked against its own state hash before it may be opened.
// The hash covers every row, so a missing, doubled or altered one shows; progress is compared with what Raft expects.

import { compareBytes, equalBytes } from '../../base/bytes.ts';
import { DecodeError } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { Kv, KvEntry, KvPin, KvReader } from '../kv/kv.ts';
import type { StatePin, StateProgress, StateStaging } from '../state-machine.ts';
import { keyHeads } from './core/draft.ts';
import { tableAt, toBytes } from './core/key.ts';
import { progressTable } from './core/records-local.ts';
import { addRow, emptySums, hashKey, hasTable, rangeCount, type RangeSums, sumBytes } from './core/state-hash.ts';
import { firstHashedTable } from './core/tables.ts';
import { loadSums } from './stored-hash.ts';

const pageEntriesMax = 10_000;

export function pinState(kv: Kv, state: { readonly group: number; readonly progress: StateProgress }): StatePin {
  const pin: KvPin = kv.pin();
  return {
    progress: state.progress,
    page: (after, bytesMax) => pin.page(after === undefined ? {} : { from: behind(after) }, { entries: pageEntriesMax, bytes: bytesMax }),
    release: () => pin.release(),
  };
}

/** Adds the rows to the sums of what they should add up to. */
export function sumEntries(sums: RangeSums, entries: readonly KvEntry[]): void {
  for (const entry of entries) {
    if (hasTable(entry.key) && (entry.key[tableAt] as number) >= firstHashedTable) addRow(sums, hashKey(entry.key), entry.value);
  }
}

/** Ranges whose stored hash is not that of their rows; reads everything, page by page. */
export async function damagedRanges(reader: KvReader, group: number): Promise<readonly number[]> {
  const sums = emptySums();
  let after: Uint8Array | undefined;
  for (;;) {
    const entries = await reader.page(after === undefined ? {} : { from: behind(after) }, { entries: pageEntriesMax, bytes: 1 << 20 });
    const last = entries.at(-1);
    if (last === undefined) break;
    sumEntries(sums, entries);
    after = last.key;
  }
  return differing(sums, await loadSums(reader, group));
}

function differing(computed: RangeSums, stored: RangeSums): number[] {
  const ranges = Array.from({ length: rangeCount }, (_, range) => range);
  return ranges.filter((range) => !equalBytes(sumBytes(computed, range), sumBytes(stored, range)));
}

export interface MetaStagingDeps {
  readonly kv: Kv;
  readonly remove: () => Promise<void>;
  /** Makes the name of the folder durable. */
  readonly syncName: () => Promise<void>;
}

/** Receives rows in key order into a fresh store. */
export class MetaStaging implements StateStaging {
  readonly #kv: Kv;
  readonly #group: number;
  readonly #remove: () => Promise<void>;
  readonly #syncName: () => Promise<void>;
  readonly #sums = emptySums();
  #last: Uint8Array | undefined;

  constructor(options: { readonly group: number }, deps: MetaStagingDeps) {
    this.#group = options.group;
    this.#kv = deps.kv;
    this.#remove = deps.remove;
    this.#syncName = deps.syncName;
  }

  async put(entries: readonly KvEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#last !== undefined && compareBytes(entry.key, this.#last) <= 0) throw damaged('rows out of order');
      this.#last = entry.key;
    }
    sumEntries(this.#sums, entries);
    await this.#kv.write(entries.map((entry) => ({ kind: 'put', ...entry })), 'unsynced');
  }

  async seal(expected: StateProgress): Promise<void> {
    const wrong = differing(this.#sums, await loadSums(this.#kv, this.#group));
    if (wrong.length > 0) throw damaged(`${wrong.length} ranges differ from their hash`);
    this.#checkProgress(expected);
    await this.#kv.flush();
    await this.#kv.close();
    // Before the log names it as the current state: a power loss could take the whole folder.
    await this.#syncName();
  }

  async discard(): Promise<void> {
    await this.#kv.close();
    await this.#remove();
  }

  #checkProgress(expected: StateProgress): void {
    const bytes = this.#kv.get(toBytes(keyHeads(this.#group)[progressTable.number] as string));
    if (bytes === undefined) throw damaged('no progress');
    try {
      const found = progressTable.decode(bytes);
      if (found.index === expected.index && found.term === expected.term && equalBytes(found.confState, expected.confState)) return;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    throw damaged('progress is not what was announced');
  }
}

function damaged(reason: string): OffshoreError {
  return new OffshoreError('state-damaged', { reason });
}

function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
