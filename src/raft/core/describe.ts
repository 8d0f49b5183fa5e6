// Protocol nouns as text, in the format of etcd's conformance files: ids in hex, entries as term/index.
// For logs and tests; nothing parses it.

import { unreachable } from '../../base/assert.ts';
import { confChangeOf, toV2 } from './conf-change-codec.ts';
import type { Configuration } from './conf-change.ts';
import { isJoint } from './conf-change.ts';
import { quoteBytes } from './quote.ts';
import type {
  ConfChangeSingle, ConfState, Entry, EntryType, HardState, Message, ProgressState, ProgressStatus, RaftId, ReadState, Ready, Role, Snapshot,
  SoftState,
} from './types.ts';
import { localAppendThread, localApplyThread, noNode } from './types.ts';

export function describeRole(role: Role): string {
  switch (role) {
    case 'follower': return 'StateFollower';
    case 'pre-candidate': return 'StatePreCandidate';
    case 'candidate': return 'StateCandidate';
    case 'leader': return 'StateLeader';
    default: return unreachable(role);
  }
}

export function describeReady(ready: Ready): string {
  const lines: string[] = [];
  if (ready.softState !== undefined) lines.push(describeSoftState(ready.softState));
  if (ready.hardState !== undefined) lines.push(`HardState ${describeHardState(ready.hardState)}`);
  if (ready.readStates.length > 0) lines.push(`ReadStates [${ready.readStates.map(describeReadState).join(' ')}]`);
  if (ready.entries.length > 0) lines.push('Entries:', ...ready.entries.map(describeEntry));
  if (ready.snapshot !== undefined) lines.push(`Snapshot ${describeSnapshot(ready.snapshot)}`);
  if (ready.committedEntries.length > 0) lines.push('CommittedEntries:', ...ready.committedEntries.map(describeEntry));
  if (ready.messages.length > 0) lines.push('Messages:', ...ready.messages.map(describeMessage));
  if (lines.length === 0) return '<empty Ready>';
  return `Ready MustSync=${ready.mustSync}:\n${lines.join('\n')}\n`;
}

export function describeMessage(message: Message): string {
  return indentedMessage(message, '');
}

export function describeEntries(entries: readonly Entry[]): string {
  return entries.map((entry) => `${describeEntry(entry)}\n`).join('');
}

export function describeEntry(entry: Entry): string {
  const change = confChangeOf(entry);
  const text = change === undefined ? quoteBytes(entry.data) : describeChanges(toV2(change).changes);
  return `${entry.term}/${entry.index} ${describeEntryType(entry.type)}${text === '' ? '' : ` ${text}`}`;
}

/** `v1 l2 r3 u4`: voter, learner, removed, updated. */
export function describeChanges(changes: readonly ConfChangeSingle[]): string {
  return changes.map((change) => `${changeLetter(change)}${change.nodeId}`).join(' ');
}

export function describeSnapshot(snapshot: Snapshot): string {
  const { index, term, confState } = snapshot.meta;
  return `Index:${index} Term:${term} ConfState:${describeConfState(confState)}`;
}

export function describeConfState(state: ConfState): string {
  return `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)} Learners:${list(state.learners)} `
    + `LearnersNext:${list(state.learnersNext)} AutoLeave:${state.autoLeave}`;
}

export function describeConfiguration(configuration: Configuration): string {
  const { incoming, outgoing, learners, learnersNext } = configuration;
  let text = `voters=${set(incoming)}`;
  if (isJoint(configuration)) text += `&&${set(outgoing)}`;
  if (learners.length > 0) text += ` learners=${set(learners)}`;
  if (learnersNext.length > 0) text += ` learners_next=${set(learnersNext)}`;
  if (configuration.autoLeave) text += ' autoleave';
  return text;
}

export function describeProgress(progress: ProgressStatus): string {
  let text = `${describeProgressState(progress.state)} match=${progress.match} next=${progress.next}`;
  if (progress.isLearner) text += ' learner';
  if (progress.paused) text += ' paused';
  if (progress.pendingSnapshot > 0) text += ` pendingSnap=${progress.pendingSnapshot}`;
  if (!progress.recentActive) text += ' inactive';
  if (progress.inflight.count > 0) text += ` inflight=${progress.inflight.count}${progress.inflight.full ? '[full]' : ''}`;
  return text;
}

function indentedMessage(message: Message, indent: string): string {
  let text = `${indent}${describeTarget(message.from)}->${describeTarget(message.to)} ${message.type} `
    + `Term:${message.term} Log:${message.logTerm}/${message.index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== noNode) text += ` Vote:${message.vote}`;
  const [first] = message.entries;
  if (first !== undefined && message.entries.length === 1) {
    text += ` Entries:[${describeEntry(first)}]`;
  } else if (first !== undefined) {
    text += ` Entries:[${message.entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`).join('')}\n${indent}]`;
  }
  if (message.snapshot !== undefined) text += `\n${indent}  Snapshot: ${describeSnapshot(message.snapshot)}`;
  if (message.responses.length > 0) {
    text += ` Responses:[${message.responses.map((response) => `\n${indentedMessage(response, `${indent}  `)}`).join('')}\n${indent}]`;
  }
  return text;
}

function describeSoftState(state: SoftState): string {
  return `Lead:${state.lead} State:${describeRole(state.role)}`;
}

function describeHardState(state: HardState): string {
  return `Term:${state.term}${state.vote === noNode ? '' : ` Vote:${state.vote}`} Commit:${state.commit}`;
}

function describeReadState(state: ReadState): string {
  return `{${state.index} [${Array.from(state.context).join(' ')}]}`;
}

function describeTarget(id: RaftId): string {
  if (id === noNode) return 'None';
  if (id === localAppendThread) return 'AppendThread';
  if (id === localApplyThread) return 'ApplyThread';
  return id.toString(16);
}

function describeEntryType(type: EntryType): string {
  switch (type) {
    case 'normal': return 'EntryNormal';
    case 'conf-change': return 'EntryConfChange';
    case 'conf-change-v2': return 'EntryConfChangeV2';
    default: return unreachable(type);
  }
}

function describeProgressState(state: ProgressState): string {
  switch (state) {
    case 'probe': return 'StateProbe';
    case 'replicate': return 'StateReplicate';
    case 'snapshot': return 'StateSnapshot';
    default: return unreachable(state);
  }
}

function changeLetter(change: ConfChangeSingle): string {
  switch (change.type) {
    case 'add-node': return 'v';
    case 'add-learner': return 'l';
    case 'remove-node': return 'r';
    case 'update-node': return 'u';
    default: return unreachable(change.type);
  }
}

function list(ids: readonly RaftId[]): string {
  return `[${ids.join(' ')}]`;
}

function set(ids: readonly RaftId[]): string {
  return `(${ids.join(' ')})`;
}
