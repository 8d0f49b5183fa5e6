// Optional events about every protocol step, in the field names of etcd's TracingEvent, for validation against a TLA+ model.
// Costs nothing without a listener; must never change the state.

import type { Raft } from './raft.ts';
import type { ConfChangeV2, Message, MessageType, RaftId, TracingEvent, TracingMessage } from './types.ts';
import { describeRole } from './describe.ts';

export type TraceName =
  | 'InitState' | 'Ready' | 'BecomeCandidate' | 'BecomeFollower' | 'BecomeLeader' | 'Commit' | 'Replicate' | 'ChangeConf' | 'ApplyConfChange';

export function traceState(raft: Raft, name: TraceName): void {
  raft.config.trace?.(eventOf(raft, name));
}

export function traceConfChange(raft: Raft, name: 'ChangeConf' | 'ApplyConfChange', change: ConfChangeV2): void {
  if (raft.config.trace === undefined) return;
  const changes = change.changes.map((single) => ({ nid: String(single.nodeId), action: single.type }));
  raft.config.trace({ ...eventOf(raft, name), cc: { changes, newconf: names(raft.tracker.configuration.incoming) } });
}

const subjects: Partial<Record<MessageType, string>> = {
  MsgApp: 'AppendEntriesRequest', MsgHeartbeat: 'AppendEntriesRequest', MsgSnap: 'AppendEntriesRequest',
  MsgAppResp: 'AppendEntriesResponse', MsgHeartbeatResp: 'AppendEntriesResponse',
  MsgVote: 'RequestVoteRequest', MsgVoteResp: 'RequestVoteResponse',
};

export function traceMessage(raft: Raft, direction: 'send' | 'receive', message: Message): void {
  if (raft.config.trace === undefined) return;
  const subject = subjects[message.type];
  if (subject === undefined) return;
  const name = `${direction === 'send' ? 'Send' : 'Receive'}${subject}`;
  raft.config.trace({ ...eventOf(raft, name), msg: messageOf(message) });
}

function eventOf(raft: Raft, name: string): TracingEvent {
  const { incoming, outgoing } = raft.tracker.configuration;
  return {
    name,
    nid: String(raft.id),
    state: { term: raft.term, vote: raft.vote, commit: raft.log.committed },
    role: describeRole(raft.role),
    log: raft.log.lastIndex(),
    conf: [names(incoming), names(outgoing)],
  };
}

function messageOf(message: Message): TracingMessage {
  return {
    type: message.type, term: message.term, from: String(message.from), to: String(message.to), entries: message.entries.length,
    logTerm: message.logTerm, index: message.index, commit: message.commit, vote: String(message.vote), reject: message.reject,
    rejectHint: message.rejectHint,
  };
}

function names(ids: readonly RaftId[]): readonly string[] {
  return ids.map(String);
}
