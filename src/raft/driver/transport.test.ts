// Who may speak to this tracker, and only for itself (`architecture.md` 4, Identity).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import { seededRng } from '../../base/rng.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { makeMessage } from '../core/message.ts';
import type { Message } from '../core/types.ts';
import type { Member } from './members.ts';
import type { Hello, StreamLoss } from './stream.ts';
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
function makeTransport(loss: StreamLoss = { kind: 'broken' }) {
  const [received, died]: [Message[], number[]] = [[], []];
  const transport = new Transport({ self: member(1), cluster }, {
    clock: new ManualClock(), rng: seededRng(1), dial: async () => ({ kind: 'failed', loss }),
    received: (message) => received.push(message), floorHeard: () => undefined, unreachable: () => undefined,
    died: (peer) => died.push(peer), observe: () => undefined, failed: () => undefined,
  });
  transport.setMembers({ members: [member(1), member(2), member(4)], nextId: 5 as NodeId });
  return { transport, received, died };
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

test.run();
