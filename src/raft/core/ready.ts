// Collects what a node wants done into a Ready, and the acknowledgements that must come back when it is done.
// With asynchronous storage writes the work and its acknowledgements are messages to and from the local threads; without,
// `advance` delivers the same acknowledgements.

import { makeMessage } from './message.ts';
import type { ApplyReach } from './log.ts';
import type { Raft } from './raft.ts';
import type { Entry, HardState, Message, Ready, SoftState } from './types.ts';
import { localAppendThread, localApplyThread } from './types.ts';

/** What the last Ready said, to tell what is new. */
export interface Announced {
  readonly softState: SoftState;
  readonly hardState: HardState;
}

export function announce(raft: Raft): Announced {
  return {
    softState: { lead: raft.lead, role: raft.role },
    hardState: { term: raft.term, vote: raft.vote, commit: raft.log.committed },
  };
}

export function hasReady(raft: Raft, announced: Announced): boolean {
  const now = announce(raft);
  return !sameSoftState(now.softState, announced.softState)
    || !sameHardState(now.hardState, announced.hardState)
    || raft.log.unstable.nextSnapshot() !== undefined
    || raft.messages.length > 0 || raft.messagesAfterAppend.length > 0
    || raft.log.unstable.hasNextEntries() || raft.log.hasNextCommitted(applyReach(raft))
    || raft.readStates.length > 0;
}

/** Describes the work; takes nothing. */
export function collectReady(raft: Raft, announced: Announced): Ready {
  const { softState, hardState } = announce(raft);
  const entries = raft.log.unstable.nextEntries();
  const committedEntries = raft.log.nextCommitted(applyReach(raft));
  const ready: Ready = {
    softState: sameSoftState(softState, announced.softState) ? undefined : softState,
    hardState: sameHardState(hardState, announced.hardState) ? undefined : hardState,
    readStates: raft.readStates,
    entries,
    snapshot: raft.log.unstable.nextSnapshot(),
    committedEntries,
    messages: raft.messages,
    mustSync: entries.length > 0 || hardState.term !== announced.hardState.term || hardState.vote !== announced.hardState.vote,
  };
  return { ...ready, messages: [...raft.messages, ...(raft.config.asyncStorageWrites ? storageMessages(raft, ready) : promises(raft))] };
}

/** What `advance` must deliver for this Ready, in this order. Only without asynchronous storage writes. */
export function acknowledgements(raft: Raft, ready: Ready): readonly Message[] {
  const responses = raft.messagesAfterAppend.filter((message) => message.to === raft.id);
  const appended = appendAcknowledgement(raft);
  if (appended !== undefined) responses.push(appended);
  if (ready.committedEntries.length > 0) responses.push(applyAcknowledgement(raft, ready.committedEntries));
  return responses;
}

/** Everything in this Ready was handed out. */
export function acceptReady(raft: Raft, ready: Ready): void {
  raft.readStates = [];
  raft.messages = [];
  raft.messagesAfterAppend = [];
  raft.log.unstable.acceptInProgress();
  if (ready.committedEntries.length > 0) raft.log.acceptApplying(ready.committedEntries, applyReach(raft));
}

/** Without asynchronous writes a Ready is made durable before it is applied, so it may hold entries that are both new and committed. */
function applyReach(raft: Raft): ApplyReach {
  return raft.config.asyncStorageWrites ? 'stable-only' : 'unstable-too';
}

function promises(raft: Raft): readonly Message[] {
  return raft.messagesAfterAppend.filter((message) => message.to !== raft.id);
}

function storageMessages(raft: Raft, ready: Ready): readonly Message[] {
  const messages: Message[] = [];
  const writes = ready.entries.length > 0 || ready.hardState !== undefined || ready.snapshot !== undefined;
  // Promises travel with the writes they rest on; without any, an empty message keeps them behind the writes before.
  if (writes || raft.messagesAfterAppend.length > 0) messages.push(appendWork(raft, ready));
  if (ready.committedEntries.length > 0) messages.push(applyWork(raft, ready.committedEntries));
  return messages;
}

function appendWork(raft: Raft, ready: Ready): Message {
  const appended = appendAcknowledgement(raft);
  return makeMessage('MsgStorageAppend', {
    from: raft.id, to: localAppendThread, entries: ready.entries, ...ready.hardState, snapshot: ready.snapshot,
    responses: appended === undefined ? raft.messagesAfterAppend : [...raft.messagesAfterAppend, appended],
  });
}

/**
 * Names the end of the log, also when it was handed out before: after a chain of overwrites only the last write may say that
 * an index is durable. It carries the term, so that a later term ignores it: then it may speak of entries that were replaced by
 * others of the same term and index meanwhile (etcd-io/raft#8, pitfall P29).
 */
function appendAcknowledgement(raft: Raft): Message | undefined {
  const { unstable } = raft.log;
  const snapshot = unstable.nextSnapshot();
  if (unstable.entries.length === 0 && snapshot === undefined) return undefined;
  const last = unstable.entries.length > 0 ? raft.log.last() : { index: 0, term: 0 };
  return makeMessage('MsgStorageAppendResp', {
    from: localAppendThread, to: raft.id, term: raft.term, index: last.index, logTerm: last.term, snapshot,
  });
}

function applyWork(raft: Raft, entries: readonly Entry[]): Message {
  return makeMessage('MsgStorageApply', {
    from: raft.id, to: localApplyThread, entries, responses: [applyAcknowledgement(raft, entries)],
  });
}

/** Without a term: what is applied stays applied. */
function applyAcknowledgement(raft: Raft, entries: readonly Entry[]): Message {
  return makeMessage('MsgStorageApplyResp', { from: localApplyThread, to: raft.id, entries });
}

function sameSoftState(left: SoftState, right: SoftState): boolean {
  return left.lead === right.lead && left.role === right.role;
}

function sameHardState(left: HardState, right: HardState): boolean {
  return left.term === right.term && left.vote === right.vote && left.commit === right.commit;
}
