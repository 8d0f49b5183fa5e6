// Nobody is authenticated: whatever bytes a caller sends, no tracker may end (`architecture.md` 4, Identity).

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import type { Incarnation, NodeId, NodeName } from '../../src/base/ids.ts';
import { encodeConfChange } from '../../src/raft/core/conf-change-codec.ts';
import { makeMessage } from '../../src/raft/core/message.ts';
import { messageTypes, type Message } from '../../src/raft/core/types.ts';
import { encodeClusterConfig } from '../../src/raft/driver/cluster-config.ts';
import { encodeTicket } from '../../src/raft/driver/snapshot-ticket.ts';
import type { Hello, Lane } from '../../src/raft/driver/stream.ts';
import { encodeFrame, wireVersion } from '../../src/raft/driver/wire.ts';
import { RaftCluster, type Seat } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];

/** Calls `seat` as `from`; a member's incarnation is no secret. */
function callAs(seat: Seat, from: number, lane: Lane = 'control'): ReturnType<Seat['node']['streamOwner']['accept']> {
  const { id, cluster, members } = seat.node.status();
  const member = members.find((candidate) => candidate.id === from);
  const hello: Hello = {
    protocol: wireVersion, cluster: mustExist(cluster, 'it runs'), from: from as NodeId, fromName: (member?.name ?? 'x') as NodeName, fromUrl: member?.url ?? 'ftp://x',
    incarnation: member?.incarnation ?? ('f'.repeat(32) as Incarnation), to: mustExist(id, 'it runs'), lane,
  };
  assert.is(seat.node.streamOwner.judge(hello).kind, 'welcome');
  return seat.node.streamOwner.accept(hello, { close: () => undefined });
}

function send(seat: Seat, message: Message): void {
  callAs(seat, message.from).received(encodeFrame({ kind: 'message', message: { ...message, to: mustExist(seat.node.status().id, 'it runs') } }));
}

test('a heartbeat that tells of commits nobody made is not believed', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const seat = await cluster.follower();
  const { term, leader } = seat.node.status();
  for (const from of [9, mustExist(leader, 'somebody leads').id]) {
    for (const ahead of [0, 1]) send(seat, makeMessage('MsgHeartbeat', { from, term: term + ahead, commit: 1e9 }));
    await cluster.tick(5);
  }
  assert.is(seat.failure, undefined);
  await cluster.append('y');
});

test('an acknowledgement of entries that the leader never had is not counted', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const leader = await cluster.leader();
  const { term, last } = leader.node.status();
  const follower = mustExist((await cluster.follower()).node.status().id, 'it runs');
  send(leader, makeMessage('MsgAppResp', { from: follower, term, index: last + 1000 }));
  await cluster.tick(5);
  assert.is(leader.failure, undefined);
  assert.ok(leader.node.status().peers.every((peer) => peer.match <= last + 10));
  await cluster.append('y');
});

test('a term from the end of all numbers is not entered', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  for (const type of ['MsgApp', 'MsgAppResp', 'MsgVote', 'MsgTimeoutNow'] as const) send(leader, makeMessage(type, { from: 9, term: 2 ** 50 }));
  await cluster.tick(5);
  assert.ok(leader.node.status().term < 1000);
  await cluster.append('y');
});

const number = (near: number): fc.Arbitrary<number> => fc.oneof(
  fc.integer({ min: Math.max(0, near - 3), max: near + 3 }), fc.constantFrom(0, 1, 1e9, 2 ** 52, Number.MAX_SAFE_INTEGER),
);

test('whatever a caller sends, the tracker goes on', async () => {
  await using cluster = await RaftCluster.start({ names });
  for (let at = 0; at < 5; at += 1) await cluster.append(`item ${at}`);
  const seat = await cluster.follower();
  const leader = await cluster.leader();
  const { term, last, members, voters } = seat.node.status();
  const confState = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const data = encodeTicket({ id: 's-1', config: encodeClusterConfig({ confState, members, nextId: 4 as NodeId }) });
  const change = fc.record({ type: fc.constantFrom('add-node' as const, 'remove-node' as const, 'add-learner' as const), nodeId: fc.constantFrom(1, 2, 3, 8) })
    .map((single) => encodeConfChange({ kind: 'conf-change', ...single, context: new Uint8Array(0) }));
  const entry = fc.record({
    term: number(term), type: fc.constantFrom('normal' as const, 'conf-change' as const, 'conf-change-v2' as const), data: fc.oneof(fc.uint8Array({ maxLength: 8 }), change),
  });
  const message = fc.record({
    type: fc.constantFrom(...messageTypes), from: fc.constantFrom(1, 2, 3, 8, 9), to: fc.constant(0), term: number(term), logTerm: number(term), index: number(last),
    commit: number(last), vote: number(1), rejectHint: number(last), reject: fc.boolean(), context: fc.uint8Array({ maxLength: 9 }), responses: fc.constant([]),
    snapshot: fc.option(fc.record({ meta: fc.record({ index: number(last + 5), term: number(term), confState: fc.constant(confState) }), data: fc.constantFrom(data, new Uint8Array(3)) }), { nil: undefined }),
    entries: fc.array(entry, { maxLength: 2 }),
  }).map((fields): Message => ({
    ...fields, entries: fields.entries.map((each, at) => ({ ...each, index: fields.index + 1 + at })),
  }));
  const messages = fc.sample(message, { numRuns: 1500, seed: 7 });
  for (const [at, each] of messages.entries()) {
    const target = at % 2 === 0 ? seat : leader;
    if (each.from === target.node.status().id || !isEncodable(each)) continue;
    send(target, each);
    if (at % 25 === 0) await cluster.tick();
    assert.is(target.failure, undefined);
  }
  await cluster.tick(100);
  assert.equal([...cluster.seats.values()].map((each) => each.failure), [undefined, undefined, undefined]);
});

/** What is no number on the wire cannot be sent. */
function isEncodable(message: Message): boolean {
  return message.entries.every((entry) => Number.isSafeInteger(entry.index));
}

test.run();
