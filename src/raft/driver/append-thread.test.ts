// What may leave when: answers follow durability, one synced batch carries what waited, and a failure is final.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, LogIndex, NodeId } from '../../base/ids.ts';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { makeMessage, type MessageFields } from '../core/message.ts';
import { localAppendThread, type Entry, type Message } from '../core/types.ts';
import { AppendThread } from './append-thread.ts';
import { MemoryLogStore } from './log-store-memory.ts';
import { logStart } from './log-start.ts';
import type { LogChange } from './log-store.ts';

/** A store whose writes wait until the test lets them through. */
class SlowStore extends MemoryLogStore {
  readonly changes: LogChange[] = [];
  #waiting: (() => void)[] = [];

  override async write(change: LogChange): Promise<void> {
    if (change.create === undefined) {
      this.changes.push(change);
      await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    }
    await super.write(change);
  }

  async finishWrite(): Promise<void> {
    this.#waiting.shift()?.();
    await settle();
  }
}

async function makeThread() {
  const store = new SlowStore();
  await store.write({ create: {
    identity: { cluster: 'c' as ClusterId, id: 1 as NodeId, incarnation: 'i' as Incarnation, founding: new Uint8Array(0) },
    state: { folder: 'state-0-0', at: logStart },
  } });
  const [delivered, failures]: [number[], unknown[]] = [[], []];
  const clock = new ManualClock();
  const thread = new AppendThread({
    store, clock, preflight: () => undefined, wrote: () => undefined,
    install: (at, write) => write({ folder: 'state-new', at }),
    deliver: (messages) => delivered.push(...messages.map((message) => message.index)),
    failed: (error) => failures.push(error),
  });
  return { store, thread, clock, delivered, failures };
}

function append(number: number, fields: MessageFields): Message {
  return makeMessage('MsgStorageAppend', { to: localAppendThread, responses: [makeMessage('MsgAppResp', { to: 2, index: number })], ...fields });
}

function entries(from: number, to: number, term: number): readonly Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => ({ index: from + at, term, type: 'normal', data: new Uint8Array([1]) }));
}

test('answers leave only when what they promise is durable', async () => {
  const { store, thread, delivered } = await makeThread();
  thread.enqueue(append(1, { entries: entries(1, 1, 1), term: 1, vote: 2 }));
  await settle();
  assert.equal(delivered, []);
  await store.finishWrite();
  assert.equal(delivered, [1]);
  assert.equal(store.hardState(), { term: 1, vote: 2, commit: 0 });
});

test('what arrives while a batch is in flight shares the next one', async () => {
  const { store, thread, delivered } = await makeThread();
  for (let at = 1; at <= 5; at += 1) thread.enqueue(append(at, { entries: entries(at, at, 1) }));
  await settle();
  await store.finishWrite();
  await store.finishWrite();
  assert.equal(store.changes.map((change) => change.entries?.length), [1, 4]);
  assert.equal(delivered, [1, 2, 3, 4, 5]);
});

test('entries that overwrite earlier ones begin a batch of their own', async () => {
  const { store, thread, delivered } = await makeThread();
  thread.enqueue(append(1, { entries: entries(1, 1, 1) }));
  thread.enqueue(append(2, { entries: entries(2, 4, 1) }));
  thread.enqueue(append(3, { entries: entries(3, 3, 2), term: 2 }));
  await settle();
  for (let at = 0; at < 3; at += 1) await store.finishWrite();
  assert.equal(store.changes.map((change) => change.entries?.map((entry) => entry.index)), [[1], [2, 3, 4], [3]]);
  assert.equal(delivered, [1, 2, 3]);
});

test('a commit index alone is not worth a sync, and goes with the next batch', async () => {
  const { store, thread, delivered } = await makeThread();
  thread.enqueue(append(1, { entries: entries(1, 2, 1), term: 1 }));
  await store.finishWrite();
  thread.enqueue(append(2, { term: 1, commit: 2 }));
  await settle();
  assert.equal([store.changes.length, delivered], [1, [1, 2]]);
  thread.enqueue(append(3, { entries: entries(3, 3, 1) }));
  await settle();
  assert.equal(store.changes[1]?.hardState, { term: 1, vote: 0, commit: 2 });
});

test('a received state is installed alone, between what came before and after', async () => {
  const { store, thread, delivered } = await makeThread();
  const confState = { voters: [1], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  thread.enqueue(append(1, { entries: entries(1, 3, 1) }));
  thread.enqueue(append(2, { snapshot: { meta: { index: 9, term: 2, confState }, data: new Uint8Array(0) }, term: 2 }));
  thread.enqueue(append(3, { entries: entries(10, 11, 2) }));
  await settle();
  for (let at = 0; at < 3; at += 1) await store.finishWrite();
  assert.equal(store.state(), { folder: 'state-new', at: { index: 9, term: 2 } });
  assert.equal([store.boundary().index, store.last().index, delivered], [9, 11, [1, 2, 3]]);
});

test('after a failed write nothing is answered and nothing is written (P8)', async () => {
  const { store, thread, delivered, failures } = await makeThread();
  store.failNext(new Error('EIO'));
  thread.enqueue(append(1, { entries: entries(1, 1, 1) }));
  thread.enqueue(append(2, { entries: entries(2, 2, 1) }));
  await settle();
  await store.finishWrite();
  await store.finishWrite();
  assert.equal([delivered, failures.length, store.changes.length], [[], 1, 1]);
});

test('the age of the oldest append is known while it hangs', async () => {
  const { store, thread, clock } = await makeThread();
  assert.is(thread.headAgeMs(), undefined);
  thread.enqueue(append(1, { entries: entries(1, 1, 1) }));
  await clock.advance(500);
  assert.is(thread.headAgeMs(), 500);
  await store.finishWrite();
  assert.is(thread.headAgeMs(), undefined);
});

test('compaction goes with a batch, or alone when nothing waits', async () => {
  const { store, thread } = await makeThread();
  thread.enqueue(append(1, { entries: entries(1, 5, 1) }));
  await settle();
  thread.compact(3 as LogIndex);
  await store.finishWrite();
  await store.finishWrite();
  assert.is(store.boundary().index, 3);
});

test.run();
