// The status route: what this tracker knows, or what the leader knows when this one follows. The leader alone has heard the seeders.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { mustExist } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';
import { sendWithin } from '../../../client/send-within.ts';
import { parseJson } from '../../../protocol/problem.ts';
import { limits } from '../../../base/limits.ts';
import type { SeederInfo } from '../../../model/layout.ts';
import { pathTo } from '../../../protocol/routes.ts';
import type { Message, Send } from '../../../protocol/send.ts';
import type { ClusterStatus, SeederStatus, TrackerStatus } from '../../../protocol/tracker-api.ts';
import type { RaftStatus } from '../../../raft/driver/raft-status.ts';
import { answerJson, mount, readQuery } from '../../http/exchange.ts';
import type { HealthMemo } from '../health-memo.ts';
import type { LayoutMemo } from '../layout-memo.ts';
import { classHealth } from '../inventory-view.ts';
import type { Roster } from '../roster.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';

export interface StatusDeps {
  readonly raft: TrackerRaft;
  readonly roster: Roster;
  readonly layouts: LayoutMemo;
  readonly health: HealthMemo;
  readonly send: Send;
  readonly clock: Clock;
}

/** `here` answers from this tracker alone; it is what followers send to the leader. */
const query = v.object({ ask: v.optional(v.picklist(['leader', 'here']), 'leader') });

export function mountStatusApi(app: Hono, deps: StatusDeps): void {
  mount(app, 'status', (c, signal) => status(c, deps, signal));
}

async function status(c: Context, deps: StatusDeps, signal: AbortSignal): Promise<Response> {
  const { ask } = readQuery(c, query);
  const leader = deps.raft.status().leader;
  if (ask === 'leader' && leader !== undefined && !deps.raft.isLeader()) {
    const answer = await askLeader(leader.url, deps, signal);
    if (answer !== undefined) return answerJson(c, answer);
    const { leader: _, ...own } = await clusterStatus(deps);
    return answerJson(c, own satisfies ClusterStatus);
  }
  return answerJson(c, await clusterStatus(deps));
}

async function askLeader(url: string, deps: StatusDeps, signal: AbortSignal): Promise<unknown> {
  try {
    const message: Message = { to: url, method: 'GET', path: pathTo('status', {}, { ask: 'here' }), headers: {}, body: [] };
    const answer = await sendWithin(message, limits.nodeProbeMsMax, deps, signal);
    return answer.status === 200 ? parseJson(answer) : undefined;
  } catch {
    // The leader may have died a moment ago: what this tracker knows is then the best answer, and it names no leader it cannot reach.
    signal.throwIfAborted();
    return undefined;
  }
}

async function clusterStatus(deps: StatusDeps): Promise<ClusterStatus> {
  const raft = deps.raft.status();
  const leadership = deps.raft.leadership();
  if (leadership === undefined) deps.roster.leave();
  else deps.roster.enter(leadership);
  return readLocal(deps.raft, async (queries) => {
    const totals = await queries.totals();
    const layout = await deps.layouts.read(queries);
    const classes = await deps.health.read({ term: leadership?.term, layout: layout.version }, () => Promise.all(layout.classes.map((each) =>
      classHealth(queries, deps.roster, layout, each, totals.classes.find((one) => one.classCode === each.classCode)?.chunks ?? 0))));
    return {
      cluster: mustExist(raft.cluster, 'a running tracker knows its cluster'),
      index: await queries.index(),
      ...(raft.leader === undefined ? {} : { leader: raft.leader.name }),
      trackers: trackerStatuses(raft),
      seeders: layout.seeders.filter((seeder) => seeder.state !== 'removed').map((seeder) => seederStatus(seeder, deps)),
      classes,
      ...totals.tree,
    };
  });
}

function trackerStatuses(raft: RaftStatus): TrackerStatus[] {
  return raft.members.map((member) => {
    const { name, url } = member;
    if (member.id === raft.id) return { name, url, role: ownRole(raft), term: raft.term, commit: raft.commit, applied: raft.applied, lag: raft.commit - raft.applied };
    const peer = raft.peers.find((each) => each.member.id === member.id);
    if (peer === undefined) return { name, url, role: member.id === raft.leader?.id ? 'leader' : 'follower' };
    const role = peer.active === 'silent' ? 'unreachable' as const : peer.kind === 'learner' ? 'learner' as const : 'follower' as const;
    return { name, url, role, lag: Math.max(0, raft.commit - peer.match) };
  });
}

function ownRole(raft: RaftStatus): TrackerStatus['role'] {
  return raft.role === 'pre-candidate' ? 'candidate' : raft.role;
}

/** Only a leader has heard anything; elsewhere the state in the layout stands as it is. */
function seederStatus(seeder: SeederInfo, deps: StatusDeps): SeederStatus {
  const { name, url, zone, state } = seeder;
  const space = deps.roster.space(seeder.id);
  const suspect = state === 'up' && deps.raft.isLeader() && deps.roster.silentMs(seeder.id) >= limits.suspectMs;
  return { name, url, zone, state: suspect ? 'suspect' : state, ...space };
}
