// What a leader sends to bring followers up to date: appends, snapshots, heartbeats; and when entries become committed.
// `progress.ts` says what may be sent; answers are handled in `append-responses.ts`.

import { assert, mustExist } from '../../base/assert.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { payloadBytes } from './entries.ts';
import { SnapshotTemporarilyUnavailableError } from './errors.ts';
import { send } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { Raft } from './raft.ts';
import { traceState } from './trace.ts';
import type { Entry, RaftId, Snapshot } from './types.ts';

/** `always` tells even a follower that has everything, which carries the commit index; `entries-only` does not. */
export type AppendPurpose = 'always' | 'entries-only';

/** Sends the next append, or the snapshot it takes instead; false when there was nothing to send, or flow control forbids. */
export function maybeSendAppend(raft: Raft, to: RaftId, purpose: AppendPurpose): boolean {
  const progress = mustExist(raft.tracker.of(to), 'appends go to members');
  if (progress.isPaused()) return false;
  const previous = progress.next - 1;
  const logTerm = raft.log.term(previous);
  // The follower needs entries that were compacted.
  if (logTerm === undefined) return maybeSendSnapshot(raft, to, progress);
  const entries = entriesToSend(raft, progress);
  if (entries.length === 0 && purpose === 'entries-only') return false;
  send(raft, 'MsgApp', { to, index: previous, logTerm, entries, commit: raft.log.committed });
  progress.sentEntries({ count: entries.length, bytes: payloadBytes(entries) });
  progress.sentCommit(raft.log.committed);
  return true;
}

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.tracker.progress().keys()) {
    if (id !== raft.id) maybeSendAppend(raft, id, 'always');
  }
}

/** Sends a read's context along, if there is one. */
export function broadcastHeartbeat(raft: Raft): void {
  // A read whose round got lost is confirmed by the next one, under a context of its own.
  broadcastHeartbeatWith(raft, raft.reads.size > 0 ? raft.reads.nextContext(raft.id) : emptyBytes);
}

export function broadcastHeartbeatWith(raft: Raft, context: Uint8Array): void {
  for (const [to, progress] of raft.tracker.progress()) {
    if (to === raft.id) continue;
    // Past `match` the follower's log may differ from ours; it must not commit that.
    const commit = Math.min(progress.match, raft.log.committed);
    send(raft, 'MsgHeartbeat', { to, commit, context });
    progress.sentCommit(commit);
  }
}

/** Commits what a quorum holds, if that is of this term (Raft 5.4.2); true when the commit index rose. */
export function maybeCommit(raft: Raft): boolean {
  const rose = raft.log.maybeCommit({ index: raft.tracker.committed(), term: raft.term });
  if (rose) traceState(raft, 'Commit');
  return rose;
}

export function committedInThisTerm(raft: Raft): boolean {
  return raft.log.term(raft.log.committed) === raft.term;
}

function entriesToSend(raft: Raft, progress: Progress): readonly Entry[] {
  // With a full window only an empty append may go. It is needed: had the whole window been lost, nothing else would ever be
  // answered or rejected (`replicate_pause.txt`).
  if (progress.state === 'replicate' && progress.inflights.full()) return [];
  return raft.log.entriesFrom(progress.next, raft.config.maxSizePerMsg);
}

function maybeSendSnapshot(raft: Raft, to: RaftId, progress: Progress): boolean {
  if (!progress.recentActive) {
    raft.config.logger.debug(`${raft.id} sends no snapshot to ${to}: it was not heard from lately`);
    return false;
  }
  const snapshot = takeSnapshot(raft);
  if (snapshot === undefined) {
    raft.config.logger.debug(`${raft.id} has no snapshot for ${to} now`);
    return false;
  }
  assert(snapshot.meta.index > 0, 'a snapshot to send holds something');
  raft.config.logger.debug(`${raft.id} sends the snapshot at ${snapshot.meta.index} (term ${snapshot.meta.term}) to ${to}`);
  progress.becomeSnapshot(snapshot.meta.index);
  send(raft, 'MsgSnap', { to, snapshot });
  return true;
}

function takeSnapshot(raft: Raft): Snapshot | undefined {
  try {
    return raft.log.snapshot();
  } catch (error) {
    if (error instanceof SnapshotTemporarilyUnavailableError) return undefined;
    throw error;
  }
}
