import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { Answer, Message, Send } from '../../protocol/send.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { waitUntilReady } from './health-probe.ts';

const url = 'http://n:1';
const never = new AbortController().signal;

const ready: Answer = { status: 200, headers: {}, body: [encodeUtf8('{"ok":true,"checks":{"raft":"ok"}}')] };
const electing: Answer = { status: 503, headers: {}, body: [encodeUtf8('{"ok":false,"checks":{"disk":"ok","raft":"no leader"}}')] };

/** Answers in this order, the last one again and again; time passes by one poll with each. */
function answering(clock: ManualClock, answers: readonly (Answer | 'silence')[]): { readonly send: Send; readonly seen: Message[] } {
  const seen: Message[] = [];
  const send: Send = async (message) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(message);
    setImmediate(() => void clock.advance(limits.nodePollMs));
    if (answer === undefined || answer === 'silence') throw new OffshoreError('unreachable', { node: message.to, reason: 'ECONNREFUSED' });
    return answer;
  };
  return { send, seen };
}

test('without a time-out there is one look, and it says which check failed', async () => {
  const clock = new ManualClock();
  const { send, seen } = answering(clock, [electing, ready]);

  const found = await waitUntilReady({ url, timeoutMs: 0 }, { send, clock }, never);

  assert.equal(found, { kind: 'not-ready', reason: 'raft: no leader' });
  assert.equal(seen.map(({ method, path }) => `${method} ${path}`), ['GET /readyz']);
});

test('with a time-out it looks again until the node is ready', async () => {
  const clock = new ManualClock();
  const { send, seen } = answering(clock, ['silence', electing, ready]);

  const found = await waitUntilReady({ url, timeoutMs: 1000 }, { send, clock }, never);

  assert.equal(found, { kind: 'ready' });
  assert.is(seen.length, 3);
});

test('when time is up it says what was seen last', async () => {
  const clock = new ManualClock();
  const { send } = answering(clock, [electing, 'silence']);

  const found = await waitUntilReady({ url, timeoutMs: 3 * limits.nodePollMs }, { send, clock }, never);

  assert.is(found.kind, 'silent');
  assert.ok(found.kind === 'silent' && found.reason.includes('ECONNREFUSED'));
});

test.run();
