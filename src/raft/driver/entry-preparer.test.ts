// What committed entries mean: commands, the founding, changes of membership, and changes without effect.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import { encodeConfChange } from '../core/conf-change-codec.ts';
import type { ConfState, Entry } from '../core/types.ts';
import { decodeClusterConfig, encodeNewMembers, foundingConfig } from './cluster-config.ts';
import { EntryPreparer } from './entry-preparer.ts';
import { encodeFounding } from './member-codec.ts';
import type { Member } from './members.ts';

const founder: Member = { id: 1 as NodeId, name: 'a' as NodeName, url: 'http://a', incarnation: 'a'.repeat(32) as Incarnation };
const newcomer: Member = { ...founder, id: 2 as NodeId, name: 'b' as NodeName, incarnation: 'b'.repeat(32) as Incarnation };
const withLearner: ConfState = { voters: [1], votersOutgoing: [], learners: [2], learnersNext: [], autoLeave: false };

function makePreparer() {
  const applied: number[] = [];
  const preparer = new EntryPreparer({ config: foundingConfig([founder]) }, {
    applyConfChange: () => {
      applied.push(1);
      return withLearner;
    },
    changed: () => undefined,
  });
  return { preparer, applied };
}

function addLearner(index: number, member: Member): Entry {
  const change = { kind: 'conf-change-v2', transition: 'auto', changes: [{ type: 'add-learner', nodeId: member.id }], context: encodeNewMembers([member]) } as const;
  return { index, term: 1, type: 'conf-change-v2', data: encodeConfChange(change) };
}

test('a command passes as it is', () => {
  const prepared = makePreparer().preparer.prepare({ index: 5, term: 2, type: 'normal', data: new Uint8Array([9]) });
  assert.equal(prepared, { entry: { index: 5, term: 2, data: new Uint8Array([9]) }, note: { kind: 'command' } });
});

test('entry 1 is the founding configuration, not a command', () => {
  const prepared = makePreparer().preparer.prepare({ index: 1, term: 1, type: 'normal', data: encodeFounding([founder]) });
  assert.is(prepared.entry.data.length, 0);
  assert.equal(decodeClusterConfig(prepared.entry.confState ?? new Uint8Array(0)), foundingConfig([founder]));
});

test('a change of membership reaches core and state', () => {
  const { preparer, applied } = makePreparer();
  const prepared = preparer.prepare(addLearner(5, newcomer));
  assert.equal(decodeClusterConfig(prepared.entry.confState ?? new Uint8Array(0)).members, [founder, newcomer]);
  assert.is(applied.length, 1);
});

test('a change that gives an id away twice is void: neither core nor state hear of it (P27)', () => {
  const { preparer, applied } = makePreparer();
  preparer.prepare(addLearner(5, newcomer));
  const prepared = preparer.prepare(addLearner(6, { ...newcomer, incarnation: 'c'.repeat(32) as Incarnation }));
  assert.is(prepared.note.kind, 'void');
  assert.is(prepared.entry.confState, undefined);
  assert.is(applied.length, 1);
});

test.run();
