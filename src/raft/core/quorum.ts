// The arithmetic of majorities and of joint majorities (Raft thesis 4.3): which index is committed, whether a vote is decided.
// A configuration half is a list of voter ids, ascending, without repetition; a joint decision needs both halves.

import type { RaftId } from './types.ts';

export interface VoterHalves {
  readonly incoming: readonly RaftId[];
  /** Empty outside a joint configuration. */
  readonly outgoing: readonly RaftId[];
}

export type VoteResult = 'pending' | 'lost' | 'won';

/** The index a voter acknowledged; undefined when nothing is known of it. */
export type AckedIndex = (id: RaftId) => number | undefined;

/** The highest index that a majority acknowledged. An empty half agrees to everything: Infinity. */
export function majorityCommitted(voters: readonly RaftId[], acked: AckedIndex): number {
  if (voters.length === 0) return Infinity;
  // Insertion sort, descending: there are at most a handful of voters, and this runs for every acknowledgement.
  const sorted: number[] = [];
  for (const id of voters) {
    const index = acked(id) ?? 0;
    let at = sorted.length;
    while (at > 0 && (sorted[at - 1] as number) < index) {
      sorted[at] = sorted[at - 1] as number;
      at -= 1;
    }
    sorted[at] = index;
  }
  return sorted[majority(voters) - 1] as number;
}

export function jointCommitted(halves: VoterHalves, acked: AckedIndex): number {
  return Math.min(majorityCommitted(halves.incoming, acked), majorityCommitted(halves.outgoing, acked));
}

/** An empty half votes yes, so that a joint decision with one empty half is that of the other. */
export function majorityVote(voters: readonly RaftId[], votes: ReadonlyMap<RaftId, boolean>): VoteResult {
  let yes = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing += 1;
    else if (vote) yes += 1;
  }
  const needed = voters.length === 0 ? 0 : majority(voters);
  if (yes >= needed) return 'won';
  return yes + missing >= needed ? 'pending' : 'lost';
}

export function jointVote(halves: VoterHalves, votes: ReadonlyMap<RaftId, boolean>): VoteResult {
  const incoming = majorityVote(halves.incoming, votes);
  const outgoing = majorityVote(halves.outgoing, votes);
  if (incoming === outgoing) return incoming;
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}

/** All voters of both halves, ascending. */
export function allVoters(halves: VoterHalves): readonly RaftId[] {
  return halves.outgoing.length === 0 ? halves.incoming : ascending([...halves.incoming, ...halves.outgoing]);
}

/** The ids in order, each once. */
export function ascending(ids: Iterable<RaftId>): RaftId[] {
  return [...new Set(ids)].sort((left, right) => left - right);
}

function majority(voters: readonly RaftId[]): number {
  return Math.floor(voters.length / 2) + 1;
}
