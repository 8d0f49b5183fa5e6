// Routes that change the namespace: sessions and batches. Leader only; a follower points to the leader.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { assert, mustExist } from '../../../base/assert.ts';
import { fromBase64 } from '../../../base/base64.ts';
import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import type { SessionId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Operation, OperationId } from '../../../model/operation.ts';
import type { BatchAnswer, BatchRequest, SessionAnswer, WireOperation } from '../../../protocol/tracker-api.ts';
import { checkBatch } from '../../../storage/meta/core/check.ts';
import type { BatchCommand, CommandResult } from '../../../storage/meta/core/command.ts';
import { answerJson, mount, readJson } from '../../http/exchange.ts';
import type { Proposer } from '../proposer.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import { batchSchema, closeSessionSchema } from './schemas.ts';

/** Until accounts exist everybody is this user. */
const anyone = 'anyone';

export interface BatchApiDeps {
  readonly raft: Pick<TrackerRaft, 'useMachine'>;
  readonly proposer: Pick<Proposer, 'one' | 'propose'>;
}

export function mountBatchApi(app: Hono, deps: BatchApiDeps): void {
  mount(app, 'sessions', (c, signal) => registerSession(c, deps, signal));
  mount(app, 'closeSession', (c, signal) => closeSession(c, deps.proposer, signal));
  mount(app, 'batch', (c, signal) => runBatch(c, deps.proposer, signal));
}

async function registerSession(c: Context, deps: BatchApiDeps, signal: AbortSignal): Promise<Response> {
  await readJson(c, v.object({}), limits.jsonBodyBytesMax, signal);
  const result = await register(deps, signal);
  assert(result.kind === 'session', 'register-session answers with a session');
  return answerJson(c, { session: result.session } satisfies SessionAnswer);
}

const registration = { kind: 'register-session', user: anyone } as const;

/** When there are too many sessions, the longest unused ones make room in the same entry; `apply` looks again at each. */
async function register(deps: BatchApiDeps, signal: AbortSignal): Promise<CommandResult> {
  try {
    return (await deps.proposer.one(registration, signal)).results;
  } catch (error) {
    if (!isOffshoreError(error, 'sessions-full')) throw error;
    const idle = await readLocal(deps.raft, (queries) => queries.sessionsIdle(limits.sessionsEvictedAtOnce));
    if (idle.length === 0) throw error;
    const { results } = await deps.proposer.propose([{ kind: 'expire-sessions', sessions: idle.map((each) => each.session) }, registration], signal);
    const result = mustExist(results[1], 'one result a command');
    if (result.kind === 'refused') throw new OffshoreError(result.code, result.details);
    return result;
  }
}

async function closeSession(c: Context, proposer: BatchApiDeps['proposer'], signal: AbortSignal): Promise<Response> {
  const request = await readJson(c, closeSessionSchema, limits.jsonBodyBytesMax, signal);
  await proposer.one({ kind: 'close-session', session: request.session as SessionId }, signal, 'frees');
  return answerJson(c, {});
}

async function runBatch(c: Context, proposer: BatchApiDeps['proposer'], signal: AbortSignal): Promise<Response> {
  const request = (await readJson(c, batchSchema, limits.jsonBodyBytesMax, signal)) as unknown as BatchRequest;
  const command = toCommand(request);
  checkBatch(command);
  const { index, results } = await proposer.one(command, signal, frees(command) ? 'frees' : 'ordinary');
  assert(results.kind === 'batch', 'a batch answers with outcomes');
  return answerJson(c, { index, outcomes: results.outcomes } satisfies BatchAnswer);
}

function toCommand(request: BatchRequest): BatchCommand {
  const { session } = request;
  return {
    kind: 'batch', operation: request.operationId as OperationId, user: anyone, operations: request.operations.map(toOperation),
    ...(session === undefined ? {} : { session: { ...session, id: session.id as SessionId } }),
  };
}

function toOperation(operation: WireOperation): Operation {
  if (operation.kind !== 'publish') return operation;
  const { content } = operation;
  if (content.kind === 'chunked') return { ...operation, content };
  const bytes = fromBase64(content.base64);
  if (bytes === undefined) throw new OffshoreError('bad-request', { field: 'content.base64', problem: 'is not base64' });
  return { ...operation, content: { kind: 'inline', bytes } };
}

/** Removing must work on a tracker that is short of space (`architecture.md` S8). */
function frees(command: BatchCommand): boolean {
  return command.operations.every((operation) => operation.kind === 'remove' || operation.kind === 'close-upload');
}
