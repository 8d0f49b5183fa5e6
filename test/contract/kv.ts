// What every implementation of the key-value port must do. `kv.test.ts` runs it on each of them.

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, toHex } from '../../src/base/bytes.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { Kv, KvEntry, KvRange, KvReader, KvWrite, OpenKv } from '../../src/storage/kv/kv.ts';

export interface KvUnderTest {
  readonly name: string;
  /** Runs `use` with an opener on a disk of its own. */
  readonly withDisk: (use: (open: OpenKv, folder: string) => Promise<void>) => Promise<void>;
}

type Rule = (kv: Kv, reopen: () => Promise<Kv>) => Promise<void>;

export function kvContract({ name, withDisk }: KvUnderTest): void {
  const contract = suite(`kv contract on ${name}`);
  for (const [rule, check] of Object.entries(rules)) {
    contract(rule, () =>
      withDisk(async (open, folder) => {
        let kv = await open(folder);
        try {
          await check(kv, async () => {
            await kv.close();
            kv = await open(folder);
            return kv;
          });
        } finally {
          await kv.close();
        }
      }),
    );
  }
  contract('a folder has one opener at a time', () =>
    withDisk(async (open, folder) => {
      const kv = await open(folder);
      const second = await open(folder).catch((error: unknown) => error);
      assert.ok(isOffshoreError(second, 'busy'));
      await kv.close();
      await (await open(folder)).close();
    }));
  contract('a closed store refuses writes', () =>
    withDisk(async (open, folder) => {
      const kv = await open(folder);
      await kv.close();
      const refusal = await kv.write([put(1, 1)], 'synced').catch((error: unknown) => error);
      assert.ok(isOffshoreError(refusal, 'store-closed'));
    }));
  contract.run();
}

