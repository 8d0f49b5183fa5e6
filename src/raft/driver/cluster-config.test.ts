// The configuration of the cluster: who the ids are, which changes are void, which id comes next.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import type { ConfChangeV2 } from '../core/types.ts';
import { afterChange, decodeClusterConfig, encodeClusterConfig, encodeNewMembers, foundingConfig, objection } from './cluster-config.ts';
import type { Member } from './members.ts';

function member(id: number, digit = String(id)): Member {
  return { id: id as NodeId, name: `t${id}` as NodeName, url: `http://t${id}`, incarnation: digit.repeat(32) as Incarnation };
}

function change(changes: ConfChangeV2['changes'], added: readonly Member[] = []): ConfChangeV2 {
  return { kind: 'conf-change-v2', transition: 'auto', changes, context: encodeNewMembers(added) };
}

const founding = foundingConfig([member(1), member(2), member(3)]);
const withFourth = { ...founding.confState, learners: [4] };

test('it comes back from its bytes', () => {
  assert.equal(decodeClusterConfig(encodeClusterConfig(founding)), founding);
});

test('an added member is known and its id is used up', () => {
  const after = afterChange(founding, change([{ type: 'add-learner', nodeId: 4 }], [member(4)]), withFourth);
  assert.equal(after.members.map((found) => found.id), [1, 2, 3, 4]);
  assert.is(after.nextId, 5);
});

test('an id that was given away is void, also after its member left (P27)', () => {
  const added = afterChange(founding, change([{ type: 'add-learner', nodeId: 4 }], [member(4)]), withFourth);
  const removed = afterChange(added, change([{ type: 'remove-node', nodeId: 4 }]), founding.confState);
  assert.is(removed.nextId, 5);
  assert.ok(objection(removed, change([{ type: 'add-learner', nodeId: 4 }], [member(4, 'a')])));
  assert.is(objection(removed, change([{ type: 'add-learner', nodeId: 5 }], [member(5)])), undefined);
});

test('an incarnation takes part once', () => {
  assert.ok(objection(founding, change([{ type: 'add-learner', nodeId: 4 }], [member(4, '2')])));
});

test('an id that nobody introduced is void', () => {
  assert.ok(objection(founding, change([{ type: 'add-node', nodeId: 9 }])));
});

test('leaving a joint configuration is never void', () => {
  const joint = { ...founding, confState: { ...founding.confState, voters: [1, 2], votersOutgoing: [1, 2, 3] } };
  assert.is(objection(joint, change([])), undefined);
});

test('what the core could not apply is void: an honest leader never proposes it', () => {
  assert.ok(objection(founding, change([])));
  assert.ok(objection(founding, change([{ type: 'remove-node', nodeId: 1 }, { type: 'remove-node', nodeId: 2 }, { type: 'remove-node', nodeId: 3 }])));
});

test.run();
