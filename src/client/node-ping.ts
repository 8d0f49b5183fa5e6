// Asks every known node whether it lives and how long it takes. A node that does not answer is a line of the result, not an error.

import { mapLimit } from '../async/for-each-limit.ts';
import { within } from '../async/deadline.ts';
import type { Clock } from '../base/clock.ts';
import { isOffshoreError, type OffshoreError } from '../base/errors.ts';
import type { NodeName } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { pathTo } from '../protocol/routes.ts';
import type { Send } from '../protocol/send.ts';
import type { ClusterStatus } from '../protocol/tracker-api.ts';
import { isClusterStatus } from '../protocol/validate.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { LayoutCache } from './layout-cache.ts';
import type { NodePing } from './remote-files.ts';
import { mustSucceed, sendWithin } from './send-within.ts';
import type { TrackerClient } from './tracker-client.ts';

export interface PingDeps {
  readonly trackers: TrackerClient;
  readonly layouts: LayoutCache;
  readonly identity: ClusterIdentity;
  readonly send: Send;
  readonly clock: Clock;
}

type Target = Pick<NodePing, 'name' | 'url' | 'role' | 'isLeader'>;

/** Trackers first. Nodes asked: those the cluster names; without an answer from it, those this client knows. */
export async function pingNodes(deps: PingDeps, signal: AbortSignal): Promise<readonly NodePing[]> {
  const status = await maybeStatus(deps, signal);
  return mapLimit(targetsOf(status, deps), limits.pingsInFlight, (target, inner) => pingOne(target, deps, inner), signal);
}

async function maybeStatus(deps: PingDeps, signal: AbortSignal): Promise<ClusterStatus | undefined> {
  try {
    return await within(signal, limits.pingMs, deps.clock, (inner) => deps.trackers.read('status', {}, isClusterStatus, inner, 'lead'));
  } catch (error) {
    if (!isOffshoreError(error) || signal.aborted) throw error;
    return undefined;
  }
}

function targetsOf(status: ClusterStatus | undefined, deps: PingDeps): readonly Target[] {
  if (status === undefined) {
    const trackers = deps.trackers.trackers.map((url): Target => ({ name: url as NodeName, url, role: 'tracker', isLeader: false }));
    const seeders = (deps.layouts.peek()?.seeders ?? []).map(({ name, url }): Target => ({ name, url, role: 'seeder', isLeader: false }));
    return [...trackers, ...seeders];
  }
  const trackers = status.trackers.map(({ name, url }): Target => ({ name, url, role: 'tracker', isLeader: name === status.leader }));
  return [...trackers, ...status.seeders.map(({ name, url }): Target => ({ name, url, role: 'seeder', isLeader: false }))];
}

async function pingOne(target: Target, deps: PingDeps, signal: AbortSignal): Promise<NodePing> {
  const startedMs = deps.clock.monotonicMs();
  try {
    const message = { to: target.url, method: 'GET', path: pathTo('healthz'), headers: deps.identity.headers(), body: [] } as const;
    mustSucceed(await sendWithin(message, limits.pingMs, deps, signal), target.name);
    return { ...target, roundTripMs: deps.clock.monotonicMs() - startedMs };
  } catch (error) {
    if (!isOffshoreError(error) || signal.aborted) throw error;
    return { ...target, error: reasonOf(error) };
  }
}

function reasonOf(error: OffshoreError): string {
  const reason = error.details['reason'];
  return typeof reason === 'string' ? `${error.message} (${reason})` : error.message;
}
