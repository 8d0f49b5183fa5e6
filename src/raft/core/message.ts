// Building and classifying messages. Unused fields are zero, so that all messages share one shape.

import { emptyBytes } from '../../base/bytes.ts';
import type { Message, MessageType, RaftId } from './types.ts';
import { localAppendThread, localApplyThread, noNode } from './types.ts';

/** The fields a message has beside the zeros. */
export type MessageFields = Partial<Omit<Message, 'type'>>;

export function makeMessage(type: MessageType, fields: MessageFields): Message {
  return {
    type,
    from: fields.from ?? noNode,
    to: fields.to ?? noNode,
    term: fields.term ?? 0,
    logTerm: fields.logTerm ?? 0,
    index: fields.index ?? 0,
    commit: fields.commit ?? 0,
    vote: fields.vote ?? noNode,
    entries: fields.entries ?? [],
    reject: fields.reject ?? false,
    rejectHint: fields.rejectHint ?? 0,
    snapshot: fields.snapshot,
    context: fields.context ?? emptyBytes,
    responses: fields.responses ?? [],
  };
}

export function isLocalThread(id: RaftId): boolean {
  return id === localAppendThread || id === localApplyThread;
}

const localTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgHup', 'MsgBeat', 'MsgUnreachable', 'MsgSnapStatus', 'MsgCheckQuorum',
  'MsgStorageAppend', 'MsgStorageAppendResp', 'MsgStorageApply', 'MsgStorageApplyResp',
]);

/** Never travels between nodes; from a peer it is refused. */
export function isLocalType(type: MessageType): boolean {
  return localTypes.has(type);
}

const responseTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgAppResp', 'MsgVoteResp', 'MsgHeartbeatResp', 'MsgUnreachable', 'MsgReadIndexResp', 'MsgPreVoteResp',
  'MsgStorageAppendResp', 'MsgStorageApplyResp',
]);

/** Answers something; only members answer. */
export function isResponseType(type: MessageType): boolean {
  return responseTypes.has(type);
}

const electionTypes: ReadonlySet<MessageType> = new Set<MessageType>(['MsgVote', 'MsgVoteResp', 'MsgPreVote', 'MsgPreVoteResp']);

/** Carries a term that its sender chose, not necessarily the term it is in (pre-votes). */
export function isElectionType(type: MessageType): boolean {
  return electionTypes.has(type);
}

const leaderTypes: ReadonlySet<MessageType> = new Set<MessageType>(['MsgApp', 'MsgHeartbeat', 'MsgSnap']);

/** Only a leader sends it: the sender leads the message's term. */
export function isLeaderType(type: MessageType): boolean {
  return leaderTypes.has(type);
}
