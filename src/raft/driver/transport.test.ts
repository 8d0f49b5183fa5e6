// Who may speak to this tracker, and only for itself (`architecture.md` 4, Identity).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { seededRng } from '../../base/rng.ts';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { makeMessage } from '../core/message.ts';
import type { Message } from '../core/types.ts';
import type { Member } from './members.ts';
import type { DialResult, Hello, StreamLoss } from './stream.ts';
import { FrameReader } from './frame-reader.ts';
import { Transport } from './transport.ts';
import { encodeFrame, wireVersion } from './wire.ts';

function member(id: number): Member {
  return { id: id as NodeId, name: `t${id}` as NodeName, url: `http://t${id}`, incarnation: String(id).repeat(32) as Incarnation };
}

const cluster = 'c'.repeat(64) as ClusterId;
const hello: Hello = {
  protocol: wireVersion, cluster, from: 2 as NodeId, fromName: 't2' as NodeName, fromUrl: 'http://t2', incarnation: member(2).incarnation, to: 1 as NodeId, lane: 'control',
};

/** Tracker 1 of 1, 2 and 4; 3 was removed. */
function makeTransport(loss: StreamLoss = { kind: 'broken' }, answer: () => DialResult = () => ({ kind: 'failed', loss })) {
  const [received, died, dialled, gone]: [Message[], number[], string[], number[]] = [[], [], [], []];
  const clock = new ManualClock();
  const transport = new Transport({ self: member(1), cluster }, {
    clock, rng: seededRng(1), received: (message) => received.push(message), floorHeard: () => undefined, unreachable: () => undefined,
    died: (peer) => died.push(peer), gone: (peer) => gone.push(peer), observe: () => undefined, failed: () => undefined,
    dial: async ({ url }) => {
      dialled.push(url);
      return answer();
    },
  });
  transport.setMembers({ members: [member(1), member(2), member(4)], nextId: 5 as NodeId });
  return { transport, received, died, dialled, gone, clock };
}

/** A member nobody here has heard of, or somebody who says so. */
function stranger(id: number, change: Partial<Hello> = {}): Hello {
  return { ...hello, from: id as NodeId, fromUrl: `http://stranger-${id}`, incarnation: 'e'.repeat(32) as Incarnation, ...change };
}

function verdict(change: Partial<Hello>): string {
  const { transport } = makeTransport();
  const found = transport.judge({ ...hello, ...change });
  transport.close();
  return found.kind === 'welcome' ? 'welcome' : found.code;
}

test('a member is welcome', () => assert.is(verdict({}), 'welcome'));
test('another cluster is refused', () => assert.is(verdict({ cluster: 'd'.repeat(64) as ClusterId }), 'wrong-cluster'));
test('another incarnation of a member is refused as wiped', () => assert.is(verdict({ incarnation: 'f'.repeat(32) as Incarnation }), 'wiped-member'));
test('a call for the tracker that was here before is refused', () => assert.is(verdict({ to: 9 as NodeId }), 'wiped-member'));
test('a removed member is told so', () => assert.is(verdict({ from: 3 as NodeId }), 'member-removed'));
test('a member not heard of yet may lead already, and is welcome', () => assert.is(verdict({ from: 7 as NodeId }), 'welcome'));
test('a call in this tracker\'s own name is refused', () => assert.is(verdict({ from: 1 as NodeId, incarnation: member(1).incarnation }), 'wiped-member'));
test('another version is refused', () => assert.is(verdict({ protocol: wireVersion + 1 }), 'version-unsupported'));

test('a peer speaks only for itself, and only to this tracker', () => {
  const { transport, received } = makeTransport();
  const reader = transport.accept(hello, { close: () => undefined });
  const frame = (from: number, to: number): Uint8Array => encodeFrame({ kind: 'message', message: makeMessage('MsgHeartbeat', { from, to, term: 3 }) });
  assert.is(reader.received(frame(2, 1)), 'fine');
  assert.is(reader.received(frame(4, 1)), 'corrupt');
  assert.is(transport.accept(hello, { close: () => undefined }).received(frame(2, 4)), 'corrupt');
  assert.is(received.length, 1);
  transport.close();
});

test('a newer stream of a lane takes the place of the older one', () => {
  const { transport } = makeTransport();
  let closed = 0;
  transport.accept(hello, { close: () => { closed += 1; } });
  transport.accept(hello, { close: () => undefined });
  assert.is(closed, 1);
  transport.close();
});

