// The story of a seeder: who it is, its HTTP server, its place in the cluster, its store, its duties, and how it stops.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../async/sleep.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { ClusterIdentity } from '../../client/cluster-identity.ts';
import { TrackerClient } from '../../client/tracker-client.ts';
import type { SeederOptions } from '../../config/core/role-options.ts';
import { healthy, unhealthy, type Health } from '../../observe/health.ts';
import { errorFields } from '../../observe/log.ts';
import { hashPool } from '../../platform/hash-pool.ts';
import { startHttpServer } from '../../platform/http-server.ts';
import { Lifecycle } from '../../platform/lifecycle.ts';
import { drawIncarnation } from '../../platform/node-crypto.ts';
import { nodeFileIo } from '../../platform/node-file-io.ts';
import type { FileIo } from '../../storage/file-io.ts';
import { createApi } from '../http/api.ts';
import { mountNodeRoutes } from '../http/node-routes.ts';
import type { RoleDeps, RunningRole } from '../role.ts';
import { mountChunkApi } from './api/chunks.ts';
import { mountSeederStatus } from './api/status.ts';
import { SeederIdentity } from './identity.ts';
import { Station } from './station.ts';
import { trackerCalls } from './tracker-calls.ts';
import type { Trackers } from './trackers.ts';

export async function runSeeder(options: SeederOptions, deps: RoleDeps): Promise<RunningRole> {
  const { clock, log, metrics } = deps;
  const lifecycle = new Lifecycle({ clock });
  const stopping = new AbortController();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  // 1. Who it is: durable before anybody is told.
  const files = nodeFileIo();
  const identity = await SeederIdentity.open({ folder: options.data, name: options.id }, { files, drawIncarnation });
  const known = new ClusterIdentity();
  const cluster = identity.cluster();
  if (cluster !== undefined) known.learn(cluster, identity.name);

  // 2. HTTP: answers `starting` until the store is open.
  const hasher = lifecycle.own('hash pool', hashPool(), (each) => each.close());
  const seat: { station?: Station } = {};
  const station = (): Station => {
    if (seat.station === undefined) throw new OffshoreError('starting', { name: identity.name });
    return seat.station;
  };
  const app = createApi({ log, clock, metrics, cluster: () => identity.cluster(), onBug: fail });
  mountNodeRoutes(app, {
    name: identity.name, role: 'seeder', program: deps.program, metrics, measure: () => seat.station?.measure(),
    live: [{ name: 'store', check: () => storeHealth(seat.station) }], ready: [{ name: 'feed', check: () => feedHealth(seat.station) }],
  });
  mountChunkApi(app, { station, hasher, self: () => identity.id() });
  mountSeederStatus(app, { station, identity });
  const server = await startHttpServer({ ...options.listen, app }, { clock });
  lifecycle.own('http', server, (each) => each.close());
  log.info('role.listening', { role: 'seeder', url: server.url });

  // 3. Its place in the cluster, its store, its duties.
  const trackers = trackerCalls(new TrackerClient({ trackers: options.trackers, timeoutMs: limits.requestTimeoutMs }, { identity: known, send: deps.send, clock, rng: deps.rng }));
  const startMs = clock.monotonicMs();
  const begin = async (): Promise<void> => {
    if (identity.membership().kind === 'new') await register({ options, identity, trackers, files, deps }, stopping.signal);
    seat.station = await Station.open({ folder: join(options.data, 'store'), ledger: join(options.data, 'partitions') }, { ...deps, files, identity, trackers, hasher, stopping: stopping.signal });
    await register({ options, identity, trackers, files, deps }, stopping.signal);
    await seat.station.begin();
    seat.station.ended().catch(fail);
  };
  const begun = begin();
  const ready = begun.then(
    () => log.info('role.ready', { role: 'seeder', ms: Math.round(clock.monotonicMs() - startMs) }),
    (error: unknown) => {
      if (!stopping.signal.aborted) fail(error instanceof Error ? error : new Error(String(error), { cause: error }));
    },
  );

  // 4. Stopping: say goodbye first, so that nobody counts the silence; then end the work and close the store.
  lifecycle.own('station', seat, async (each) => {
    stopping.abort(new OffshoreError('stopping'));
    await begun.catch(() => undefined);
    await each.station?.close();
  });
  lifecycle.own('membership', trackers, async (each) => {
    await seat.station?.hush();
    await signOut(each, identity, deps);
  });
  return {
    name: identity.name, url: options.advertise, ready, failed,
    stop: async () => {
      const failures = await lifecycle.stop();
      for (const each of failures) log.error('process.stop-failed', { resource: each.resource, error: each.reason });
    },
  };
}

interface Registration {
  readonly options: SeederOptions;
  readonly identity: SeederIdentity;
  readonly trackers: Trackers;
  readonly files: FileIo;
  readonly deps: RoleDeps;
}

/** Until some leader says yes. A refusal that waiting cannot cure ends the process with its reason. */
async function register({ options, identity, trackers, files, deps }: Registration, signal: AbortSignal): Promise<void> {
  const { totalBytes } = await files.space(options.data);
  const request = {
    name: identity.name, incarnation: identity.incarnation, url: options.advertise, zone: options.zone,
    host: options.host ?? hostname(), capacityBytes: options.capacityBytes ?? totalBytes,
  };
  for (;;) {
    try {
      const { cluster, seeder, index } = await trackers.register(request, signal);
      await identity.join(cluster, seeder.id);
      deps.log.info('seeder.registered', { seeder: seeder.id, name: seeder.name, url: seeder.url, zone: seeder.zone, index });
      return;
    } catch (error) {
      const curable = isOffshoreError(error) && (error.row.retry !== 'never' || error.code === 'outcome-unknown' || error.code === 'no-tracker');
      if (signal.aborted || !curable) throw error;
      deps.log.warn('tracker.unreachable', { url: options.trackers.join(','), ...errorFields(error) });
      await sleep(limits.heartbeatMs, deps.clock, signal);
    }
  }
}

/** A clean stop announces maintenance. Not being heard is no reason not to stop. */
async function signOut(trackers: Trackers, identity: SeederIdentity, deps: RoleDeps): Promise<void> {
  if (identity.membership().kind === 'new') return;
  const patience = new AbortController();
  const cancel = deps.clock.schedule(limits.signOutMsMax, () => patience.abort(new OffshoreError('timeout')));
  try {
    await trackers.signOut({ seeder: identity.id(), incarnation: identity.incarnation }, patience.signal);
  } catch (error) {
    deps.log.warn('tracker.unreachable', errorFields(error));
  } finally {
    cancel();
  }
}

function storeHealth(station: Station | undefined): Health {
  if (station === undefined) return healthy;
  return station.store.condition() === 'closed' ? unhealthy('the store is closed after a disk error') : healthy;
}

function feedHealth(station: Station | undefined): Health {
  return station?.isFollowing() === true ? healthy : unhealthy('not registered yet, or the feed was not followed yet');
}
