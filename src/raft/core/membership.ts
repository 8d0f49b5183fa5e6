// The configuration takes effect: when a change is applied, when a snapshot brings one, at start (thesis 4; etcd applies at apply time).

import { assert } from '../../base/assert.ts';
import { broadcastAppend, maybeCommit, maybeSendAppend } from './replicate.ts';
import { changeConfiguration, fromConfState, toConfState } from './conf-change.ts';
import type { Configuration } from './conf-change.ts';
import { describeConfiguration } from './describe.ts';
import type { Raft } from './raft.ts';
import { recheckReads, releaseEarlyReads } from './reads.ts';
import { abortTransfer, becomeFollower } from './roles.ts';
import { traceConfChange } from './trace.ts';
import type { ConfChangeV2, ConfState, RaftId } from './types.ts';
import { noNode } from './types.ts';

/** Applies a committed change. It was checked when it was proposed, so that a refusal now is a bug. */
export function applyConfChange(raft: Raft, change: ConfChangeV2): ConfState {
  const outcome = changeConfiguration(raft.tracker.configuration, change);
  assert(outcome.kind === 'changed', `a committed membership change applies: ${outcome.kind === 'refused' ? outcome.reason : ''}`);
  switchTo(raft, outcome.configuration, outcome.kept);
  traceConfChange(raft, 'ApplyConfChange', change);
  return toConfState(outcome.configuration);
}

/** Forgets the present configuration, effective or pending, and takes the given one (pitfall P13). */
export function restoreConfState(raft: Raft, state: ConfState): void {
  switchTo(raft, fromConfState(state), new Set());
}

function switchTo(raft: Raft, configuration: Configuration, kept: ReadonlySet<RaftId>): void {
  raft.tracker.switchTo({ configuration, kept, lastIndex: raft.log.lastIndex() });
  raft.config.logger.info(`${raft.id} is in configuration ${describeConfiguration(configuration)}`);
  if (raft.role !== 'leader') return;
  const self = raft.tracker.of(raft.id);
  if (self === undefined || self.isLearner) {
    // A leader that is no voter would go on serving with the quorum of others (pitfall P20).
    if (raft.config.stepDownOnRemoval) becomeFollower(raft, { term: raft.term, lead: noNode });
    return;
  }
  if (configuration.incoming.length === 0) return;
  spreadNewConfiguration(raft);
  recheckReads(raft);
  if (raft.leadTransferee !== noNode && !raft.tracker.isVoter(raft.leadTransferee)) abortTransfer(raft);
}

function spreadNewConfiguration(raft: Raft): void {
  // Fewer voters may mean that more is on a quorum now.
  if (maybeCommit(raft)) {
    releaseEarlyReads(raft);
    broadcastAppend(raft);
    return;
  }
  // New members are probed at once, not at the next heartbeat.
  for (const id of raft.tracker.progress().keys()) {
    if (id !== raft.id) maybeSendAppend(raft, id, 'entries-only');
  }
}