test('a refused connection means a dead process only while no stream of it is open', async () => {
  const silent = makeTransport({ kind: 'refused' });
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(silent.died, [2, 4]);
  silent.transport.close();
  const heard = makeTransport({ kind: 'refused' });
  heard.transport.accept(hello, { close: () => undefined });
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(heard.died, [4]);
  heard.transport.close();
});

test('the floor is told whenever a control stream opens: what the peer heard last may be out of date', async () => {
  const sent: Uint8Array[] = [];
  const stream = { lost: new Promise<StreamLoss>(() => undefined), close: () => undefined, send: (frames: readonly Uint8Array[]) => { sent.push(...frames); return 'accepted' as const; } };
  const { transport } = makeTransport(undefined, () => ({ kind: 'open', stream }));
  await settle();
  const frames = sent.flatMap((bytes) => new FrameReader().push(bytes).map((read) => read.frame));
  assert.equal(frames, [{ kind: 'floor', floor: 'ample' }, { kind: 'floor', floor: 'ample' }]);
  transport.close();
});

test('a few strangers are heard at once, no more', () => {
  const { transport } = makeTransport();
  for (let at = 0; at < limits.strangersMax; at += 1) transport.accept(stranger(100 + at), { close: () => undefined });
  assert.equal(transport.judge(stranger(99)), { kind: 'reject', code: 'starting' });
  assert.equal(transport.judge(stranger(100)), { kind: 'welcome' });
  assert.equal(transport.judge(hello), { kind: 'welcome' });
  transport.close();
});

test('a stranger is called back only while it holds a stream', async () => {
  const { transport, dialled, gone, clock } = makeTransport();
  const reader = transport.accept(stranger(7), { close: () => undefined });
  await settle();
  assert.ok(dialled.includes('http://stranger-7'));
  reader.closed();
  assert.equal(gone, [7]);
  dialled.length = 0;
  await clock.advance(10_000);
  assert.not.ok(dialled.includes('http://stranger-7'));
  transport.close();
});

test('a stranger that no configuration names in time is dropped, one that is named stays', async () => {
  const { transport, gone, clock } = makeTransport();
  const closed: number[] = [];
  transport.accept(stranger(6, { incarnation: member(6).incarnation }), { close: () => closed.push(6) });
  transport.accept(stranger(7), { close: () => closed.push(7) });
  transport.setMembers({ members: [member(1), member(2), member(4), member(6)], nextId: 7 as NodeId });
  await clock.advance(limits.strangerMsMax);
  assert.equal([closed, gone], [[7], [7]]);
  assert.is(transport.urlOf(6 as NodeId), 'http://stranger-6');
  transport.close();
});

test('who called under the id of a member with other data was somebody else', () => {
  const { transport } = makeTransport();
  transport.accept(stranger(6), { close: () => undefined });
  transport.setMembers({ members: [member(1), member(2), member(4), member(6)], nextId: 7 as NodeId });
  assert.is(transport.urlOf(6 as NodeId), 'http://t6');
  transport.close();
});

test('a message that contradicts itself ends its stream', () => {
  const { transport, received } = makeTransport();
  const send = (message: Message): string => transport.accept(hello, { close: () => undefined }).received(encodeFrame({ kind: 'message', message }));
  const from = { from: 2, to: 1 };
  const entry = { type: 'normal', data: new Uint8Array(0) } as const;
  const forged: readonly Message[] = [
    makeMessage('MsgHeartbeat', { ...from }),
    makeMessage('MsgHeartbeat', { ...from, term: Number.MAX_SAFE_INTEGER }),
    makeMessage('MsgSnap', { ...from, term: 3 }),
    makeMessage('MsgReadIndex', { ...from }),
    makeMessage('MsgApp', { ...from, term: 3, index: 5, logTerm: 2, entries: [{ ...entry, index: 7, term: 3 }] }),
    makeMessage('MsgApp', { ...from, term: 3, index: 5, logTerm: 2, entries: [{ ...entry, index: 6, term: 1 }] }),
    makeMessage('MsgApp', { ...from, term: 3, index: 5, logTerm: 2, entries: [{ ...entry, index: 6, term: 4 }] }),
    makeMessage('MsgApp', { ...from, term: 3, index: 5, logTerm: 2, entries: [{ ...entry, type: 'conf-change', index: 6, term: 3 }] }),
  ];
  assert.equal(forged.map(send), forged.map(() => 'corrupt'));
  assert.is(received.length, 0);
  transport.close();
});

test.run();
