import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isolating, ofType, TestGroup } from '../../../test/raft-script/test-group.ts';
import { ProposalDropped } from './errors.ts';
import { Inflights } from './inflights.ts';
import type { Message } from './types.ts';

function appendsTo(group: TestGroup, id: number): readonly Message[] {
  return group.messages.filter(ofType('MsgApp')).filter((message) => message.to === id && message.entries.length > 0);
}

test('the window is full at its limit of messages, and free again once they are acknowledged', () => {
  const inflights = new Inflights({ messages: 3, bytes: Infinity });
  for (const index of [5, 6, 9]) inflights.add({ index, bytes: 1 });
  assert.ok(inflights.full());
  inflights.freeTo(4);
  assert.is(inflights.count, 3);
  inflights.freeTo(6);
  assert.equal([inflights.count, inflights.full()], [1, false]);
});

test('the window is full at its limit of bytes, which one message may pass', () => {
  const inflights = new Inflights({ messages: 100, bytes: 10 });
  inflights.add({ index: 1, bytes: 9 });
  assert.not(inflights.full());
  inflights.add({ index: 2, bytes: 500 });
  assert.equal([inflights.full(), inflights.bytes], [true, 509]);
  inflights.freeTo(2);
  assert.equal([inflights.full(), inflights.bytes], [false, 0]);
});

test('the window keeps order while its ring wraps and grows', () => {
  const inflights = new Inflights({ messages: 64, bytes: Infinity });
  let [next, oldest] = [1, 1];
  for (let round = 0; round < 100; round += 1) {
    while (inflights.count < (round % 60) + 1) inflights.add({ index: next++, bytes: 1 });
    oldest = next - Math.floor(inflights.count / 2);
    inflights.freeTo(oldest - 1);
    assert.equal([inflights.count, inflights.bytes], [next - oldest, next - oldest]);
  }
});

test('a leader stops streaming to a follower at the byte limit and goes on when it answers', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxInflightBytes: 10, maxSizePerMsg: 1 });
  group.elect(1);
  for (let i = 0; i < 5; i += 1) group.propose(1, 'sixsix');
  group.process(1);
  assert.is(appendsTo(group, 2).length, 2, 'the second message passes the limit');
  assert.ok(group.raw(1).status().progress.get(2)?.inflight.full);
  group.settle();
  assert.is(group.texts(2).length, 5);
});

test('a message carries as many entries as fit its size, but at least one', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxSizePerMsg: 100 });
  group.elect(1);
  for (const text of ['a'.repeat(500), 'b', 'c']) group.propose(1, text);
  group.settle(isolating(2));
  group.messages = [];
  group.raw(1).tick();
  const sizes: number[] = [];
  group.settle((message) => {
    if (message.type === 'MsgApp' && message.to === 2) sizes.push(message.entries.length);
    return false;
  });
  assert.equal(sizes.filter((size) => size > 0), [1, 2]);
  assert.is(group.texts(2).length, 3);
});

test('a full window lets an empty append through after a heartbeat, so that a lost window is noticed (etcd-io/etcd#14633)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxInflightMsgs: 2 });
  group.elect(1);
  for (let i = 0; i < 4; i += 1) group.propose(1, `p${i}`);
  group.process(1);
  group.messages = group.messages.filter((message) => message.to !== 3);
  group.settle(isolating(3));
  assert.ok(group.raw(1).status().progress.get(3)?.inflight.full);
  group.raw(1).tick();
  group.settle();
  assert.equal(group.texts(3), ['p0', 'p1', 'p2', 'p3']);
});

test('proposals are dropped when the uncommitted tail is full, and taken again when it is applied (P26)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxUncommittedEntriesSize: 10 });
  group.elect(1);
  group.propose(1, 'x'.repeat(100));
  assert.throws(() => group.propose(1, 'y'), (error: unknown) => error instanceof ProposalDropped);
  group.settle();
  group.propose(1, 'z');
  group.settle();
  assert.is(group.raw(1).dump().uncommittedBytes, 0);
  assert.is(group.texts(1).length, 2);
});

test('a leader without followers keeps a bounded tail (P26)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxUncommittedEntriesSize: 1000 });
  group.elect(1);
  let taken = 0;
  for (let i = 0; i < 100; i += 1) {
    try {
      group.propose(1, 'x'.repeat(50));
      taken += 1;
    } catch (error) {
      assert.instance(error, ProposalDropped);
    }
  }
  assert.is(taken, 20);
});

test('committed entries are handed out by bytes, at least one at a time, and no more before they are applied', () => {
  const group = new TestGroup({ voters: [1], asyncStorageWrites: true, maxCommittedSizePerReady: 60 });
  group.elect(1);
  for (let i = 0; i < 6; i += 1) group.propose(1, 'x'.repeat(20));
  group.process(1);
  group.runAppend(1);
  assert.is(group.process(1).committedEntries.length, 1);
  assert.not(group.raw(1).hasReady(), 'until applied');
  group.runApply(1);
  assert.is(group.process(1).committedEntries.length, 1);
  group.settle();
  assert.is(group.texts(1).length, 6);
});

test('an unreachable follower is probed with one message at a time', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(1).reportUnreachable(2);
  for (let i = 0; i < 3; i += 1) group.propose(1, `p${i}`);
  group.process(1);
  assert.equal([appendsTo(group, 2).length, appendsTo(group, 3).length], [1, 3]);
});

test.run();
