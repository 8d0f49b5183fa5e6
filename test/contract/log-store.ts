// What every log store must do. `log-store.test.ts` runs it on each of them.

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, LogIndex, NodeId, Term } from '../../src/base/ids.ts';
import type { Entry } from '../../src/raft/core/types.ts';
import type { LogChange, LogStore } from '../../src/raft/driver/log-store.ts';
import { logStart } from '../../src/raft/driver/log-start.ts';

export interface LogStoreUnderTest {
  readonly name: string;
  /** Runs `use` with a store, and a way to close and open it again; absent where nothing outlives the store. */
  readonly withStore: (use: (store: LogStore, reopen?: () => Promise<LogStore>) => Promise<void>) => Promise<void>;
}

export const creation: LogChange = {
  create: {
    identity: { cluster: 'c'.repeat(64) as ClusterId, id: 7 as NodeId, incarnation: '0'.repeat(32) as Incarnation, founding: new Uint8Array([1, 2]) },
    state: { folder: 'state-0-0', at: logStart },
  },
};

export function entry(index: number, term: number, bytes = 3): Entry {
  return { index, term, type: index % 5 === 0 ? 'conf-change-v2' : 'normal', data: new Uint8Array(bytes).fill(index & 255) };
}

export function entries(from: number, to: number, term: number, bytes = 3): readonly Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, term, bytes));
}

/** Everything a store says, for comparing. */
export function readAll(store: LogStore): unknown {
  const [boundary, last] = [store.boundary(), store.last()];
  const range = { from: (boundary.index + 1) as LogIndex, to: (last.index + 1) as LogIndex };
  return {
    boundary, last, hardState: store.hardState(), state: store.state(),
    entries: range.from === range.to ? [] : store.entries(range, Infinity).map(({ index, term, type, data }) => [index, term, type, [...data]]),
  };
}

export function logStoreContract({ name, withStore }: LogStoreUnderTest): void {
  const contract = suite(`log store contract on ${name}`);
  for (const [rule, check] of Object.entries(rules)) {
    contract(rule, () => withStore(async (store, reopen) => {
      await store.write(creation);
      await check(store);
      if (reopen === undefined) return;
      const before = readAll(store);
      assert.equal(readAll(await reopen()), before);
    }));
  }
  contract('a new store has no identity, and keeps the one it is given', () => withStore(async (store, reopen) => {
    assert.is(store.identity(), undefined);
    await store.write(creation);
    assert.equal(store.identity(), creation.create?.identity);
    if (reopen !== undefined) assert.equal((await reopen()).identity(), creation.create?.identity);
  }));
  contract('it is a list of entries, whatever is written in whatever order', () =>
    fc.assert(fc.asyncProperty(fc.array(steps, { maxLength: 25 }), (script) => followsModel(withStore, script)), { numRuns: 12 }));
  contract.run();
}