const rules: Readonly<Record<string, Rule>> = {
  'an absent key has no value': async (kv) => {
    assert.is(kv.get(bytes(1)), undefined);
    assert.equal(await kv.getMany([bytes(1), bytes(2)]), [undefined, undefined]);
    assert.equal(await kv.page({}, { entries: 10 }), []);
  },

  'what was written is read, after reopening too': async (kv, reopen) => {
    await kv.write([put(1, 10), put(2, 20)], 'synced');
    assert.equal(kv.get(bytes(1)), bytes(10));
    const again = await reopen();
    assert.equal(await again.getMany([bytes(2), bytes(9), bytes(1)]), [bytes(20), undefined, bytes(10)]);
  },

  'an empty value is a value': async (kv) => {
    await kv.write([{ kind: 'put', key: bytes(1), value: bytes() }], 'unsynced');
    assert.equal(kv.get(bytes(1)), bytes());
    assert.is((await kv.page({}, { entries: 1 })).length, 1);
  },

  'later writes of one batch win over earlier ones': async (kv) => {
    await kv.write([put(1, 1), del(1), put(2, 1), put(2, 2), del(3), put(3, 3), put(4, 4), del(4)], 'synced');
    assert.equal(await kv.getMany([bytes(1), bytes(2), bytes(3), bytes(4)]), [undefined, bytes(2), bytes(3), undefined]);
  },

  'batches written together take effect in the order of their calls': async (kv) => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => kv.write([put(1, i), put(100 + i, i)], i % 2 === 0 ? 'synced' : 'unsynced')));
    assert.equal(kv.get(bytes(1)), bytes(49));
    assert.is((await kv.page({}, { entries: 100 })).length, 51);
  },

  'values are plain Uint8Arrays': async (kv) => {
    await kv.write([put(1, 1)], 'unsynced');
    const [entry] = await kv.page({}, { entries: 1 });
    for (const value of [kv.get(bytes(1)), (await kv.getMany([bytes(1)]))[0], entry?.key, entry?.value]) {
      assert.is(Object.getPrototypeOf(value), Uint8Array.prototype);
    }
  },

  'a page ends at its count, and at its bytes, and never before its first entry': async (kv) => {
    await kv.write(Array.from({ length: 20 }, (_, i) => ({ kind: 'put', key: bytes(i + 1), value: new Uint8Array(100) })), 'unsynced');
    assert.is((await kv.page({}, { entries: 7 })).length, 7);
    assert.is((await kv.page({}, { entries: 20, bytes: 1 })).length, 1);
    const byBytes = await kv.page({}, { entries: 20, bytes: 450 });
    assert.ok(byBytes.length >= 4 && byBytes.length <= 5);
  },

  'a page is ordered by unsigned bytes in either direction': async (kv) => {
    const keys = [[1], [1, 0], [1, 255], [2], [127], [128], [255], [255, 255]].map((key) => Uint8Array.from(key));
    await kv.write([...keys].reverse().map((key) => ({ kind: 'put', key, value: key })), 'unsynced');
    assert.equal((await kv.page({}, { entries: 100 })).map((entry) => entry.key), keys);
    const descending = await kv.page({ order: 'descending' }, { entries: 100 });
    assert.equal(descending.map((entry) => entry.key), [...keys].reverse());
  },

  'bounds are from inclusive to exclusive': async (kv) => {
    await kv.write([put(1, 1), put(2, 2), put(3, 3)], 'unsynced');
    const keysOf = async (range: KvRange): Promise<unknown> => (await kv.page(range, { entries: 9 })).map((entry) => entry.key[0]);
    assert.equal(await keysOf({ from: bytes(2), to: bytes(3) }), [2]);
    assert.equal(await keysOf({ from: bytes(2), to: bytes(3), order: 'descending' }), [2]);
    assert.equal(await keysOf({ to: bytes(1) }), []);
    assert.equal(await keysOf({ from: bytes(3), to: bytes(2) }), []);
    assert.equal(await keysOf({ from: bytes(1, 0), order: 'descending' }), [3, 2]);
  },

  'a pin shows the state of its moment, several pins their own': async (kv) => {
    await kv.write([put(1, 1), put(2, 2)], 'synced');
    const first = kv.pin();
    await kv.write([put(1, 9), del(2), put(3, 3)], 'synced');
    const second = kv.pin();
    await kv.write([del(1)], 'unsynced');
    assert.equal(await first.page({}, { entries: 9 }), [entry(1, 1), entry(2, 2)]);
    assert.equal(first.get(bytes(1)), bytes(1));
    assert.equal(await second.getMany([bytes(1), bytes(2), bytes(3)]), [bytes(9), undefined, bytes(3)]);
    await first.release();
    assert.equal(second.get(bytes(1)), bytes(9));
    assert.is(kv.get(bytes(1)), undefined);
    await second.release();
  },

  'flush keeps what is there': async (kv, reopen) => {
    await kv.write([put(1, 1)], 'unsynced');
    await kv.flush();
    await kv.write([put(2, 2)], 'unsynced');
    assert.equal(await kv.page({}, { entries: 9 }), [entry(1, 1), entry(2, 2)]);
    const again = await reopen();
    assert.equal(again.get(bytes(1)), bytes(1));
  },

  'it behaves like a sorted map': async (kv) => {
    const model = new Map<string, KvEntry>();
    const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 }).filter((made) => made[0] !== 0).map((made) => Uint8Array.from(made));
    const write: fc.Arbitrary<KvWrite> = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 4 }) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
    );
    const range = fc.record({ from: key, to: key, order: fc.constantFrom('ascending' as const, 'descending' as const) }, { requiredKeys: [] });
    const check = fc.asyncProperty(fc.array(write, { maxLength: 6 }), range, fc.integer({ min: 1, max: 5 }), async (batch, asked, entries) => {
      await kv.write(batch, 'unsynced');
      for (const each of batch) {
        if (each.kind === 'put') model.set(toHex(each.key), { key: each.key, value: Uint8Array.from(each.value) });
        else model.delete(toHex(each.key));
      }
      assert.equal(await kv.page(asked, { entries }), pageOf(model, asked, entries));
      await sameValues(kv, model, batch);
    });
    await fc.assert(check, { numRuns: 60, seed: 11, endOnFailure: true });
  },
};

async function sameValues(kv: KvReader, model: ReadonlyMap<string, KvEntry>, batch: readonly KvWrite[]): Promise<void> {
  const keys = batch.map((write) => write.key);
  const expected = keys.map((key) => model.get(toHex(key))?.value);
  assert.equal(keys.map((key) => kv.get(key)), expected);
  assert.equal(await kv.getMany(keys), expected);
}

function pageOf(model: ReadonlyMap<string, KvEntry>, range: KvRange, entries: number): readonly KvEntry[] {
  const { from, to, order } = range;
  const inside = [...model.values()]
    .filter(({ key }) => (from === undefined || compareBytes(key, from) >= 0) && (to === undefined || compareBytes(key, to) < 0))
    .sort((left, right) => compareBytes(left.key, right.key));
  return (order === 'descending' ? inside.reverse() : inside).slice(0, entries);
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function put(key: number, value: number): KvWrite {
  return { kind: 'put', key: bytes(key), value: bytes(value) };
}

function del(key: number): KvWrite {
  return { kind: 'delete', key: bytes(key) };
}

function entry(key: number, value: number): KvEntry {
  return { key: bytes(key), value: bytes(value) };
}
