// A follower takes a snapshot from its leader (Raft 7), and learns that one is durable.

import { becomeFollower } from './roles.ts';
import { restoreConfState } from './membership.ts';
import { send } from './outbox.ts';
import { maybeLeaveJoint } from './propose.ts';
import type { Raft } from './raft.ts';
import type { ConfState, Message, RaftId, Snapshot } from './types.ts';
import { noNode } from './types.ts';
import { mustExist } from '../../base/assert.ts';

export function handleSnapshot(raft: Raft, message: Message): void {
  const snapshot = mustExist(message.snapshot, 'MsgSnap brings a snapshot');
  const taken = maybeRestore(raft, snapshot);
  raft.config.logger.info(`${raft.id} ${taken ? 'takes' : 'ignores'} the snapshot at ${snapshot.meta.index} (term ${snapshot.meta.term})`);
  send(raft, 'MsgAppResp', { to: message.from, index: taken ? raft.log.lastIndex() : raft.log.committed });
}

/** The snapshot and what it replaces are durable and installed. */
export function snapshotApplied(raft: Raft, snapshot: Snapshot): void {
  raft.log.unstable.stableSnapshotTo(snapshot.meta.index);
  appliedTo(raft, snapshot.meta.index, 0);
}

/** The state machine holds everything up to `index`. */
export function appliedTo(raft: Raft, index: number, bytes: number): void {
  raft.log.appliedTo(Math.max(index, raft.log.applied), bytes);
  maybeLeaveJoint(raft);
}

function maybeRestore(raft: Raft, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.meta;
  if (index <= raft.log.committed) return false;
  if (raft.role !== 'follower') {
    // Cannot happen: only a leader sends it, and its term made this node a follower. A new term keeps the harm small.
    raft.config.logger.warn(`${raft.id} was given a snapshot while ${raft.role}`);
    becomeFollower(raft, { term: raft.term + 1, lead: noNode });
    return false;
  }
  if (!mentions(confState, raft.id)) {
    raft.config.logger.warn(`${raft.id} is no member in the snapshot at ${index} and refuses it`);
    return false;
  }
  if (raft.log.matches({ index, term })) {
    // The log holds all of it, so committing is enough.
    raft.log.commitTo(index);
    return false;
  }
  raft.log.restore(snapshot);
  restoreConfState(raft, confState);
  return true;
}

function mentions(state: ConfState, id: RaftId): boolean {
  return state.voters.includes(id) || state.learners.includes(id) || state.votersOutgoing.includes(id);
}
