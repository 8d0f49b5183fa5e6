import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../base/limits.ts';
import { learn, newLeaderView, nextTracker, type LeaderView, type Purpose } from './leader-view.ts';

const [a, b, c, d] = ['http://a:1', 'http://b:1', 'http://c:1', 'http://d:1'] as const;

function next(view: LeaderView, purpose: Purpose, tried: readonly string[] = [], nowMs = 0): string | undefined {
  return nextTracker(view, { purpose, tried: new Set(tried), turn: 0, nowMs });
}

test('the leader is asked first for what only it can do', () => {
  const view = learn(newLeaderView([a, b, c]), { kind: 'led', url: b });
  assert.is(next(view, 'lead'), b);
  assert.is(next(view, 'read'), a);
});

test('a hint is followed, also to a tracker that nobody configured', () => {
  const view = learn(newLeaderView([a, b]), { kind: 'not-leader', url: a, leader: d });
  assert.is(next(view, 'lead', [a]), d);
  assert.equal(view.trackers, [a, b, d]);
});

test('a hint that is no address, or names the one that gave it, is ignored', () => {
  for (const leader of ['file:///etc/passwd', 'nonsense', a]) {
    const view = learn(newLeaderView([a, b]), { kind: 'not-leader', url: a, leader });
    assert.is(view.leader, undefined);
    assert.is(next(view, 'lead', [a]), b);
  }
});

test('hints do not grow the list without bound', () => {
  let view = newLeaderView([a]);
  for (let i = 0; i < 200; i += 1) view = learn(view, { kind: 'not-leader', url: a, leader: `http://n${i}:1` });
  assert.is(view.trackers.length, limits.trackersKnownMax);
});

test('a leader that says it is none, or fails, is the leader no more', () => {
  const led = learn(newLeaderView([a, b]), { kind: 'led', url: a });
  assert.is(learn(led, { kind: 'not-leader', url: a }).leader, undefined);
  assert.is(learn(led, { kind: 'failed', url: a, nowMs: 1 }).leader, undefined);
  assert.is(learn(led, { kind: 'not-leader', url: b }).leader, a);
});

test('a tracker that failed is asked last until its penalty ends, or until it answers', () => {
  const view = learn(newLeaderView([a, b]), { kind: 'failed', url: a, nowMs: 100 });
  assert.is(next(view, 'read', [], 101), b);
  assert.is(next(view, 'read', [b], 101), a);
  assert.is(next(view, 'read', [], 100 + limits.nodePenaltyMs), a);
  assert.is(next(learn(view, { kind: 'answered', url: a }), 'read', [], 101), a);
});

test('reads stay with the tracker that answered', () => {
  const view = learn(newLeaderView([a, b, c]), { kind: 'answered', url: c });
  assert.is(next(view, 'read'), c);
});

test('a round ends when everyone was asked', () => {
  assert.is(next(newLeaderView([a, b]), 'lead', [a, b]), undefined);
});

test('turns spread clients over the trackers', () => {
  const view = newLeaderView([a, b, c]);
  assert.equal([0, 1, 2, 3].map((turn) => nextTracker(view, { purpose: 'read', tried: new Set(), turn, nowMs: 0 })), [a, b, c, a]);
});

test.run();
