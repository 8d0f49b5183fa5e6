// Views of a node's state for operators and tests. Read only.

import { toConfState } from './conf-change.ts';
import type { Raft } from './raft.ts';
import type { BasicStatus, CoreDump, ProgressStatus, RaftId, Status } from './types.ts';

export function basicStatusOf(raft: Raft): BasicStatus {
  return {
    id: raft.id, term: raft.term, vote: raft.vote, commit: raft.log.committed, lead: raft.lead, role: raft.role,
    applied: raft.log.applied, firstIndex: raft.log.firstIndex(), lastIndex: raft.log.lastIndex(), leadTransferee: raft.leadTransferee,
  };
}

export function statusOf(raft: Raft): Status {
  return {
    ...basicStatusOf(raft),
    confState: toConfState(raft.tracker.configuration),
    progress: new Map(raft.role === 'leader' ? progressOf(raft) : []),
  };
}

export function dumpOf(raft: Raft): CoreDump {
  const { unstable } = raft.log;
  return {
    status: basicStatusOf(raft),
    confState: toConfState(raft.tracker.configuration),
    progress: progressOf(raft),
    votes: [...raft.tracker.votes],
    electionElapsed: raft.electionElapsed,
    heartbeatElapsed: raft.heartbeatElapsed,
    randomizedElectionTimeout: raft.randomizedElectionTimeout,
    pendingConfIndex: raft.pendingConfIndex,
    uncommittedBytes: raft.uncommittedBytes,
    applying: raft.log.applying,
    unstable: {
      offset: unstable.offset, offsetInProgress: unstable.offsetInProgress, entries: [...unstable.entries],
      snapshot: unstable.snapshot?.meta, snapshotInProgress: unstable.snapshotInProgress,
    },
    messages: [...raft.messages],
    messagesAfterAppend: [...raft.messagesAfterAppend],
    readStates: [...raft.readStates],
    readsUnconfirmed: raft.reads.size,
    readsBeforeFirstCommit: raft.readsBeforeFirstCommit.length,
  };
}

function progressOf(raft: Raft): (readonly [RaftId, ProgressStatus])[] {
  return [...raft.tracker.progress()].map(([id, progress]) => [id, progress.status()] as const);
}
