import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { isolating, ofType, TestGroup } from '../../../test/raft-script/test-group.ts';
import { makeMessage } from './message.ts';
import type { ConfChangeSingle, Entry } from './types.ts';

const entry = (term: number, index: number): Entry => ({ term, index, type: 'normal', data: encodeUtf8(`${term}/${index}`) });

function change(group: TestGroup, ...changes: readonly ConfChangeSingle[]): void {
  group.raw(1).proposeConfChange({ kind: 'conf-change-v2', transition: 'auto', changes, context: emptyBytes });
}

test('a follower commits no further than the message vouches for', () => {
  const group = new TestGroup({ voters: [1, 2] });
  group.step(makeMessage('MsgApp', { from: 1, to: 2, term: 1, index: 1, logTerm: 1, entries: [entry(1, 2), entry(1, 3)] }));
  group.step(makeMessage('MsgApp', { from: 1, to: 2, term: 2, index: 1, logTerm: 1, entries: [entry(1, 2)], commit: 3 }));
  assert.is(group.raw(2).basicStatus().commit, 2);
});

test('a heartbeat carries no commit index beyond what the follower is known to hold', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.propose(1, 'a');
  group.settle(isolating(3));
  group.messages = [];
  group.raw(1).tick();
  group.process(1);
  assert.equal(group.messages.map((message) => [message.to, message.commit]), [[2, 3], [3, 2]]);
});

test('a conflicting tail is found in one round per term (end of Raft 5.3)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  for (let i = 0; i < 50; i += 1) group.propose(1, `lost ${i}`);
  group.process(1);
  group.messages = [];
  group.raw(2).campaign();
  group.settle(isolating(1));
  group.messages = [];
  group.raw(2).tick();
  let rounds = 0;
  group.settle((message) => {
    if (message.type === 'MsgAppResp' && message.from === 1 && message.reject) rounds += 1;
    return false;
  });
  assert.is(group.raw(1).basicStatus().lastIndex, group.raw(2).basicStatus().lastIndex);
  assert.ok(rounds <= 2, `${rounds} rejections`);
});

test('a follower behind the first entry gets a snapshot and goes on with entries', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  for (const text of ['a', 'b']) group.propose(1, text);
  group.settle(isolating(3));
  group.messages = [];
  const { storage, confState } = group.of(1);
  storage.createSnapshot(4, confState, emptyBytes);
  storage.compact(4);
  group.raw(1).tick();
  group.settle();
  assert.is(group.of(3).storage.firstIndex(), 5);
  group.propose(1, 'c');
  group.settle();
  assert.equal(group.texts(3), ['c']);
});

test('a failed or unreported snapshot leaves the follower waiting only until it is reported (P15, dgraph-io/dgraph#2707)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.propose(1, 'a');
  group.settle(isolating(3));
  group.messages = [];
  group.of(1).storage.createSnapshot(3, group.of(1).confState, emptyBytes);
  group.of(1).storage.compact(3);
  group.raw(1).tick();
  group.settle(ofType('MsgSnap'));
  group.messages = [];
  assert.is(group.raw(1).status().progress.get(3)?.state, 'snapshot');
  group.raw(1).reportSnapshot(3, 'failed');
  assert.is(group.raw(1).status().progress.get(3)?.state, 'probe');
  group.raw(1).tick();
  group.settle();
  assert.is(group.raw(3).basicStatus().commit, 3);
});

test('a second snapshot supersedes the first before that is installed (P16, etcd-io/etcd#18055)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], asyncStorageWrites: true });
  const { confState } = group.of(2);
  for (const index of [10, 20]) {
    group.step(makeMessage('MsgSnap', { from: 1, to: 2, term: 2, snapshot: { meta: { index, term: 2, confState }, data: emptyBytes } }));
    group.process(2);
  }
  group.runAppend(2);
  assert.is(group.raw(2).dump().unstable.snapshot?.index, 20, 'the first acknowledgement does not free the second');
  group.runAppend(2);
  assert.equal([group.raw(2).dump().unstable.snapshot, group.raw(2).basicStatus().applied], [undefined, 20]);
});

test('a snapshot replaces a membership change that was not committed (P13, openraft#1808)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  change(group, { type: 'remove-node', nodeId: 3 });
  group.process(1);
  const confState = { voters: [1, 2, 3], learners: [4], votersOutgoing: [], learnersNext: [], autoLeave: false };
  group.step(makeMessage('MsgSnap', { from: 2, to: 1, term: 9, snapshot: { meta: { index: 50, term: 8, confState }, data: emptyBytes } }));
  group.process(1);
  assert.equal(group.raw(1).status().confState, confState);
  assert.is(group.raw(1).basicStatus().lastIndex, 50);
});

test('a snapshot that does not name this node is refused', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  const confState = { voters: [1, 2], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  group.step(makeMessage('MsgSnap', { from: 1, to: 3, term: 2, snapshot: { meta: { index: 50, term: 2, confState }, data: emptyBytes } }));
  assert.is(group.raw(3).basicStatus().commit, 1);
});

test('a member is added, caught up, and counted', () => {
  const group = new TestGroup({ voters: [1] });
  group.elect(1);
  group.add(2);
  change(group, { type: 'add-node', nodeId: 2 });
  group.settle(isolating(2));
  // A snapshot of before would not name the new member.
  group.of(1).storage.createSnapshot(3, group.of(1).confState, emptyBytes);
  group.settle();
  group.propose(1, 'a');
  group.settle();
  assert.equal([group.raw(2).basicStatus().commit, group.texts(2)], [4, ['a']]);
});

test('only one membership change is unapplied at a time; another one becomes an empty entry (P19)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  change(group, { type: 'add-learner', nodeId: 7 });
  change(group, { type: 'add-learner', nodeId: 8 });
  group.settle();
  assert.equal(group.raw(1).status().confState.learners, [7]);
  assert.equal(group.of(1).applied.slice(-1).map((applied) => [applied.type, applied.data.length]), [['normal', 0]]);
});

test('a change that could never be applied becomes an empty entry', () => {
  const group = new TestGroup({ voters: [1] });
  group.elect(1);
  change(group, { type: 'remove-node', nodeId: 1 });
  change(group, { type: 'remove-node', nodeId: 1 }, { type: 'add-learner', nodeId: 2 });
  group.settle();
  assert.equal(group.raw(1).status().confState.voters, [1]);
});

test('an automatic joint configuration is left also when its leader changes meanwhile (P17, etcd-io/etcd#12136)', () => {
  const group = new TestGroup({ voters: [1, 2, 3, 4] });
  group.elect(1);
  change(group, { type: 'add-learner', nodeId: 4 }, { type: 'add-learner', nodeId: 5 });
  group.settle((message) => message.type === 'MsgApp' && message.entries.some((entered) => entered.type !== 'normal' && entered.data.length === 0));
  assert.is(group.raw(2).status().confState.votersOutgoing.length, 4);
  group.messages = [];
  group.restart(1);
  group.elect(2);
  const { votersOutgoing, learners, voters } = group.raw(2).status().confState;
  assert.equal([voters, votersOutgoing, learners], [[1, 2, 3], [], [4, 5]]);
});

test('a leader that removes itself steps down once that is applied (P20, etcd-io/etcd#11038)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  change(group, { type: 'remove-node', nodeId: 1 });
  group.settle();
  assert.is(group.raw(1).basicStatus().role, 'follower');
  group.raw(1).campaign();
  assert.is(group.raw(1).basicStatus().role, 'follower', 'it is no voter');
});

test.run();
