// Runs the operations of a batch one after the other, each whole or not at all, and exactly once within its session.
// Decides nothing about the namespace itself: the file of each operation does.

import { mustExist, unreachable } from '../../../base/assert.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { Operation, Outcome } from '../../../model/operation.ts';
import { setAttributes, setPolicy } from './attributes.ts';
import type { BatchCommand, SessionMark } from './command.ts';
import { type Context, now } from './context.ts';
import { makeDirectory, makeSymlink } from './make.ts';
import { copy, publish } from './publish.ts';
import { isStorable } from './outcome-codec.ts';
import { changeTable } from './records-change.ts';
import type { SessionRow } from './records-cluster.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { acknowledge, areSequences, hasRoom, remember, remembered } from './sessions.ts';
import { closeUpload, openUpload, stage } from './uploads.ts';

export function applyBatch(context: Context, batch: BatchCommand): readonly Outcome[] {
  const { session } = batch;
  if (session === undefined) return batch.operations.map((operation) => run(context, batch, operation));
  if (!areSequences(session.firstSequence, batch.operations.length)) return batch.operations.map(() => unstorable('sequence numbers'));
  const row = acknowledge(context, session.id, session.firstUnacked);
  // Whether an expired session ran this before is forgotten, so it must not run now.
  if (row === undefined) return batch.operations.map(() => unknownOutcome(session));
  return runInSession(context, batch, { session, row });
}

interface Run {
  readonly first: number;
  readonly outcomes: Outcome[];
}

function runInSession(context: Context, batch: BatchCommand, place: { readonly session: SessionMark; readonly row: SessionRow }): Outcome[] {
  const { session, row } = place;
  const outcomes: Outcome[] = [];
  const runs: Run[] = [];
  const room = hasRoom(row, batch.operations.length);
  batch.operations.forEach((operation, i) => {
    const sequence = session.firstSequence + i;
    const known = sequence < row.firstUnacked ? unknownOutcome(session) : remembered(context, session.id, row, sequence);
    if (known !== undefined || !room) {
      outcomes.push(known ?? { ok: false, code: 'overloaded', details: { session: session.id } });
      return;
    }
    const outcome = run(context, batch, operation);
    outcomes.push(outcome);
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.outcomes.length === sequence) last.outcomes.push(outcome);
    else runs.push({ first: sequence, outcomes: [outcome] });
  });
  remember(context, session.id, row, runs);
  return outcomes;
}

function unknownOutcome(session: SessionMark): Outcome {
  return { ok: false, code: 'outcome-unknown', details: { session: session.id } };
}

function run(context: Context, batch: BatchCommand, operation: Operation): Outcome {
  const { feedEvents } = context;
  context.draft.savepoint();
  context.touched = new Map();
  const outcome = storable(context, attempt(context, batch, operation));
  if (!outcome.ok) {
    context.draft.rollback();
    context.feedEvents = feedEvents;
  }
  context.position += 1;
  return outcome;
}

function attempt(context: Context, batch: BatchCommand, operation: Operation): Outcome {
  try {
    const outcome = perform(context, operation);
    if (outcome.ok && context.touched.size > 0) noteChange(context, { batch, operation, outcome });
    return outcome;
  } catch (error) {
    if (isOffshoreError(error)) return { ok: false, code: error.code, details: error.details };
    throw error;
  }
}

/** The outcome, if it and everything that the operation wrote has a stored form; every tracker comes to the same answer. */
function storable(context: Context, outcome: Outcome): Outcome {
  if (!isStorable(outcome)) return unstorable('outcome');
  return outcome.ok && context.draft.seal() === 'unstorable' ? unstorable('rows') : outcome;
}

function unstorable(what: string): Outcome & { readonly ok: false } {
  return { ok: false, code: 'bad-request', details: { reason: 'cannot be stored', what } };
}

function perform(context: Context, operation: Operation): Outcome {
  switch (operation.kind) {
    case 'make-directory': return makeDirectory(context, operation);
    case 'publish': return publish(context, operation);
    case 'open-upload': return openUpload(context, operation);
    case 'stage': return stage(context, operation);
    case 'close-upload': return closeUpload(context, operation);
    case 'rename': return rename(context, operation);
    case 'copy': return copy(context, operation);
    case 'symlink': return makeSymlink(context, operation);
    case 'remove': return remove(context, operation);
    case 'set-attributes': return setAttributes(context, operation);
    case 'set-policy': return setPolicy(context, operation);
    default: return unreachable(operation);
  }
}

function noteChange(context: Context, done: { readonly batch: BatchCommand; readonly operation: Operation; readonly outcome: Outcome & { readonly ok: true } }): void {
  const { batch, operation, outcome } = done;
  context.draft.insert(changeTable, now(context), {
    operation: batch.operation, user: batch.user, wallMs: context.wallMs, what: operation.kind,
    ino: mustExist(outcome.ino, 'a change of the namespace names its node'), paths: pathsOf(operation), records: [...context.touched.values()],
  });
}

function pathsOf(operation: Operation): readonly string[] {
  if ('path' in operation) return [operation.path];
  return 'from' in operation ? [operation.from, operation.to] : [];
}
