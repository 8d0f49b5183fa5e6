// Linearizable reads without log entries (thesis 6.4): the commit index at arrival, once it is proven that this node still leads.

import { mustExist } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';
import { send } from './outbox.ts';
import type { Raft } from './raft.ts';
import type { PendingRead } from './read-only.ts';
import { broadcastHeartbeatWith, committedInThisTerm } from './replicate.ts';
import type { Message } from './types.ts';
import { noNode } from './types.ts';

/** On the leader. */
export function handleReadRequest(raft: Raft, request: Message): void {
  if (committedInThisTerm(raft)) {
    prove(raft, request);
  } else if (raft.readsBeforeFirstCommit.length < limits.readWaitersMax) {
    // Entries of earlier terms may be committed without this node knowing it yet; its own first one will show (etcd-io/etcd#7331).
    raft.readsBeforeFirstCommit.push(request);
  } else {
    raft.config.logger.warn(`${raft.id} drops a read: too many wait for the first commit of term ${raft.term}`);
  }
}

/** An entry of this term is committed: reads that waited for it go on. */
export function releaseEarlyReads(raft: Raft): void {
  if (raft.readsBeforeFirstCommit.length === 0 || !committedInThisTerm(raft)) return;
  const waiting = raft.readsBeforeFirstCommit;
  raft.readsBeforeFirstCommit = [];
  for (const request of waiting) prove(raft, request);
}

/** Takes an answer to a heartbeat. */
export function confirmReads(raft: Raft, response: Message): void {
  if (response.context.length === 0) return;
  answerAll(raft, raft.reads.acknowledge(response.from, response.context, raft.tracker.configuration));
}

/** The voters changed: what they answered so far may be enough now, and there may be nobody left to answer. */
export function recheckReads(raft: Raft): void {
  answerAll(raft, raft.reads.takeConfirmed(raft.tracker.configuration));
}

/** On a follower: the leader's answer to a read that this node forwarded. */
export function handleReadAnswer(raft: Raft, message: Message): void {
  const [entry] = message.entries;
  if (entry === undefined || message.entries.length !== 1) {
    raft.config.logger.error(`${raft.id} ignores an answer to a read without its context, from ${message.from}`);
    return;
  }
  raft.readStates.push({ index: message.index, context: entry.data });
}

function prove(raft: Raft, request: Message): void {
  const leased = raft.config.readOnly === 'lease' && raft.lease === 'trusted' && raft.leadTransferee === noNode;
  if (leased || raft.tracker.isOnlyVoter(raft.id)) {
    answer(raft, request, raft.log.committed);
    return;
  }
  if (raft.reads.full()) {
    raft.config.logger.warn(`${raft.id} drops a read: too many wait for a round of heartbeats`);
    return;
  }
  broadcastHeartbeatWith(raft, raft.reads.add({ request, index: raft.log.committed }, raft.id));
}

function answerAll(raft: Raft, reads: readonly PendingRead[]): void {
  for (const read of reads) answer(raft, read.request, read.index);
}

function answer(raft: Raft, request: Message, index: number): void {
  if (request.from === noNode || request.from === raft.id) {
    const entry = mustExist(request.entries[0], 'a read brings its context');
    raft.readStates.push({ index, context: entry.data });
    return;
  }
  send(raft, 'MsgReadIndexResp', { to: request.from, index, entries: request.entries });
}
