import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { isolating, ofType, TestGroup } from '../../../test/raft-script/test-group.ts';
import { makeMessage } from './message.ts';
import type { Message } from './types.ts';

const voteRequest = (fields: Partial<Message>): Message => makeMessage('MsgVote', { to: 1, term: 2, index: 1, logTerm: 1, ...fields });

test('a follower campaigns only after its randomized election time-out (Raft 5.2)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.raw(1).setRandomizedElectionTimeout(13);
  for (let i = 0; i < 12; i += 1) group.raw(1).tick();
  assert.is(group.raw(1).basicStatus().role, 'follower');
  group.raw(1).tick();
  assert.is(group.raw(1).basicStatus().role, 'candidate');
});

test('election time-outs spread over [electionTick, 2 * electionTick) (Raft 5.2)', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 200; seed += 1) seen.add(new TestGroup({ voters: [1], seed }).raw(1).dump().randomizedElectionTimeout);
  assert.equal([...seen].sort((a, b) => a - b), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test('a vote is given first come, first served, once in a term (Raft 5.2)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.step(voteRequest({ from: 2 }));
  group.step(voteRequest({ from: 3 }));
  group.process(1);
  const answers = group.messages.filter(ofType('MsgVoteResp')).map((message) => [message.to, message.reject]);
  assert.equal(answers, [[2, false], [3, true]]);
});

test('a vote is not given to a candidate whose log is behind (Raft 5.4.1)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.step(voteRequest({ from: 3, term: 3, index: 9, logTerm: 1 }));
  group.step(voteRequest({ from: 2, term: 3, index: 1, logTerm: 2 }));
  group.process(1);
  assert.ok(group.messages.filter(ofType('MsgVoteResp')).every((message) => message.reject));
});

test('stepping down within a term keeps the vote (P2, microsoft/CCF#8094)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.raw(1).campaign();
  group.process(1);
  // Another node won this term: the candidate follows it.
  group.step(makeMessage('MsgHeartbeat', { from: 2, to: 1, term: 2 }));
  assert.is(group.raw(1).basicStatus().role, 'follower');
  assert.is(group.raw(1).basicStatus().vote, 1);
});

test('a leader that loses its quorum keeps its vote (P2)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true });
  group.elect(1);
  for (let i = 0; i < 20; i += 1) group.raw(1).tick();
  assert.equal([group.raw(1).basicStatus().role, group.raw(1).basicStatus().vote, group.raw(1).basicStatus().term], ['follower', 1, 2]);
});

test('a vote that arrives twice counts once (P5)', () => {
  const group = new TestGroup({ voters: [1, 2, 3, 4, 5] });
  group.raw(1).campaign();
  group.process(1);
  const vote = makeMessage('MsgVoteResp', { from: 2, to: 1, term: 2 });
  for (let i = 0; i < 3; i += 1) group.step(vote);
  assert.is(group.raw(1).basicStatus().role, 'candidate');
});

test('a changed answer does not replace the first one (P5)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.raw(1).campaign();
  group.process(1);
  group.step(makeMessage('MsgVoteResp', { from: 2, to: 1, term: 2, reject: true }));
  group.step(makeMessage('MsgVoteResp', { from: 2, to: 1, term: 2 }));
  assert.is(group.raw(1).basicStatus().role, 'candidate');
});

test('the own vote counts only when it is durable (P1)', () => {
  const group = new TestGroup({ voters: [1], asyncStorageWrites: true });
  group.raw(1).campaign();
  group.process(1);
  assert.is(group.raw(1).basicStatus().role, 'candidate');
  group.runAppend(1);
  assert.is(group.raw(1).basicStatus().role, 'leader');
  assert.is(group.of(1).storage.initialState().hardState.vote, 1);
});

test('a vote leaves no earlier than it is durable (P1)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], asyncStorageWrites: true });
  group.step(voteRequest({ from: 2 }));
  group.process(1);
  assert.equal(group.messages, []);
  group.runAppend(1);
  assert.equal(group.messages.map((message) => message.type), ['MsgVoteResp']);
});

test('a leader counts itself only when its own append is durable (P6, etcd-io/etcd#14370)', () => {
  const group = new TestGroup({ voters: [1], asyncStorageWrites: true });
  group.elect(1);
  group.propose(1, 'a');
  group.process(1);
  assert.is(group.raw(1).basicStatus().commit, 2);
  group.runAppend(1);
  assert.is(group.raw(1).basicStatus().commit, 3);
});

test('a follower acknowledges entries only when they are durable (P6)', () => {
  const group = new TestGroup({ voters: [1, 2], asyncStorageWrites: true });
  const entry = { term: 2, index: 2, type: 'normal', data: encodeUtf8('a') } as const;
  group.step(makeMessage('MsgApp', { from: 1, to: 2, term: 2, index: 1, logTerm: 1, entries: [entry] }));
  group.process(2);
  assert.equal(group.messages, []);
  group.runAppend(2);
  assert.equal(group.messages.map((message) => [message.type, message.index]), [['MsgAppResp', 2]]);
});

