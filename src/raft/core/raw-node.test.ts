import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestGroup } from '../../../test/raft-script/test-group.ts';
import { ProposalDropped, StepLocalMsg, StepPeerNotFound } from './errors.ts';
import { makeMessage } from './message.ts';
import type { TracingEvent } from './types.ts';
import { localAppendThread } from './types.ts';

test('a local message from a peer is refused', () => {
  const group = new TestGroup({ voters: [1, 2] });
  for (const type of ['MsgHup', 'MsgBeat', 'MsgStorageAppendResp', 'MsgStorageApplyResp', 'MsgSnapStatus'] as const) {
    assert.throws(() => group.raw(1).step(makeMessage(type, { from: 2, to: 1 })), (error: unknown) => error instanceof StepLocalMsg);
  }
});

test('a response from a stranger is refused; one from a local thread is not', () => {
  const group = new TestGroup({ voters: [1, 2] });
  const response = makeMessage('MsgAppResp', { from: 9, to: 1, term: 1, index: 1 });
  assert.throws(() => group.raw(1).step(response), (error: unknown) => error instanceof StepPeerNotFound);
  group.raw(1).step(makeMessage('MsgStorageAppendResp', { from: localAppendThread, to: 1, term: 1 }));
});

test('without a leader a proposal is dropped, with one it is forwarded, unless that is disabled', () => {
  const group = new TestGroup({ voters: [1, 2] });
  assert.throws(() => group.propose(2, 'a'), (error: unknown) => error instanceof ProposalDropped);
  group.elect(1);
  group.propose(2, 'b');
  group.settle();
  assert.equal(group.texts(1), ['b']);
  const strict = new TestGroup({ voters: [1, 2], disableProposalForwarding: true });
  strict.elect(1);
  assert.throws(() => strict.propose(2, 'c'), (error: unknown) => error instanceof ProposalDropped);
});

test('a second Ready before advance is a bug of the caller, and so is advancing past another one', () => {
  const group = new TestGroup({ voters: [1] });
  group.raw(1).campaign();
  const ready = group.raw(1).ready();
  assert.throws(() => group.raw(1).ready(), /advance/);
  assert.throws(() => group.raw(1).advance({ ...ready }), /advance/);
});

test('a Ready must be synced exactly when it holds entries, a new term or a new vote', () => {
  const group = new TestGroup({ voters: [1] });
  group.raw(1).campaign();
  const synced: boolean[] = [];
  while (group.raw(1).hasReady()) synced.push(group.process(1).mustSync);
  assert.equal(synced, [true, true, false]);
});

test('a clone behaves like its original and shares nothing with it', () => {
  const group = new TestGroup({ voters: [1, 2, 3], preVote: true });
  group.elect(1);
  group.propose(1, 'a');
  const { raw, storage } = group.of(1);
  const before = JSON.stringify(raw.dump());
  const copy = raw.clone({ storage: storage.clone(), random: () => 0 });
  assert.is(JSON.stringify(copy.dump()), before);
  copy.propose(new Uint8Array([1]));
  for (let i = 0; i < 5; i += 1) copy.tick();
  copy.step(makeMessage('MsgHeartbeat', { from: 2, to: 1, term: 9 }));
  assert.is(JSON.stringify(raw.dump()), before);
  assert.is.not(JSON.stringify(copy.dump()), before);
});

test('the same inputs give the same outputs', () => {
  const play = (): string => {
    const group = new TestGroup({ voters: [1, 2, 3], seed: 5, checkQuorum: true, preVote: true });
    for (let i = 0; i < 60; i += 1) {
      for (const member of group.members.values()) member.raw.tick();
      if (i === 40) group.raw(1).readIndex(new Uint8Array([1]));
      group.settle();
    }
    return JSON.stringify([...group.members.values()].map((member) => member.raw.dump()));
  };
  assert.is(play(), play());
});

test('a listener is told of every step in the words of etcd\'s TracingEvent', () => {
  const events: TracingEvent[] = [];
  const group = new TestGroup({ voters: [1, 2], trace: (event) => events.push(event) });
  group.elect(1);
  const names = new Set(events.map((event) => event.name));
  for (const name of ['InitState', 'BecomeCandidate', 'BecomeLeader', 'Replicate', 'Commit', 'SendRequestVoteRequest', 'ReceiveRequestVoteResponse', 'SendAppendEntriesRequest']) {
    assert.ok(names.has(name), name);
  }
  assert.equal(events.find((event) => event.name === 'BecomeLeader')?.role, 'StateLeader');
});

test.run();
