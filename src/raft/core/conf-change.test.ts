import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { changeConfiguration, emptyConfiguration, fromConfState, isJoint, membersOf, toConfState } from './conf-change.ts';
import type { Configuration } from './conf-change.ts';
import type { ConfChangeSingle, ConfChangeTransition } from './types.ts';
import { majorityVote } from './quorum.ts';

const single = fc.record<ConfChangeSingle>({
  type: fc.constantFrom('add-node', 'add-learner', 'remove-node', 'update-node'),
  nodeId: fc.integer({ min: 0, max: 6 }),
});
const walk = fc.array(fc.record({
  transition: fc.constantFrom<ConfChangeTransition>('auto', 'auto', 'joint-implicit', 'joint-explicit'),
  changes: fc.array(single, { maxLength: 4 }),
}), { maxLength: 30 });

/** What each member is after the changes, as sets of ids without any joint machinery. */
interface Naive {
  readonly voters: Set<number>;
  readonly learners: Set<number>;
}

function applyNaively(model: Naive, changes: readonly ConfChangeSingle[]): void {
  for (const { type, nodeId } of changes) {
    if (nodeId === 0 || type === 'update-node') continue;
    model.voters.delete(nodeId);
    model.learners.delete(nodeId);
    if (type === 'add-node') model.voters.add(nodeId);
    if (type === 'add-learner') model.learners.add(nodeId);
  }
}

function checkShape(configuration: Configuration): void {
  const { incoming, outgoing, learners, learnersNext } = configuration;
  assert.ok(incoming.length > 0, 'there are voters');
  for (const id of learners) assert.not(incoming.includes(id) || outgoing.includes(id), 'no learner votes');
  for (const id of learnersNext) assert.ok(outgoing.includes(id) && !incoming.includes(id), 'a learner to be still votes in the outgoing half only');
  assert.ok(isJoint(configuration) || (learnersNext.length === 0 && !configuration.autoLeave), 'outside a joint configuration nothing waits');
  for (const list of [incoming, outgoing, learners, learnersNext]) assert.equal([...list], [...new Set(list)].sort((a, b) => a - b));
}

test('a random walk of changes ends where sets of ids end (naive model)', () => {
  fc.assert(fc.property(walk, (steps) => {
    const model: Naive = { voters: new Set([1]), learners: new Set() };
    let configuration: Configuration = { ...emptyConfiguration, incoming: [1] };
    for (const { transition, changes } of steps) {
      const outcome = changeConfiguration(configuration, { kind: 'conf-change-v2', transition, changes, context: emptyBytes });
      if (outcome.kind === 'refused') continue;
      const leaves = transition === 'auto' && changes.length === 0;
      if (!leaves) applyNaively(model, changes);
      configuration = outcome.configuration;
      checkShape(configuration);
      assert.equal(configuration.incoming, [...model.voters].sort((a, b) => a - b));
      assert.equal([...configuration.learners, ...configuration.learnersNext].sort((a, b) => a - b), [...model.learners].sort((a, b) => a - b));
    }
  }));
});

test('successive configurations always share a voter in every two majorities (thesis 4)', () => {
  const decides = (configuration: Configuration, set: ReadonlySet<number>): boolean => {
    const votes = new Map(membersOf(configuration).map((id) => [id, set.has(id)]));
    return majorityVote(configuration.incoming, votes) === 'won' && majorityVote(configuration.outgoing, votes) === 'won';
  };
  fc.assert(fc.property(walk, (steps) => {
    let configuration: Configuration = { ...emptyConfiguration, incoming: [1, 2, 3] };
    for (const { transition, changes } of steps.slice(0, 8)) {
      const outcome = changeConfiguration(configuration, { kind: 'conf-change-v2', transition, changes, context: emptyBytes });
      if (outcome.kind === 'refused') continue;
      for (let mask = 0; mask < 128; mask += 1) {
        const set = new Set([0, 1, 2, 3, 4, 5, 6].filter((id) => (mask >> id) % 2 === 1));
        const rest = new Set([0, 1, 2, 3, 4, 5, 6].filter((id) => !set.has(id)));
        assert.not(decides(configuration, set) && decides(outcome.configuration, rest), 'disjoint sets cannot both decide');
      }
      configuration = outcome.configuration;
    }
  }), { numRuns: 40 });
});

test('a configuration is the same after a snapshot carried it', () => {
  fc.assert(fc.property(walk, (steps) => {
    let configuration: Configuration = { ...emptyConfiguration, incoming: [1, 2] };
    for (const { transition, changes } of steps) {
      const outcome = changeConfiguration(configuration, { kind: 'conf-change-v2', transition, changes, context: emptyBytes });
      if (outcome.kind === 'changed') configuration = outcome.configuration;
      assert.equal(fromConfState(toConfState(configuration)), configuration);
    }
  }));
});

test('a member removed and added again in one change is a new one; one demoted is not', () => {
  const before: Configuration = { ...emptyConfiguration, incoming: [1, 2], learners: [3] };
  const outcome = changeConfiguration(before, {
    kind: 'conf-change-v2', transition: 'joint-explicit', context: emptyBytes,
    changes: [{ type: 'remove-node', nodeId: 3 }, { type: 'add-learner', nodeId: 3 }, { type: 'add-learner', nodeId: 2 }],
  });
  assert.equal(outcome.kind === 'changed' && [...outcome.kept], [1, 2]);
});

test('several changes are joint, one is simple, none leaves (thesis 4.3)', () => {
  const before: Configuration = { ...emptyConfiguration, incoming: [1] };
  const joint = (changes: readonly ConfChangeSingle[]): unknown => {
    const outcome = changeConfiguration(before, { kind: 'conf-change-v2', transition: 'auto', changes, context: emptyBytes });
    return outcome.kind === 'changed' ? [isJoint(outcome.configuration), outcome.configuration.autoLeave] : outcome.reason;
  };
  assert.equal(joint([{ type: 'add-node', nodeId: 2 }]), [false, false]);
  assert.equal(joint([{ type: 'add-node', nodeId: 2 }, { type: 'add-node', nodeId: 3 }]), [true, true]);
  assert.is(joint([]), 'can\'t leave a non-joint config');
});

test.run();