test('a pre-vote changes neither term nor vote of anybody (P3, thesis 9.6)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], preVote: true });
  group.raw(1).campaign();
  group.settle(ofType('MsgPreVoteResp'));
  assert.equal([1, 2, 3].map((id) => [group.raw(id).basicStatus().term, group.raw(id).basicStatus().vote]), [[1, 0], [1, 0], [1, 0]]);
  group.settle();
  assert.is(group.raw(1).basicStatus().role, 'leader');
});

test('a pre-vote is granted also by who voted in this term (P3)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], preVote: true });
  group.elect(1);
  group.step(makeMessage('MsgPreVote', { from: 3, to: 2, term: 3, index: 2, logTerm: 2 }));
  group.process(2);
  assert.equal(group.messages.map((message) => [message.type, message.reject, message.term]), [['MsgPreVoteResp', false, 3]]);
});

test('a node with a later term than its leader makes the leader step down (P4, etcd-io/etcd#8334)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], preVote: true, checkQuorum: true });
  group.elect(1);
  group.step(makeMessage('MsgHeartbeat', { from: 2, to: 3, term: 5 }));
  group.raw(1).tick();
  group.settle();
  assert.ok(group.raw(1).basicStatus().term >= 5);
  assert.is(group.raw(1).basicStatus().role, 'follower');
});

test('a pre-candidate of an old term learns the new one (P4, tikv/raft-rs#84)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], preVote: true });
  group.elect(1);
  group.step(makeMessage('MsgHeartbeat', { from: 1, to: 2, term: 4 }));
  group.step(makeMessage('MsgPreVote', { from: 3, to: 2, term: 3, index: 2, logTerm: 2 }));
  group.process(2);
  const answer = group.messages.filter((message) => message.term === 4 && message.type === 'MsgPreVoteResp').at(-1);
  assert.is(answer?.reject, true);
});

test('a voter that hears from a leader ignores candidates (thesis 4.2.3)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true });
  group.elect(1);
  group.step(makeMessage('MsgVote', { from: 3, to: 2, term: 9, index: 9, logTerm: 9 }));
  assert.is(group.raw(2).basicStatus().term, 2);
  assert.not(group.raw(2).hasReady());
});

test('after the minimum election time-out a voter listens to candidates again (thesis 4.2.3)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true });
  group.elect(1);
  group.raw(2).setRandomizedElectionTimeout(20);
  for (let i = 0; i < 10; i += 1) group.raw(2).tick();
  group.step(makeMessage('MsgVote', { from: 3, to: 2, term: 9, index: 9, logTerm: 9 }));
  assert.equal([group.raw(2).basicStatus().term, group.raw(2).basicStatus().vote], [9, 3]);
});

test('a leader that no quorum answers stops leading (thesis 6.2)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true });
  group.elect(1);
  for (let i = 0; i < 20; i += 1) {
    group.raw(1).tick();
    group.settle(isolating(1));
  }
  assert.is(group.raw(1).basicStatus().role, 'follower');
});

test('a leader that a quorum answers goes on', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true });
  group.elect(1);
  for (let i = 0; i < 50; i += 1) {
    group.raw(1).tick();
    group.settle(isolating(3));
  }
  assert.is(group.raw(1).basicStatus().role, 'leader');
});

test('a learner never campaigns', () => {
  const group = new TestGroup({ voters: [1, 2], learners: [3] });
  for (let i = 0; i < 100; i += 1) group.raw(3).tick();
  group.raw(3).campaign();
  assert.is(group.raw(3).basicStatus().role, 'follower');
});

test('a node with an unapplied committed membership change does not campaign (P18, etcd-io/etcd#7625)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], asyncStorageWrites: true });
  group.elect(1);
  group.raw(1).proposeConfChange({ kind: 'conf-change', type: 'add-learner', nodeId: 9, context: emptyBytes });
  for (let i = 0; i < 6; i += 1) {
    for (const id of [1, 2]) {
      if (group.raw(id).hasReady()) group.process(id);
      group.runAppend(id);
    }
    group.deliver();
  }
  assert.is(group.raw(2).basicStatus().commit, 3);
  group.raw(2).campaign();
  assert.is(group.raw(2).basicStatus().role, 'follower');
  group.settle();
  group.raw(2).campaign();
  assert.is(group.raw(2).basicStatus().role, 'candidate');
});

test('entries of earlier terms are committed only through one of the leader\'s term (Raft 5.4.2, figure 8)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], maxSizePerMsg: 1 });
  group.elect(1);
  group.propose(1, 'old');
  // It reaches 2, which learns of no commit. Then 1 is gone.
  group.settle(isolating(3));
  group.messages = [];
  const { storage } = group.of(2);
  storage.setHardState({ ...storage.initialState().hardState, commit: 1 });
  group.restart(2);
  group.raw(2).campaign();
  // The entries of term 2 reach 3, that of term 3 does not.
  const hasOld = (): boolean => group.raw(3).basicStatus().lastIndex >= 3;
  group.settle((message) => isolating(1)(message) || (hasOld() && message.type === 'MsgApp' && message.entries.some((entry) => entry.term === 3)));
  assert.equal([group.raw(2).basicStatus().role, group.raw(2).status().progress.get(3)?.match], ['leader', 3]);
  assert.is(group.raw(2).basicStatus().commit, 1);
  group.settle(isolating(1));
  assert.is(group.raw(2).basicStatus().commit, 4);
});

test.run();
