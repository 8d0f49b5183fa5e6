import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import { isolating, ofType, TestGroup } from '../../../test/raft-script/test-group.ts';

function ask(group: TestGroup, id: number, context: string): void {
  group.raw(id).readIndex(encodeUtf8(context));
}

function answers(group: TestGroup, id: number): readonly string[] {
  return group.of(id).reads.map((read) => `${decodeUtf8(read.context)}@${read.index}`);
}

test('a single voter answers a read at once, with its commit index', () => {
  const group = new TestGroup({ voters: [1] });
  group.elect(1);
  ask(group, 1, 'r');
  group.settle();
  assert.equal(answers(group, 1), ['r@2']);
});

test('a single voter answers no read before it committed in its own term: its stored commit index may be old', () => {
  const group = new TestGroup({ voters: [1] });
  group.elect(1);
  group.propose(1, 'a');
  group.settle();
  const { storage } = group.of(1);
  storage.setHardState({ ...storage.initialState().hardState, commit: 1 });
  group.restart(1);
  group.raw(1).campaign();
  // The vote is durable, the node leads, its first entry is not durable.
  group.process(1);
  ask(group, 1, 'r');
  assert.is(answers(group, 1).length, 0);
  group.settle();
  assert.equal(answers(group, 1), ['r@4']);
});

test('a leader answers a read after a quorum of heartbeats (thesis 6.4)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 1, 'r');
  group.process(1);
  assert.is(answers(group, 1).length, 0, 'not before');
  group.settle();
  assert.equal(answers(group, 1), ['r@2']);
});

test('a leader that was cut off answers no read', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 1, 'r');
  group.settle(isolating(1));
  assert.equal(answers(group, 1), []);
});

test('a read before the first commit of the term waits for it (P23, etcd-io/etcd#7331)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.raw(1).campaign();
  group.settle(ofType('MsgApp'));
  assert.is(group.raw(1).basicStatus().role, 'leader');
  ask(group, 1, 'early');
  group.settle(ofType('MsgApp'));
  assert.equal(answers(group, 1), []);
  group.settle();
  assert.equal(answers(group, 1), ['early@2']);
});

test('a follower gets its read answered by the leader', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 2, 'r');
  group.settle();
  assert.equal(answers(group, 2), ['r@2']);
  assert.equal(answers(group, 1), []);
});

test('reads are answered in order and each once, whatever their contexts', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  for (const context of ['a', 'b', 'b', 'c']) ask(group, 1, context);
  group.settle();
  assert.equal(answers(group, 1), ['a@2', 'b@2', 'b@2', 'c@2']);
});

test('every round of heartbeats has a context of its own, retries included, and they rise (P23, etcd-io/etcd#20418)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  const contexts: string[] = [];
  const collect = (): void => {
    group.process(1);
    const heartbeats = group.messages.filter((message) => message.type === 'MsgHeartbeat' && message.to === 2);
    contexts.push(...heartbeats.map((message) => Buffer.from(message.context).toString('hex')));
    group.messages = [];
  };
  ask(group, 1, 'same');
  collect();
  group.raw(1).tick();
  collect();
  ask(group, 1, 'same');
  collect();
  assert.is(new Set(contexts).size, 3);
  assert.equal([...contexts].sort(), contexts);
});

test('an answer to an earlier round confirms no later read (P23)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 1, 'first');
  group.settle(ofType('MsgHeartbeatResp'));
  const old = [...group.messages];
  group.settle();
  ask(group, 1, 'second');
  group.process(1);
  group.messages = [];
  for (const message of [...old, ...old]) group.step(message);
  group.process(1);
  assert.equal(answers(group, 1), ['first@2']);
});

test('an answer to a later round confirms earlier reads too', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 1, 'lost');
  group.process(1);
  group.messages = [];
  group.raw(1).tick();
  group.settle();
  assert.equal(answers(group, 1), ['lost@2']);
});

test('a leader drops its unconfirmed reads when it loses the term', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  ask(group, 1, 'r');
  group.settle(ofType('MsgHeartbeat'));
  group.messages = [];
  group.elect(2);
  assert.is(group.raw(1).dump().readsUnconfirmed, 0);
  assert.equal(answers(group, 1), []);
});

test('reads that wait are answered when their leader becomes the only voter', () => {
  const group = new TestGroup({ voters: [1, 2] });
  group.elect(1);
  group.raw(1).proposeConfChange({ kind: 'conf-change', type: 'remove-node', nodeId: 2, context: emptyBytes });
  group.settle(ofType('MsgAppResp'));
  ask(group, 1, 'r');
  group.settle(ofType('MsgHeartbeatResp', 'MsgAppResp'));
  assert.equal(answers(group, 1), []);
  group.settle(ofType('MsgHeartbeatResp'));
  assert.equal(answers(group, 1), ['r@2']);
});

test('with leases a leader answers without asking anybody', () => {
  const group = new TestGroup({ voters: [1, 2, 3], readOnly: 'lease', checkQuorum: true });
  group.elect(1);
  ask(group, 1, 'r');
  group.process(1);
  assert.equal(answers(group, 1), ['r@2']);
});

test('a leader that began to hand over asks a quorum in spite of its lease, for the rest of the term (P24, etcd-io/raft#99)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], readOnly: 'lease', checkQuorum: true });
  group.elect(1);
  group.raw(1).transferLeader(2);
  group.process(1);
  group.messages = [];
  for (let i = 0; i < 10; i += 1) group.raw(1).tick();
  assert.is(group.raw(1).basicStatus().leadTransferee, 0, 'given up');
  ask(group, 1, 'r');
  group.process(1);
  assert.equal(answers(group, 1), []);
});

test('with leases a follower does not forget its leader', () => {
  const group = new TestGroup({ voters: [1, 2, 3], readOnly: 'lease', checkQuorum: true });
  group.elect(1);
  group.raw(2).forgetLeader();
  assert.is(group.raw(2).basicStatus().lead, 1);
});

test.run();
