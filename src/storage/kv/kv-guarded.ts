// Decorator of the key-value port: seals every value and chains every batch, so that what LevelDB loses or alters in silence is
// found when the store is opened or the value is read. It must never repair, skip or hide damage: the owner fetches the state anew.

import { assert } from '../../base/assert.ts';
import { compareBytes, toHex } from '../../base/bytes.ts';
import { DecodeError } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import {
  chainKey, chainRange, chainRowsKept, checkChain, decodeChainRow, encodeChainRow, foundingRows, nextRow, reservedPrefix,
  type ChainRow, type SealedWrite,
} from './core/batch-chain.ts';
import { sealValue, unsealValue } from './core/seal.ts';
import type { Kv, KvDurability, KvEntry, KvPageLimit, KvPin, KvRange, KvReader, KvWrite, OpenKv } from './kv.ts';
import { WriteQueue, type WriteGroup } from './write-queue.ts';

/** Lowest key a caller can use. */
const firstKey = Uint8Array.of(reservedPrefix + 1);

/**
 * Opens the store of `folder` with `open` and checks its chain. Throws `state-damaged` when batches are missing before the last one;
 * a store that only lacks its newest batches is older, not damaged, and its owner must be able to tell (an applied index, a cursor).
 */
export async function openGuardedKv(open: OpenKv, folder: string): Promise<GuardedKv> {
  const inner = await open(folder);
  try {
    return new GuardedKv(folder, inner, (await readLastRow(inner, folder)) ?? (await found(inner, folder)));
  } catch (error) {
    await inner.close();
    throw error;
  }
}

async function readLastRow(inner: Kv, folder: string): Promise<ChainRow | undefined> {
  // One more than may be there: enough to see that a row was left over.
  const entries = await inner.page(chainRange, { entries: chainRowsKept + 1 });
  if (entries.length === 0) return undefined;
  const check = checkChain(entries.map(({ key, value }) => toChainRow(folder, key, value)));
  if (check.kind === 'broken') throw new OffshoreError('state-damaged', { folder, batch: check.atN, reason: check.reason });
  return check.last;
}

function toChainRow(folder: string, key: Uint8Array, sealed: Uint8Array): ChainRow {
  try {
    const row = decodeChainRow(mustUnseal(folder, key, sealed));
    if (compareBytes(key, chainKey(row.n)) === 0) return row;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw new OffshoreError('state-damaged', { folder, key: toHex(key) });
}

/** A store without a chain is new, or it is not ours. */
async function found(inner: Kv, folder: string): Promise<ChainRow> {
  const [stray] = await inner.page({}, { entries: 1 });
  if (stray !== undefined) throw new OffshoreError('state-damaged', { folder, key: toHex(stray.key), reason: 'chain-missing' });
  const rows = foundingRows();
  await inner.write(rows.map(toRowWrite), 'synced');
  // Into a table before the first batch: the proof in DESIGN.md needs founding rows that cannot be lost together with real ones.
  await inner.flush();
  return rows[rows.length - 1] as ChainRow;
}

export class GuardedKv implements Kv {
  readonly #folder: string;
  readonly #inner: Kv;
  readonly #reader: KvReader;
  readonly #queue: WriteQueue;
  #last: ChainRow;

  constructor(folder: string, inner: Kv, last: ChainRow) {
    this.#folder = folder;
    this.#inner = inner;
    this.#reader = guardedReader(folder, inner);
    this.#last = last;
    this.#queue = new WriteQueue(folder, (group) => this.#writeGroup(group));
  }

  /** The failure that closed this store for writes, if there was one. Reads go on. */
  get poison(): unknown {
    return this.#queue.poison;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  page(range: KvRange, limit: KvPageLimit): Promise<readonly KvEntry[]> {
    return this.#reader.page(range, limit);
  }

  async write(batch: readonly KvWrite[], durability: KvDurability): Promise<void> {
    const sealed = batch.map((write) => {
      mustBeCallers(write.key);
      return write.kind === 'put' ? { ...write, value: sealValue(write.key, write.value) } : write;
    });
    await this.#queue.write(sealed, durability);
  }

  pin(): KvPin {
    const pin = this.#inner.pin();
    return { ...guardedReader(this.#folder, pin), release: () => pin.release() };
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  async close(): Promise<void> {
    await this.#queue.end();
    await this.#inner.close();
  }

  /** Batches joined by the queue become one link. A failure poisons the queue, hence no number is ever used twice. */
  async #writeGroup(group: WriteGroup): Promise<void> {
    if (group.kind === 'flush') return this.#inner.flush();
    const row = nextRow(this.#last, group.writes);
    this.#last = row;
    await this.#inner.write(
      [...group.writes, toRowWrite(row), { kind: 'delete', key: chainKey(row.n - chainRowsKept) }],
      group.durability,
    );
  }
}

function toRowWrite(row: ChainRow): SealedWrite {
  const key = chainKey(row.n);
  return { kind: 'put', key, value: sealValue(key, encodeChainRow(row)) };
}

function guardedReader(folder: string, inner: KvReader): KvReader {
  return {
    get: (key) => {
      mustBeCallers(key);
      const sealed = inner.get(key);
      return sealed === undefined ? undefined : mustUnseal(folder, key, sealed);
    },
    getMany: async (keys) => {
      keys.forEach(mustBeCallers);
      const values = await inner.getMany(keys);
      return values.map((sealed, i) => (sealed === undefined ? undefined : mustUnseal(folder, keys[i] as Uint8Array, sealed)));
    },
    page: async (range, limit) => {
      const entries = await inner.page(withoutReserved(range), limit);
      return entries.map(({ key, value }) => ({ key, value: mustUnseal(folder, key, value) }));
    },
  };
}

function withoutReserved(range: KvRange): KvRange {
  return range.from !== undefined && compareBytes(range.from, firstKey) >= 0 ? range : { ...range, from: firstKey };
}

function mustUnseal(folder: string, key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const value = unsealValue(key, sealed);
  if (value === undefined) throw new OffshoreError('state-damaged', { folder, key: toHex(key) });
  return value;
}

function mustBeCallers(key: Uint8Array): void {
  assert(key.length > 0 && key[0] !== reservedPrefix, 'a key begins with a byte that is not the guard\'s');
}
