// Client sessions: outcomes are remembered until the client has them, so that a repeated operation is answered and not run again.
// (Raft dissertation 6.3; bounds in `architecture.md` 3.) All times are cluster age.

import { mustExist } from '../../../base/assert.ts';
import type { SessionId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Outcome } from '../../../model/operation.ts';
import type { CommandResult } from './command.ts';
import { type Context, refusal } from './context.ts';
import { outcomesTable, type SequenceRange, type SessionRow, sessionTable } from './records-cluster.ts';
import { countsFact } from './records-facts.ts';

/** Session numbers grow with the log: index of the entry, then place of the command in it. */
const commandsPerEntry = 1024;

export function registerSession(context: Context, user: string, ordinal: number): CommandResult {
  const { draft } = context;
  const counts = mustExist(draft.get(countsFact, 'only'), 'a founded state has counts');
  if (counts.sessions >= limits.sessionsMax) throw refusal('sessions-full', { sessions: counts.sessions });
  const session = context.index * commandsPerEntry + ordinal as SessionId;
  draft.put(sessionTable, session, { user, used: context.age, firstUnacked: 1, ranges: [] });
  draft.put(countsFact, 'only', { ...counts, sessions: counts.sessions + 1 });
  return { kind: 'session', session };
}

/** Closing what is gone already is no error: the client only says that it needs no memory. */
export function closeSession(context: Context, session: SessionId): CommandResult {
  const row = context.draft.get(sessionTable, session);
  if (row !== undefined) dropSession(context, session, row);
  return { kind: 'done' };
}

/** Too old ones, or, while no further one can be registered, those unused for a while: their clients are mostly gone. */
export function expireSessions(context: Context, sessions: readonly SessionId[]): CommandResult {
  const counts = mustExist(context.draft.get(countsFact, 'only'), 'a founded state has counts');
  const unusedMs = counts.sessions >= limits.sessionsMax ? limits.sessionIdleMsMin : limits.sessionAgeMsMax;
  let accepted = 0;
  for (const session of sessions) {
    const row = context.draft.get(sessionTable, session);
    if (row === undefined || row.used + unusedMs > context.age) continue;
    dropSession(context, session, row);
    accepted += 1;
  }
  return { kind: 'counted', accepted, skipped: sessions.length - accepted };
}

/** True when each of `count` sequence numbers, and the one behind them, is a number that a row can hold. */
export function areSequences(first: number, count: number): boolean {
  return first >= 0 && Number.isSafeInteger(first + count);
}

/** The session as it is once the client's acknowledgement is noted; undefined when it does not exist (any more). */
export function acknowledge(context: Context, session: SessionId, firstUnacked: number): SessionRow | undefined {
  const row = context.draft.get(sessionTable, session);
  if (row === undefined) return undefined;
  const acked = Math.max(row.firstUnacked, firstUnacked);
  const ranges = row.ranges.filter((range) => range.first + range.count > acked);
  for (const range of row.ranges) {
    if (range.first + range.count <= acked) context.draft.remove(outcomesTable, { session, first: range.first });
  }
  return { ...row, used: context.age, firstUnacked: acked, ranges };
}

/** The remembered outcome of a sequence number. */
export function remembered(context: Context, session: SessionId, row: SessionRow, sequence: number): Outcome | undefined {
  const range = row.ranges.find((each) => sequence >= each.first && sequence < each.first + each.count);
  if (range === undefined) return undefined;
  const outcomes = mustExist(context.draft.get(outcomesTable, { session, first: range.first }), 'a session lists only outcomes it has');
  return mustExist(outcomes[sequence - range.first], 'a range has one outcome a sequence number');
}

/** True when the session may remember `count` further outcomes. */
export function hasRoom(row: SessionRow, count: number): boolean {
  const held = row.ranges.reduce((sum, range) => sum + range.count, 0);
  return row.ranges.length < limits.sessionSequencesMax && held + count <= limits.sessionOutcomesMax;
}

export function remember(context: Context, session: SessionId, row: SessionRow, runs: readonly { readonly first: number; readonly outcomes: readonly Outcome[] }[]): void {
  const added: SequenceRange[] = runs.map((run) => ({ first: run.first, count: run.outcomes.length }));
  for (const run of runs) context.draft.put(outcomesTable, { session, first: run.first }, run.outcomes);
  context.draft.put(sessionTable, session, { ...row, ranges: [...row.ranges, ...added].sort((left, right) => left.first - right.first) });
}

function dropSession(context: Context, session: SessionId, row: SessionRow): void {
  const { draft } = context;
  for (const range of row.ranges) draft.remove(outcomesTable, { session, first: range.first });
  draft.remove(sessionTable, session);
  const counts = mustExist(draft.get(countsFact, 'only'), 'a founded state has counts');
  draft.put(countsFact, 'only', { ...counts, sessions: counts.sessions - 1 });
}
