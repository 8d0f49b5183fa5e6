// Which members a configuration has after a change: simple, joint, and restored (Raft thesis 4.1 and 4.3, etcd's rules for learners).
// Pure set arithmetic; what a leader knows about each member is `tracker.ts`.

import { unreachable } from '../../base/assert.ts';
import { allVoters, ascending } from './quorum.ts';
import type { ConfChangeSingle, ConfChangeV2, ConfState, RaftId } from './types.ts';
import { noNode } from './types.ts';

/** Lists ascend. Invariants: no learner is a voter of either half; learnersNext lie in outgoing; joint exactly when outgoing is not empty. */
export interface Configuration {
  readonly incoming: readonly RaftId[];
  readonly outgoing: readonly RaftId[];
  readonly learners: readonly RaftId[];
  readonly learnersNext: readonly RaftId[];
  readonly autoLeave: boolean;
}

export const emptyConfiguration: Configuration = { incoming: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false };

export type ConfChangeOutcome =
  /** `kept`: members of before that were members all along; one removed and added again starts anew. */
  | { readonly kind: 'changed'; readonly configuration: Configuration; readonly kept: ReadonlySet<RaftId> }
  | { readonly kind: 'refused'; readonly reason: string };

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

export function isMember(configuration: Configuration, id: RaftId): boolean {
  return configuration.incoming.includes(id) || configuration.outgoing.includes(id) || configuration.learners.includes(id);
}

export function membersOf(configuration: Configuration): readonly RaftId[] {
  const voters = allVoters(configuration);
  return configuration.learners.length === 0 ? voters : ascending([...voters, ...configuration.learners]);
}

/** What a change asks for: leaving, entering or staying outside a joint configuration. */
export function changeConfiguration(before: Configuration, change: ConfChangeV2): ConfChangeOutcome {
  if (change.transition === 'auto' && change.changes.length === 0) return leaveJoint(before);
  if (change.transition === 'auto' && change.changes.length === 1) return changeSimply(before, change.changes);
  return enterJoint(before, change.changes, change.transition === 'joint-explicit' ? 'explicit' : 'auto');
}

/** Changes at most one voter, so that every majority before overlaps every one after (thesis 4.1). */
export function changeSimply(before: Configuration, changes: readonly ConfChangeSingle[]): ConfChangeOutcome {
  if (isJoint(before)) return refused('can\'t apply simple config change in joint config');
  const draft = draftOf(before);
  for (const change of changes) applyTo(draft, change);
  if (draft.incoming.size === 0) return refused('removed all voters');
  if (differences(before.incoming, draft.incoming) > 1) return refused('more than one voter changed without entering joint config');
  return changed(draft);
}

/** From now on every decision needs a majority of both the old and the new voters. */
export function enterJoint(before: Configuration, changes: readonly ConfChangeSingle[], leave: 'auto' | 'explicit'): ConfChangeOutcome {
  if (isJoint(before)) return refused('config is already joint');
  if (before.incoming.length === 0) return refused('can\'t make a zero-voter config joint');
  const draft = draftOf(before);
  draft.outgoing = new Set(before.incoming);
  draft.autoLeave = leave === 'auto';
  for (const change of changes) applyTo(draft, change);
  return draft.incoming.size === 0 ? refused('removed all voters') : changed(draft);
}

export function leaveJoint(before: Configuration): ConfChangeOutcome {
  if (!isJoint(before)) return refused('can\'t leave a non-joint config');
  const draft = draftOf(before);
  for (const id of draft.learnersNext) draft.learners.add(id);
  draft.learnersNext.clear();
  for (const id of draft.outgoing) {
    if (!draft.incoming.has(id) && !draft.learners.has(id)) forget(draft, id);
  }
  draft.outgoing.clear();
  draft.autoLeave = false;
  return changed(draft);
}

export function toConfState(configuration: Configuration): ConfState {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = configuration;
  return { voters: incoming, votersOutgoing: outgoing, learners, learnersNext, autoLeave };
}

export function fromConfState(state: ConfState): Configuration {
  return {
    incoming: ascending(state.voters), outgoing: ascending(state.votersOutgoing), learners: ascending(state.learners),
    learnersNext: ascending(state.learnersNext), autoLeave: state.autoLeave,
  };
}

interface Draft {
  readonly incoming: Set<RaftId>;
  outgoing: Set<RaftId>;
  readonly learners: Set<RaftId>;
  readonly learnersNext: Set<RaftId>;
  readonly members: Set<RaftId>;
  readonly kept: Set<RaftId>;
  autoLeave: boolean;
}

function draftOf(configuration: Configuration): Draft {
  const members = membersOf(configuration);
  return {
    incoming: new Set(configuration.incoming), outgoing: new Set(configuration.outgoing), learners: new Set(configuration.learners),
    learnersNext: new Set(configuration.learnersNext), members: new Set(members), kept: new Set(members),
    autoLeave: configuration.autoLeave,
  };
}

function applyTo(draft: Draft, change: ConfChangeSingle): void {
  // Whoever applies an entry may void it by writing 0.
  if (change.nodeId === noNode) return;
  switch (change.type) {
    case 'add-node': return makeVoter(draft, change.nodeId);
    case 'add-learner': return makeLearner(draft, change.nodeId);
    case 'remove-node': return remove(draft, change.nodeId);
    case 'update-node': return;
    default: return unreachable(change.type);
  }
}

function makeVoter(draft: Draft, id: RaftId): void {
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  draft.incoming.add(id);
  draft.members.add(id);
}

function makeLearner(draft: Draft, id: RaftId): void {
  if (draft.learners.has(id)) return;
  draft.incoming.delete(id);
  draft.learnersNext.delete(id);
  // While it still votes in the outgoing half it cannot be a learner too: it becomes one on leaving.
  if (draft.outgoing.has(id)) draft.learnersNext.add(id);
  else draft.learners.add(id);
  draft.members.add(id);
}

function remove(draft: Draft, id: RaftId): void {
  draft.incoming.delete(id);
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  if (!draft.outgoing.has(id)) forget(draft, id);
}

function forget(draft: Draft, id: RaftId): void {
  draft.members.delete(id);
  draft.kept.delete(id);
}

function changed(draft: Draft): ConfChangeOutcome {
  return {
    kind: 'changed',
    kept: draft.kept,
    configuration: {
      incoming: ascending(draft.incoming), outgoing: ascending(draft.outgoing), learners: ascending(draft.learners),
      learnersNext: ascending(draft.learnersNext), autoLeave: draft.autoLeave,
    },
  };
}

function refused(reason: string): ConfChangeOutcome {
  return { kind: 'refused', reason };
}

/** Size of the symmetric difference. */
function differences(before: readonly RaftId[], after: ReadonlySet<RaftId>): number {
  let common = 0;
  for (const id of before) if (after.has(id)) common += 1;
  return before.length + after.size - 2 * common;
}
