// A leader's reactions to what followers answer, and to what the transport says about them.

import { broadcastAppend, maybeCommit, maybeSendAppend } from './replicate.ts';
import type { Progress } from './progress.ts';
import type { Raft } from './raft.ts';
import { confirmReads, releaseEarlyReads } from './reads.ts';
import { maybeFinishTransfer } from './transfer.ts';
import type { Message } from './types.ts';

export function handleAppendResponse(raft: Raft, progress: Progress, message: Message): void {
  progress.recentActive = true;
  if (message.reject) handleRejection(raft, progress, message);
  else handleAcknowledgement(raft, progress, message);
}

export function handleHeartbeatResponse(raft: Raft, progress: Progress, message: Message): void {
  progress.recentActive = true;
  progress.resume();
  // A full window still lets an empty append through, and a probing follower that lacks nothing must be asked again, or neither
  // would ever leave its state (`replicate_pause.txt`, `heartbeat_resp_recovers_from_probing.txt`).
  if (progress.match < raft.log.lastIndex() || progress.state === 'probe') maybeSendAppend(raft, message.from, 'always');
  confirmReads(raft, message);
}

/** The transport finished or gave up a snapshot (pitfall P15). */
export function handleSnapshotStatus(progress: Progress, message: Message): void {
  if (progress.state !== 'snapshot') return;
  if (message.reject) progress.forgetSnapshot();
  progress.becomeProbe();
  // After success wait for the follower's own word, after failure for a heartbeat's answer, before anything more is sent.
  progress.pause();
}

export function handleUnreachable(progress: Progress): void {
  // What was streamed is probably lost.
  if (progress.state === 'replicate') progress.becomeProbe();
}

function handleRejection(raft: Raft, progress: Progress, message: Message): void {
  // The follower says where its log may agree; ours says from where on it cannot (see `append.ts`).
  const hint = message.logTerm > 0 ? raft.log.findConflictByTerm(message.rejectHint, message.logTerm).index : message.rejectHint;
  if (!progress.maybeDecreaseTo(message.index, hint)) return;
  raft.config.logger.debug(`${raft.id} goes back to ${progress.next} for ${message.from}`);
  if (progress.state === 'replicate') progress.becomeProbe();
  maybeSendAppend(raft, message.from, 'always');
}

function handleAcknowledgement(raft: Raft, progress: Progress, message: Message): void {
  const rose = progress.maybeUpdate(message.index);
  // An old index still proves that a probed follower is there and agrees with us.
  if (!rose && !(progress.match === message.index && progress.state === 'probe')) return;
  leaveProbing(raft, progress, message.index);
  if (maybeCommit(raft)) {
    releaseEarlyReads(raft);
    broadcastAppend(raft);
  } else if (message.from !== raft.id && progress.canBumpCommit(raft.log.committed)) {
    // It may lack the latest commit index; an append now is earlier than the next heartbeat.
    maybeSendAppend(raft, message.from, 'always');
  }
  if (message.from === raft.id) return;
  // Room in the window: as many appends as it takes.
  while (maybeSendAppend(raft, message.from, 'entries-only')) { /* until nothing more may go */ }
  maybeFinishTransfer(raft, progress, message.from);
}

function leaveProbing(raft: Raft, progress: Progress, acknowledged: number): void {
  if (progress.state === 'probe') {
    progress.becomeReplicate();
  } else if (progress.state === 'replicate') {
    progress.inflights.freeTo(acknowledged);
  } else if (progress.match + 1 >= raft.log.firstIndex()) {
    // The log reaches back far enough, by the snapshot that was sent or by another one.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
}
