// The passing of time, counted in ticks: election time-outs, heartbeats, the leader's check that a quorum still hears it.

import { isPromotable, maybeCampaign } from './election.ts';
import type { Raft } from './raft.ts';
import { broadcastHeartbeat } from './replicate.ts';
import { abortTransfer, becomeFollower } from './roles.ts';
import { noNode } from './types.ts';

export function tick(raft: Raft): void {
  if (raft.role === 'leader') tickLeader(raft);
  else tickOther(raft);
}

function tickOther(raft: Raft): void {
  raft.electionElapsed += 1;
  if (!isPromotable(raft) || raft.electionElapsed < raft.randomizedElectionTimeout) return;
  raft.electionElapsed = 0;
  maybeCampaign(raft, raft.config.preVote ? 'pre-vote' : 'vote');
}

function tickLeader(raft: Raft): void {
  raft.heartbeatElapsed += 1;
  raft.electionElapsed += 1;
  if (raft.electionElapsed >= raft.config.electionTick) {
    raft.electionElapsed = 0;
    if (raft.config.checkQuorum) checkQuorum(raft);
    if (raft.role !== 'leader') return;
    // A successor that did not take over by now will not (thesis 3.10).
    if (raft.leadTransferee !== noNode) abortTransfer(raft);
  }
  if (raft.heartbeatElapsed < raft.config.heartbeatTick) return;
  raft.heartbeatElapsed = 0;
  broadcastHeartbeat(raft);
}

/** A leader that no quorum hears may have a successor already (thesis 6.2). */
function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.config.logger.warn(`${raft.id} heard from no quorum and stops leading term ${raft.term}`);
    becomeFollower(raft, { term: raft.term, lead: noNode });
  }
  raft.tracker.clearActive(raft.id);
}
