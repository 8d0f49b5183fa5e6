// What a tracker says about its Raft group, as plain data for status pages and duties.

import type { ClusterId, Incarnation, LogIndex, NodeId, NodeName, Term } from '../../base/ids.ts';
import type { Member } from './members.ts';
import type { DiskFloor, RaftRole } from './raft-events.ts';

/** `opened`: answers who it is, waits for `start`. `waiting`: bootstrap waits for other trackers. `failed`: the process must end. */
export type RaftPhase = 'opened' | 'waiting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** A peer as the leader sees it. */
export interface PeerStatus {
  readonly member: Member;
  readonly kind: 'voter' | 'learner';
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly active: 'recently' | 'silent';
}

export interface RaftStatus {
  readonly phase: RaftPhase;
  readonly name: NodeName;
  readonly incarnation: Incarnation;
  /** The rest is absent or 0 until the node runs. */
  readonly id?: NodeId;
  readonly cluster?: ClusterId;
  readonly role: RaftRole;
  readonly term: Term;
  readonly leader?: Member;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly members: readonly Member[];
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Filled on the leader only. */
  readonly peers: readonly PeerStatus[];
  readonly disk: DiskFloor;
  readonly proposalsWaiting: number;
  readonly readsWaiting: number;
}

/** Held while this tracker leads; duties poll it and stop when it is gone or its term differs. */
export interface Leadership {
  readonly term: Term;
  /** Monotonic time at which it was won. */
  readonly sinceMs: number;
}

/** A committed and applied proposal. */
export interface Proposed<Result> {
  readonly index: LogIndex;
  readonly term: Term;
  readonly result: Result;
}

/** `ordinary` is refused with `disk-full` below the first floor; what frees or repairs is not. */
export type ProposalUrgency = 'ordinary' | 'frees';
