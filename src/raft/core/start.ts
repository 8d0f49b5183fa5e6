// From stored state to a running follower. What contradicts itself is refused, never repaired (pitfall P28).

import { assert } from '../../base/assert.ts';
import { describeConfiguration } from './describe.ts';
import { StoredStateError } from './errors.ts';
import { restoreConfState } from './membership.ts';
import { newRaft } from './raft.ts';
import type { Raft } from './raft.ts';
import { becomeFollower } from './roles.ts';
import { traceState } from './trace.ts';
import type { HardState, RaftConfig } from './types.ts';
import { noNode } from './types.ts';

/** Throws StoredStateError. */
export function startRaft(config: RaftConfig): Raft {
  checkConfig(config);
  const { hardState, confState } = config.storage.initialState();
  const raft = newRaft(config);
  restoreConfState(raft, confState);
  loadCursors(raft, hardState);
  raft.term = hardState.term;
  raft.vote = hardState.vote;
  becomeFollower(raft, { term: hardState.term, lead: noNode });
  const { incoming } = raft.tracker.configuration;
  config.logger.info(
    `${raft.id} starts in ${describeConfiguration(raft.tracker.configuration)} (${incoming.length} voters), term ${raft.term}, `
    + `commit ${raft.log.committed}, applied ${raft.log.applied}, last ${raft.log.lastIndex()}`,
  );
  traceState(raft, 'InitState');
  return raft;
}

function loadCursors(raft: Raft, stored: HardState): void {
  const { applied } = raft.config;
  const last = raft.log.lastIndex();
  if (stored.commit > last) throw new StoredStateError(`commit index ${stored.commit} lies after the end of the log, ${last}`);
  if (applied > last) throw new StoredStateError(`the state machine holds entry ${applied}, the log ends at ${last}`);
  // The stored commit index need not be the last one known: what was compacted or applied had been committed.
  raft.log.commitTo(Math.max(stored.commit, applied));
  if (applied > raft.log.applied) raft.log.appliedTo(applied, 0);
}

function checkConfig(config: RaftConfig): void {
  assert(Number.isSafeInteger(config.id) && config.id > 0, 'a node id is a safe integer above 0');
  assert(config.heartbeatTick > 0, 'there is at least one tick between heartbeats');
  assert(config.electionTick > config.heartbeatTick, 'elections outlast heartbeats');
  assert(config.maxInflightMsgs > 0 && config.maxInflightBytes > 0, 'something may be in flight');
  assert(config.maxCommittedSizePerReady > 0, 'something may be applied');
  assert(config.readOnly === 'safe' || config.checkQuorum, 'a lease needs the quorum check');
}
