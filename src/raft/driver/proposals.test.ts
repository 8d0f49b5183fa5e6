// What a proposer is told: done only when its own entry was applied, "did not happen" only when that is certain.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { mustExist } from '../../base/assert.ts';
import { Proposals } from './proposals.ts';

const at = (index: number, term: number) => ({ index: index as LogIndex, term: term as Term });
const gone = new OffshoreError('not-leader', { leader: 'http://b' });

function place(proposals: Proposals<string>, index: number, term: number): Promise<unknown> {
  const outcome = proposals.add('data', new Uint8Array([1]), new AbortController().signal).catch((error: unknown) => error);
  proposals.placed(mustExist(proposals.takeQueued(1)[0], 'it waits'), at(index, term));
  return outcome;
}

test('the entry of its index and term answers a proposal', async () => {
  const proposals = new Proposals<string>();
  const outcome = place(proposals, 5, 2);
  proposals.applied(at(5, 2), { kind: 'command', result: 'x' });
  assert.equal(await outcome, { ...at(5, 2), result: 'x' });
  assert.is(proposals.size, 0);
});

test('another term at its index means that it did not happen', async () => {
  const proposals = new Proposals<string>();
  const outcome = place(proposals, 5, 2);
  proposals.applied(at(5, 3), { kind: 'command', result: 'x' });
  assert.ok(isOffshoreError(await outcome, 'not-leader'));
});

test('a proposal whose place another one takes may still commit elsewhere, so its outcome is unknown', async () => {
  const proposals = new Proposals<string>();
  const [older, newer] = [place(proposals, 5, 2), place(proposals, 5, 4)];
  proposals.applied(at(5, 4), { kind: 'command', result: 'x' });
  assert.ok(isOffshoreError(await older, 'outcome-unknown'));
  assert.equal(await newer, { ...at(5, 4), result: 'x' });
});

test('without leadership a placed proposal waits for the truth, then its outcome is unknown', async () => {
  const proposals = new Proposals<string>();
  const [found, lost] = [place(proposals, 5, 2), place(proposals, 6, 2)];
  proposals.leadershipLost(gone, 1000);
  proposals.applied(at(5, 2), { kind: 'command', result: 'x' });
  proposals.expire(999);
  assert.is(proposals.size, 1);
  proposals.expire(1000);
  assert.equal(await found, { ...at(5, 2), result: 'x' });
  assert.ok(isOffshoreError(await lost, 'outcome-unknown'));
});

test('what was never proposed is sent to the leader', async () => {
  const proposals = new Proposals<string>();
  const outcome = proposals.add('data', new Uint8Array(1), new AbortController().signal).catch((error: unknown) => error);
  proposals.leadershipLost(gone, 1000);
  assert.is(await outcome, gone);
});

test('an installed state hides what became of the entries below it', async () => {
  const proposals = new Proposals<string>();
  const outcome = place(proposals, 5, 2);
  proposals.installed(9 as LogIndex);
  assert.ok(isOffshoreError(await outcome, 'outcome-unknown'));
});

test('a membership change that the core made void is busy, not done', async () => {
  const proposals = new Proposals<string>();
  const outcome = proposals.add('membership', new Uint8Array(1), new AbortController().signal).catch((error: unknown) => error);
  proposals.placed(mustExist(proposals.takeQueued(1)[0], 'it waits'), at(5, 2));
  proposals.applied(at(5, 2), { kind: 'command', result: 'x' });
  assert.ok(isOffshoreError(await outcome, 'busy'));
});

test('an abort after proposing leaves the outcome unknown, and the place is freed', async () => {
  const proposals = new Proposals<string>();
  const stop = new AbortController();
  const outcome = proposals.add('data', new Uint8Array(1), stop.signal).catch((error: unknown) => error);
  proposals.placed(mustExist(proposals.takeQueued(1)[0], 'it waits'), at(5, 2));
  stop.abort();
  assert.ok(isOffshoreError(await outcome, 'outcome-unknown'));
  proposals.expire(0);
  assert.is(proposals.size, 0);
});

test('a full table refuses', () => {
  const proposals = new Proposals<string>({ max: 1 });
  proposals.add('data', new Uint8Array(1), new AbortController().signal).catch(() => undefined);
  assert.throws(() => proposals.add('data', new Uint8Array(1), new AbortController().signal), (error: unknown) => isOffshoreError(error, 'overloaded'));
});

test.run();
