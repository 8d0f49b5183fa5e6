// Changes of role (Raft figure 4). Each `becomeX` leaves the state consistent; who may become what is decided by the callers.

import { assert, mustExist } from '../../base/assert.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { appendOwn } from './own-log.ts';
import type { Raft } from './raft.ts';
import { traceState } from './trace.ts';
import type { RaftId } from './types.ts';
import { noNode } from './types.ts';

export function becomeFollower(raft: Raft, of: { readonly term: number; readonly lead: RaftId }): void {
  startTerm(raft, of.term);
  raft.role = 'follower';
  raft.lead = of.lead;
  raft.config.logger.info(`${raft.id} follows in term ${raft.term}`);
  traceState(raft, 'BecomeFollower');
}

/** Asks whether an election could be won, without touching term or vote (thesis 9.6, pitfall P3). */
export function becomePreCandidate(raft: Raft): void {
  assert(raft.role !== 'leader', 'a leader does not campaign');
  raft.tracker.resetVotes();
  raft.role = 'pre-candidate';
  raft.lead = noNode;
  raft.config.logger.info(`${raft.id} asks for pre-votes in term ${raft.term}`);
}

export function becomeCandidate(raft: Raft): void {
  assert(raft.role !== 'leader', 'a leader does not campaign');
  startTerm(raft, raft.term + 1);
  raft.role = 'candidate';
  raft.vote = raft.id;
  raft.config.logger.info(`${raft.id} is a candidate in term ${raft.term}`);
  traceState(raft, 'BecomeCandidate');
}

export function becomeLeader(raft: Raft): void {
  assert(raft.role === 'candidate', 'only a candidate wins an election');
  startTerm(raft, raft.term);
  raft.role = 'leader';
  raft.lead = raft.id;
  const own = mustExist(raft.tracker.of(raft.id), 'a leader is a member');
  own.becomeReplicate();
  own.recentActive = true;
  // There may be a membership change among the entries of earlier terms: none is appended before all of them are applied.
  raft.pendingConfIndex = raft.log.lastIndex();
  raft.config.logger.info(`${raft.id} leads term ${raft.term}`);
  traceState(raft, 'BecomeLeader');
  // Entries of earlier terms are only committed through one of this term (Raft 5.4.2).
  const outcome = appendOwn(raft, [{ type: 'normal', data: emptyBytes }]);
  assert(outcome === 'appended', 'an entry without data is never refused');
}

/** Gives up what was in progress towards one member. */
export function abortTransfer(raft: Raft): void {
  raft.leadTransferee = noNode;
}

/** Drawn anew for every term and role, so that split votes do not repeat (Raft 5.2). */
export function drawElectionTimeout(raft: Raft): void {
  const { electionTick, random } = raft.config;
  raft.randomizedElectionTimeout = electionTick + Math.floor(random() * electionTick);
}

function startTerm(raft: Raft, term: number): void {
  if (raft.term !== term) {
    raft.term = term;
    // Only a new term frees the vote: doing so within a term elects two leaders (pitfall P2).
    raft.vote = noNode;
    raft.lease = 'trusted';
  }
  raft.lead = noNode;
  raft.electionElapsed = 0;
  raft.heartbeatElapsed = 0;
  drawElectionTimeout(raft);
  abortTransfer(raft);
  raft.tracker.reset(raft.id, raft.log.lastIndex());
  raft.pendingConfIndex = 0;
  raft.uncommittedBytes = 0;
  raft.reads.clear();
  raft.readsBeforeFirstCommit = [];
}
