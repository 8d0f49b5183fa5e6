// How an empty tracker takes its place: answers of the others in, a choice out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import type { IdentityAnswer } from './identity-answer.ts';
import { encodeFounding } from './member-codec.ts';
import type { Member } from './members.ts';
import { chooseSeat } from './seat.ts';

const name = (text: string): NodeName => text as NodeName;
const incarnation = (digit: string): Incarnation => digit.repeat(32) as Incarnation;
const initial = ['a', 'b', 'c'].map((text) => ({ name: name(text), url: `http://${text}` }));
const self = { name: name('a'), incarnation: incarnation('a'), initial };
const members: readonly Member[] = initial.map((tracker, at) => ({ ...tracker, id: (at + 1) as NodeId, incarnation: incarnation(tracker.name) }));

function empty(who: string, list = initial): [NodeName, IdentityAnswer] {
  return [name(who), { kind: 'empty', name: name(who), incarnation: incarnation(who), initial: list }];
}

function member(who: string, current: readonly Member[] = members, cluster = 'x'): [NodeName, IdentityAnswer] {
  return [name(who), { kind: 'member', name: name(who), incarnation: incarnation(who), cluster: cluster as ClusterId, founding: encodeFounding(members), members: current }];
}

test('when all others are empty the founding map is found, the same whoever computes it', () => {
  const mine = chooseSeat(self, new Map([empty('b'), empty('c')]));
  const theirs = chooseSeat({ ...self, name: name('b'), incarnation: incarnation('b'), initial: [...initial].reverse() }, new Map([empty('a'), empty('c')]));
  assert.equal(mine, { kind: 'found', members });
  assert.equal(theirs, mine);
});

test('one silent tracker is waited for', () => {
  assert.equal(chooseSeat(self, new Map([empty('b')])), { kind: 'wait', missing: ['c'] });
});

test('a founder without a log takes its place from a member', () => {
  const choice = chooseSeat(self, new Map([member('b')]));
  assert.is(choice.kind === 'adopt' && choice.as, 'founder');
  assert.is(choice.kind === 'adopt' && choice.id, 1);
});

test('another incarnation of a known name is refused as wiped', () => {
  const choice = chooseSeat({ ...self, incarnation: incarnation('d') }, new Map([member('b'), empty('c')]));
  assert.is(choice.kind === 'refuse' && choice.code, 'wiped-member');
});

test('a founder that was removed is told so', () => {
  const choice = chooseSeat(self, new Map([member('b', members.slice(1))]));
  assert.is(choice.kind === 'refuse' && choice.code, 'member-removed');
});

test('a tracker the cluster does not know waits to be added', () => {
  assert.equal(chooseSeat({ ...self, name: name('d'), incarnation: incarnation('d') }, new Map([member('b')])), { kind: 'wait', missing: ['d'] });
});

test('an added tracker starts with an empty log', () => {
  const added = { name: name('d'), url: 'http://d', id: 4 as NodeId, incarnation: incarnation('d') };
  const choice = chooseSeat({ ...self, name: name('d'), incarnation: incarnation('d') }, new Map([member('b', [...members, added])]));
  assert.is(choice.kind === 'adopt' && choice.as, 'added');
  assert.is(choice.kind === 'adopt' && choice.id, 4);
});

test('trackers with different lists found nothing', () => {
  const choice = chooseSeat(self, new Map([empty('b', initial.slice(0, 2)), empty('c')]));
  assert.is(choice.kind === 'refuse' && choice.code, 'bad-option');
});

test('members of two clusters are refused', () => {
  const choice = chooseSeat(self, new Map([member('b'), member('c', members, 'y')]));
  assert.is(choice.kind === 'refuse' && choice.code, 'wrong-cluster');
});

test.run();