const rules: Readonly<Record<string, (store: LogStore) => Promise<void>>> = {
  'entries are read as they were written': async (store) => {
    await store.write({ entries: entries(1, 5, 1) });
    await store.write({ entries: entries(6, 9, 2) });
    const range = { from: 4 as LogIndex, to: 8 as LogIndex };
    assert.equal(store.entries(range, Infinity).map((found) => [found.index, found.term]), [[4, 1], [5, 1], [6, 2], [7, 2]]);
  },

  'a read is bounded in bytes and gives at least one entry': async (store) => {
    await store.write({ entries: entries(1, 10, 1, 1000) });
    const range = { from: 1 as LogIndex, to: 11 as LogIndex };
    assert.is(store.entries(range, 3500).length, 3);
    assert.is(store.entries(range, 1).length, 1);
  },

  'later entries replace the end of the log': async (store) => {
    await store.write({ entries: entries(1, 9, 1) });
    await store.write({ entries: entries(4, 6, 2) });
    assert.equal(store.last(), { index: 6, term: 2 });
    assert.equal([3, 4, 6, 7].map((index) => store.term(index as LogIndex)), [1, 2, 2, undefined]);
  },

  'compaction forgets data and keeps the term at the boundary': async (store) => {
    await store.write({ entries: entries(1, 9, 3) });
    await store.write({ compactTo: 5 as LogIndex });
    assert.equal(store.boundary(), { index: 5, term: 3 });
    assert.equal([4, 5, 6].map((index) => store.term(index as LogIndex)), [undefined, 3, 3]);
  },

  'compaction and a conflict in one change': async (store) => {
    await store.write({ entries: entries(1, 9, 3) });
    await store.write({ compactTo: 5 as LogIndex, entries: entries(7, 8, 4) });
    assert.equal(store.last(), { index: 8, term: 4 });
    assert.equal(store.term(6 as LogIndex), 3);
  },

  'the whole log may be compacted, and goes on after it': async (store) => {
    await store.write({ entries: entries(1, 4, 1) });
    await store.write({ compactTo: 4 as LogIndex });
    assert.equal(store.last(), { index: 4, term: 1 });
    await store.write({ entries: entries(5, 6, 2) });
    assert.equal(store.last(), { index: 6, term: 2 });
  },

  'installing a state drops the whole log (P11, P12)': async (store) => {
    await store.write({ entries: entries(1, 9, 1) });
    const install = { folder: 'state-2-20', at: { index: 20 as LogIndex, term: 2 as Term } };
    await store.write({ install, hardState: { term: 2, vote: 0, commit: 20 } });
    assert.equal([store.boundary(), store.last(), store.state()], [install.at, install.at, install]);
    assert.equal([9, 20, 21].map((index) => store.term(index as LogIndex)), [undefined, 2, undefined]);
    await store.write({ entries: entries(21, 22, 3) });
    assert.is(store.last().index, 22);
  },

  'term, vote and commit are written together (P1)': async (store) => {
    await store.write({ entries: entries(1, 2, 5), hardState: { term: 5, vote: 3, commit: 1 } });
    assert.equal(store.hardState(), { term: 5, vote: 3, commit: 1 });
  },

  'the tail of a number of bytes begins at a known index': async (store) => {
    await store.write({ entries: entries(1, 10, 1, 1000) });
    await store.write({ entries: entries(11, 20, 1, 1000) });
    assert.is(store.indexWithTail(1_000_000), 0);
    const index = store.indexWithTail(12_000);
    assert.ok(index >= 9 && index <= 20);
  },
};

type Step =
  | { readonly kind: 'append'; readonly back: number; readonly count: number; readonly bytes: number }
  | { readonly kind: 'compact'; readonly share: number }
  | { readonly kind: 'install'; readonly ahead: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), back: fc.nat(6), count: fc.integer({ min: 1, max: 300 }), bytes: fc.nat(2000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('install' as const), ahead: fc.nat(50) }) },
);

async function followsModel(withStore: LogStoreUnderTest['withStore'], script: readonly Step[]): Promise<void> {
  await withStore(async (store, reopen) => {
    await store.write(creation);
    let boundary = 0;
    let model: Entry[] = [];
    let term = 1;
    for (const step of script) {
      const last = boundary + model.length;
      if (step.kind === 'append') {
        term += step.back > 0 ? 1 : 0;
        const first = Math.max(boundary + 1, last + 1 - step.back);
        const added = entries(first, first + step.count - 1, term, step.bytes);
        model = [...model.slice(0, first - boundary - 1), ...added];
        await store.write({ entries: added });
      } else if (step.kind === 'compact') {
        const to = boundary + Math.floor(model.length * step.share);
        model = model.slice(to - boundary);
        boundary = to;
        await store.write({ compactTo: to as LogIndex });
      } else {
        boundary = last + step.ahead;
        model = [];
        await store.write({ install: { folder: `state-${boundary}`, at: { index: boundary as LogIndex, term: term as Term } } });
      }
    }
    assertSame(store, boundary, model);
    if (reopen !== undefined) assertSame(await reopen(), boundary, model);
  });
}

function assertSame(store: LogStore, boundary: number, model: readonly Entry[]): void {
  assert.is(store.boundary().index, boundary);
  assert.is(store.last().index, boundary + model.length);
  const range = { from: (boundary + 1) as LogIndex, to: (boundary + 1 + model.length) as LogIndex };
  if (model.length > 0) assert.equal(store.entries(range, Infinity).map(describe), model.map(describe));
  for (const { index, term } of model) assert.is(store.term(index as LogIndex), term);
}

function describe(found: Entry): string {
  return `${found.index}/${found.term} ${found.type} ${found.data.length} ${found.data[0]}`;
}
