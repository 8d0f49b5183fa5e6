// Puts a tracker's status together from what it knows at this moment.

import type { ClusterId, LogIndex, NodeId, Term } from '../../base/ids.ts';
import type { ProgressStatus, Status } from '../core/types.ts';
import type { Identity } from './identity-file.ts';
import type { LogIdentity } from './log-store.ts';
import type { Member } from './members.ts';
import type { RaftRole } from './raft-events.ts';
import type { RaftLoop } from './raft-loop.ts';
import type { PeerStatus, RaftPhase, RaftStatus } from './raft-status.ts';

export interface StatusParts<Result> {
  readonly phase: RaftPhase;
  readonly identity: Identity;
  readonly log: LogIdentity | undefined;
  readonly loop: RaftLoop<Result> | undefined;
}

export function statusOf<Result>(parts: StatusParts<Result>): RaftStatus {
  const { phase, identity, log, loop } = parts;
  const who = { phase, name: identity.name, incarnation: identity.incarnation };
  if (log === undefined || loop === undefined) return { ...who, ...blank };
  const core = loop.status();
  const { members, confState } = loop.side.config;
  const leader = memberOf(members, core.lead);
  return {
    ...who,
    id: log.id, cluster: log.cluster as ClusterId,
    role: roleOf(core),
    term: core.term as Term,
    ...(leader === undefined ? {} : { leader: { ...leader, url: loop.transport.urlOf(leader.id) ?? leader.url } }),
    commit: core.commit as LogIndex, applied: loop.side.applied.index,
    first: core.firstIndex as LogIndex, last: core.lastIndex as LogIndex,
    members, voters: confState.voters as readonly NodeId[], learners: confState.learners as readonly NodeId[],
    peers: [...core.progress].flatMap(([id, progress]) => toPeer(memberOf(members, id), progress)),
    disk: loop.floors.own,
    proposalsWaiting: loop.proposals.size, readsWaiting: loop.reads.size,
  };
}

const blank = {
  role: 'follower', term: 0 as Term, commit: 0 as LogIndex, applied: 0 as LogIndex, first: 0 as LogIndex, last: 0 as LogIndex,
  members: [], voters: [], learners: [], peers: [], disk: 'ample', proposalsWaiting: 0, readsWaiting: 0,
} as const satisfies Partial<RaftStatus>;

function roleOf(core: Status): RaftRole {
  return core.role === 'follower' && core.confState.learners.includes(core.id) ? 'learner' : core.role;
}

function toPeer(member: Member | undefined, progress: ProgressStatus): readonly PeerStatus[] {
  if (member === undefined) return [];
  return [{
    member, kind: progress.isLearner ? 'learner' : 'voter', state: progress.state,
    match: progress.match as LogIndex, next: progress.next as LogIndex, active: progress.recentActive ? 'recently' : 'silent',
  }];
}

function memberOf(members: readonly Member[], id: number): Member | undefined {
  return members.find((member) => member.id === id);
}
