// How far the log may be forgotten: never past what is durably applied, nor past a state that a follower is fetching, and a tail stays
// for followers that lag a little. Pure.

import type { LogIndex } from '../../base/ids.ts';
import type { LogTail } from './raft-options.ts';

export interface CompactionQuestion {
  readonly boundary: LogIndex;
  readonly applied: LogIndex;
  /** Lowest index that a held state goes on from. */
  readonly keepAfter: LogIndex | undefined;
  readonly tail: LogTail;
  /** The lowest index with at most this many bytes after it. */
  readonly indexWithTail: (bytes: number) => LogIndex;
}

/** The index up to which to compact; undefined while it is not worth a write. */
export function compactionPoint(question: CompactionQuestion): LogIndex | undefined {
  const { boundary, applied, tail } = question;
  if (applied <= boundary) return undefined;
  const byCount = applied - tail.entries;
  const byBytes = question.indexWithTail(tail.bytes);
  const point = Math.min(Math.max(byCount, byBytes), applied, question.keepAfter ?? applied);
  // Whole blocks go at once, so small steps would only cost writes.
  const worthwhile = Math.max(1, Math.floor(tail.entries / 10));
  return point - boundary >= worthwhile ? (point as LogIndex) : undefined;
}
