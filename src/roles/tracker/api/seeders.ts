// Routes for seeders: register, heartbeat, sign out on the leader; feed and listings on any tracker.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { assert, mustExist } from '../../../base/assert.ts';
import { OffshoreError } from '../../../base/errors.ts';
import { parseChunkId } from '../../../model/chunk.ts';
import type { ClusterId, Incarnation, LogIndex, NodeName, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { SeederInfo } from '../../../model/layout.ts';
import { classCode, parseStorageClass } from '../../../model/storage-class.ts';
import type { HeartbeatAnswer, HeartbeatRequest, RegisterAnswer, RegisterRequest } from '../../../protocol/tracker-api.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import { answerJson, mount, readJson, readQuery } from '../../http/exchange.ts';
import type { Proposer } from '../proposer.ts';
import type { Roster } from '../roster.ts';
import { readLocal, readState, type TrackerRaft } from '../tracker-raft.ts';
import { heartbeatSchema, queryNumber, registerSchema, signOutSchema } from './schemas.ts';

export interface SeederApiDeps {
  readonly raft: TrackerRaft;
  readonly proposer: Proposer;
  readonly roster: Roster;
}

export function mountSeederApi(app: Hono, deps: SeederApiDeps): void {
  mount(app, 'register', (c, signal) => register(c, deps, signal));
  mount(app, 'heartbeat', (c, signal) => heartbeat(c, deps, signal));
  mount(app, 'signOut', (c, signal) => signOut(c, deps, signal));
  mount(app, 'feed', (c, signal) => feed(c, deps.raft, signal));
  mount(app, 'live', (c, signal) => live(c, deps.raft, signal));
}

async function register(c: Context, deps: SeederApiDeps, signal: AbortSignal): Promise<Response> {
  const request = (await readJson(c, registerSchema, limits.jsonBodyBytesMax, signal)) as unknown as RegisterRequest;
  const { results } = await deps.proposer.one({ kind: 'register-seeder', ...request, name: request.name as NodeName, incarnation: request.incarnation as Incarnation }, signal, 'frees');
  assert(results.kind === 'seeder', 'register-seeder answers with a seeder');
  deps.roster.forgetReports(results.seeder);
  const { index, value } = await readState(deps.raft, signal, (queries) => queries.seeder(results.seeder));
  const seeder = mustExist(value, 'a registered seeder is in the state');
  const cluster = mustExist(deps.raft.status().cluster, 'a running tracker knows its cluster') as ClusterId;
  return answerJson(c, { index, cluster, seeder } satisfies RegisterAnswer);
}

async function heartbeat(c: Context, deps: SeederApiDeps, signal: AbortSignal): Promise<Response> {
  const beat = (await readJson(c, heartbeatSchema, limits.jsonBodyBytesMax, signal)) as unknown as HeartbeatRequest;
  const leadership = mustLead(deps.raft);
  await mustBeKnown(deps.raft, beat.seeder, beat.incarnation);
  const resend = deps.roster.hear(leadership, beat);
  const answer = await readLocal(deps.raft, async (queries): Promise<HeartbeatAnswer> => ({ index: await queries.index(), layout: await queries.layoutVersion(), resend }));
  return answerJson(c, answer);
}

/** `maintenance` keeps its partitions: it is expected back within the time of the option. */
async function signOut(c: Context, deps: SeederApiDeps, signal: AbortSignal): Promise<Response> {
  const request = await readJson(c, signOutSchema, limits.jsonBodyBytesMax, signal);
  mustLead(deps.raft);
  const seeder = await mustBeKnown(deps.raft, request.seeder as SeederId, request.incarnation);
  // First, so that no duty takes the last heartbeat for a return.
  deps.roster.signOff(seeder.id);
  if (seeder.state === 'up') await deps.proposer.one({ kind: 'seeder-state', seeder: seeder.id, state: 'maintenance' }, signal, 'frees');
  return answerJson(c, {});
}

/** Only a leader with a current state knows the seeders; anyone else points to it. */
function mustLead(raft: TrackerRaft): Leadership {
  const leadership = raft.leadership();
  if (leadership !== undefined) return leadership;
  const leader = raft.status().leader;
  throw leader === undefined || raft.isLeader() ? new OffshoreError('no-leader') : new OffshoreError('not-leader', { leader: leader.url, name: leader.name });
}

async function mustBeKnown(raft: TrackerRaft, id: SeederId, incarnation: string): Promise<SeederInfo> {
  const known = await readLocal(raft, (queries) => queries.seeder(id));
  if (known === undefined) throw new OffshoreError('not-found', { seeder: id });
  if (known.incarnation !== incarnation) throw new OffshoreError('wiped-seeder', { name: known.name });
  if (known.state === 'removed') throw new OffshoreError('member-removed', { name: known.name });
  return known;
}

const feedQuery = v.object({ seeder: queryNumber, after: queryNumber });

async function feed(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { seeder, after } = readQuery(c, feedQuery);
  const { value } = await readState(raft, signal, (queries) => queries.feed(after as LogIndex, limits.feedPageMax, seeder as SeederId));
  return answerJson(c, value);
}

const liveQuery = v.object({ class: v.string(), partition: queryNumber, after: v.optional(v.string()) });

async function live(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const query = readQuery(c, liveQuery);
  const storageClass = parseStorageClass(query.class);
  if (storageClass === undefined) throw new OffshoreError('bad-request', { field: 'class', problem: 'is like copies=3 or ec=4+2' });
  const after = query.after === undefined ? undefined : parseChunkId(query.after);
  if (query.after !== undefined && after === undefined) throw new OffshoreError('bad-request', { field: 'after', problem: 'is 64 lower-case hex digits' });
  const request = { classCode: classCode(storageClass), partition: query.partition, limit: limits.livePageMax, ...(after === undefined ? {} : { after }) };
  const { value } = await readState(raft, signal, (queries) => queries.live(request));
  return answerJson(c, value);
}
