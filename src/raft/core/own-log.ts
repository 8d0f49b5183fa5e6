// A leader's appends to its own log. It counts itself as holding an entry only when its own storage says so (pitfall P6):
// the acknowledgement is a message to itself that waits like everybody's.

import { payloadBytes } from './entries.ts';
import { send } from './outbox.ts';
import type { Raft } from './raft.ts';
import { traceState } from './trace.ts';
import type { Entry } from './types.ts';

/** An entry that has no place yet. */
export type EntryDraft = Pick<Entry, 'type' | 'data'>;

/** Refuses when the uncommitted tail would grow past its bound. */
export function appendOwn(raft: Raft, drafts: readonly EntryDraft[]): 'appended' | 'refused' {
  const last = raft.log.lastIndex();
  const entries = drafts.map((draft, i): Entry => ({ term: raft.term, index: last + 1 + i, type: draft.type, data: draft.data }));
  const bytes = payloadBytes(entries);
  // One proposal is let through whatever its size, and one without data always: a leader must be able to make progress.
  if (raft.uncommittedBytes > 0 && bytes > 0 && raft.uncommittedBytes + bytes > raft.config.maxUncommittedEntriesSize) return 'refused';
  raft.uncommittedBytes += bytes;
  raft.log.append(entries);
  traceState(raft, 'Replicate');
  send(raft, 'MsgAppResp', { to: raft.id, index: last + entries.length });
  return 'appended';
}

/** These entries are applied and no longer count as uncommitted. */
export function releaseUncommitted(raft: Raft, entries: readonly Entry[]): void {
  raft.uncommittedBytes = Math.max(0, raft.uncommittedBytes - payloadBytes(entries));
}
