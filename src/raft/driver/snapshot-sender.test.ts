// States held for followers: shared, leased, let go, and silence reported (P15).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../base/assert.ts';
import { isOffshoreError } from '../../base/errors.ts';
import type { LogIndex, NodeId, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { decodeSnapshotPage } from './snapshot-page.ts';
import { SnapshotSender } from './snapshot-sender.ts';

const [two, three] = [2 as NodeId, 3 as NodeId];
const index = (value: number): LogIndex => value as LogIndex;

function makeSender() {
  const clock = new ManualClock();
  const counts = { pinned: 0, released: 0, at: 100 };
  const sender = new SnapshotSender({
    clock, nextId: () => `s-${counts.pinned}`, failed: (error) => { throw error; },
    pin: async () => {
      counts.pinned += 1;
      return {
        progress: { index: index(counts.at), term: 1 as Term, confState: new Uint8Array(0) },
        page: async (after) => (after === undefined ? [{ key: new Uint8Array([1]), value: new Uint8Array([2]) }] : []),
        release: async () => { counts.released += 1; },
      };
    },
  });
  return { clock, counts, sender };
}

async function offered(sender: SnapshotSender, boundary = 50): Promise<string> {
  sender.offer(index(boundary));
  await settle();
  return mustExist(sender.offer(index(boundary)), 'a state is held').id;
}

test('the first offer pins a state, later ones share it while the log goes on from it', async () => {
  const { sender, counts } = makeSender();
  assert.is(sender.offer(index(50)), undefined);
  const id = await offered(sender);
  assert.is(await offered(sender, 90), id);
  assert.is(counts.pinned, 1);
  counts.at = 300;
  assert.is.not(await offered(sender, 150), id);
});

test('pages end with an empty one, and a state that is gone says so', async () => {
  const { sender } = makeSender();
  const id = await offered(sender);
  const first = decodeSnapshotPage(await sender.page({ id, peer: two, after: undefined }));
  assert.is(first.place, 'more');
  assert.is(decodeSnapshotPage(await sender.page({ id, peer: two, after: first.entries[0]?.key })).place, 'end');
  const refusal = await sender.page({ id: 'other', peer: two, after: undefined }).catch((error: unknown) => error);
  assert.ok(isOffshoreError(refusal, 'snapshot-gone'));
});

test('a follower that stops asking is reported once, and may still resume', async () => {
  const { sender, clock } = makeSender();
  const id = await offered(sender);
  sender.told(two, id);
  clock.advanceNow(limits.snapshotIdleMs + 1);
  assert.equal(sender.tick(), [two]);
  assert.equal(sender.tick(), []);
  await sender.page({ id, peer: two, after: undefined });
});

test('the log after a held state is kept until its last follower is done', async () => {
  const { sender, counts } = makeSender();
  const id = await offered(sender);
  sender.told(two, id);
  sender.told(three, id);
  sender.finished(two);
  assert.is(sender.keepAfter(index(50)), 100);
  sender.finished(three);
  assert.equal([sender.keepAfter(index(50)), counts.released], [undefined, 1]);
});

test('the lease ends', async () => {
  const { sender, clock, counts } = makeSender();
  await offered(sender);
  clock.advanceNow(limits.snapshotLeaseMs + 1);
  sender.tick();
  assert.equal([sender.size, counts.released], [0, 1]);
});

test('a state let go while a page of it is read is released by that page, and holds the log back no longer', async () => {
  const { sender, counts } = makeSender();
  const id = await offered(sender);
  const page = sender.page({ id, peer: two, after: undefined });
  sender.close();
  assert.equal([sender.size, sender.keepAfter(index(0)), counts.released], [0, undefined, 0]);
  await page;
  assert.is(counts.released, 1);
});

test('a state older than the log itself does not hold the log back', async () => {
  const { sender } = makeSender();
  sender.told(two, await offered(sender));
  assert.equal([sender.keepAfter(index(100)), sender.keepAfter(index(101))], [100, undefined]);
});

test('states being fetched are not dropped for another one', async () => {
  const { sender, counts } = makeSender();
  for (let held = 0; held < limits.snapshotPinsMax; held += 1) {
    sender.told(two, await offered(sender, counts.at - 10));
    counts.at += 100;
  }
  sender.offer(index(counts.at - 10));
  await settle();
  assert.is(sender.offer(index(counts.at - 10)), undefined);
  assert.is(sender.size, limits.snapshotPinsMax);
});

test.run();
