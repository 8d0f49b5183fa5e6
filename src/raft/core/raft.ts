// The whole volatile and protocol state of one node, as one record that the functions of this folder change.
// Holds no rule; `roles.ts` and its neighbours do.

import { limits } from '../../base/limits.ts';
import { RaftLog } from './log.ts';
import { ReadQueue } from './read-only.ts';
import { Tracker } from './tracker.ts';
import type { Message, RaftConfig, RaftId, ReadState, Role } from './types.ts';
import { noNode } from './types.ts';

export interface Raft {
  readonly config: RaftConfig;
  readonly id: RaftId;
  readonly log: RaftLog;
  readonly tracker: Tracker;
  /** Reads of this term that wait for proof of leadership. */
  readonly reads: ReadQueue;

  term: number;
  /** Whom this node voted for in `term`. Invariant: within a term it changes only from nobody to somebody (pitfall P2). */
  vote: RaftId;
  role: Role;
  lead: RaftId;

  /** Ticks since the leader was heard of (follower), since the last quorum check (leader), since the campaign began (candidate). */
  electionElapsed: number;
  heartbeatElapsed: number;
  randomizedElectionTimeout: number;

  /** Leader: to whom leadership is being handed; no proposals meanwhile. */
  leadTransferee: RaftId;
  /** `revoked` once a peer was told to campaign at once in this term: it ignores the lease (etcd-io/raft#99, pitfall P24). */
  lease: 'trusted' | 'revoked';
  /** Leader: no membership change is appended while one up to this index may be unapplied. */
  pendingConfIndex: number;
  /** Leader: bytes of proposals that are not applied. */
  uncommittedBytes: number;
  /** Leader: reads that arrived before an entry of this term was committed (etcd-io/etcd#7331, pitfall P23). */
  readsBeforeFirstCommit: Message[];

  readStates: ReadState[];
  /** May leave at once. */
  messages: Message[];
  /** Promises: may leave when everything handed out before is durable. */
  messagesAfterAppend: Message[];
}

export function newRaft(config: RaftConfig): Raft {
  return {
    config,
    id: config.id,
    log: new RaftLog(config.storage, config.maxCommittedSizePerReady),
    tracker: new Tracker({ messages: config.maxInflightMsgs, bytes: config.maxInflightBytes }),
    reads: new ReadQueue(limits.readWaitersMax),
    term: 0, vote: noNode, role: 'follower', lead: noNode,
    electionElapsed: 0, heartbeatElapsed: 0, randomizedElectionTimeout: 0,
    leadTransferee: noNode, lease: 'trusted', pendingConfIndex: 0, uncommittedBytes: 0,
    readsBeforeFirstCommit: [], readStates: [], messages: [], messagesAfterAppend: [],
  };
}

/** A copy that shares nothing mutable, over another storage and other sources if the config says so. */
export function cloneRaft(raft: Raft, config: RaftConfig): Raft {
  return {
    ...raft,
    config,
    log: raft.log.clone(config.storage),
    tracker: raft.tracker.clone(),
    reads: raft.reads.clone(),
    readsBeforeFirstCommit: [...raft.readsBeforeFirstCommit],
    readStates: [...raft.readStates],
    messages: [...raft.messages],
    messagesAfterAppend: [...raft.messagesAfterAppend],
  };
}
