import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { isolating, ofType, TestGroup } from '../../../test/raft-script/test-group.ts';
import { ProposalDropped } from './errors.ts';

const roleOf = (group: TestGroup, id: number): string => group.raw(id).basicStatus().role;

test('an up-to-date successor is told to campaign at once, and wins (thesis 3.10)', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(1).transferLeader(2);
  group.settle();
  assert.equal([roleOf(group, 1), roleOf(group, 2)], ['follower', 'leader']);
});

test('a successor that lags is brought up to date first', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.propose(1, 'a');
  group.settle(isolating(2));
  group.raw(1).transferLeader(2);
  group.process(1);
  assert.not(group.messages.some(ofType('MsgTimeoutNow')), 'not yet');
  group.settle();
  assert.is(roleOf(group, 2), 'leader');
  assert.equal(group.texts(2), ['a']);
});

test('voters that hear from the leader vote for its chosen successor all the same (thesis 4.2.3)', () => {
  const group = new TestGroup({ voters: [1, 2, 3], checkQuorum: true, preVote: true });
  group.elect(1);
  group.raw(1).transferLeader(3);
  group.settle();
  assert.is(roleOf(group, 3), 'leader');
});

test('a follower passes the request on to the leader', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(2).transferLeader(3);
  group.settle();
  assert.is(roleOf(group, 3), 'leader');
});

test('no proposal is taken while leadership is handed over', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(1).transferLeader(2);
  assert.throws(() => group.propose(1, 'a'), (error: unknown) => error instanceof ProposalDropped);
});

test('a transfer is given up after one election time-out, and proposals are taken again', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(1).transferLeader(2);
  for (let i = 0; i < 10; i += 1) {
    group.raw(1).tick();
    group.settle(isolating(2));
  }
  assert.is(group.raw(1).basicStatus().leadTransferee, 0);
  group.propose(1, 'a');
  group.settle(isolating(2));
  assert.equal(group.texts(1), ['a']);
});

test('leadership is not handed to a learner, to a stranger or to oneself', () => {
  const group = new TestGroup({ voters: [1, 2], learners: [3] });
  group.elect(1);
  for (const to of [3, 9, 1]) {
    group.raw(1).transferLeader(to);
    assert.is(group.raw(1).basicStatus().leadTransferee, 0, `to ${to}`);
  }
});

test('a second request replaces the first; the same one again changes nothing', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.propose(1, 'a');
  group.process(1);
  group.messages = [];
  group.raw(1).transferLeader(2);
  for (let i = 0; i < 5; i += 1) group.raw(1).tick();
  group.raw(1).transferLeader(2);
  assert.is(group.raw(1).dump().electionElapsed, 5, 'the time-out is not prolonged');
  group.raw(1).transferLeader(3);
  assert.equal([group.raw(1).basicStatus().leadTransferee, group.raw(1).dump().electionElapsed], [3, 0]);
});

test('removing the successor ends the transfer', () => {
  const group = new TestGroup({ voters: [1, 2, 3] });
  group.elect(1);
  group.raw(1).proposeConfChange({ kind: 'conf-change', type: 'remove-node', nodeId: 3, context: emptyBytes });
  group.raw(1).transferLeader(3);
  group.settle(isolating(3));
  assert.is(group.raw(1).basicStatus().leadTransferee, 0);
});

test.run();
