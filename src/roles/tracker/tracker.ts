// The story of a tracker: who it is, its HTTP server, its seat in the Raft group, what it does when it leads, and how it stops.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { healthy, unhealthy, type Health } from '../../observe/health.ts';
import type { TrackerOptions } from '../../config/core/role-options.ts';
import { startHttpServer } from '../../platform/http-server.ts';
import { Lifecycle } from '../../platform/lifecycle.ts';
import { nodeFileIo } from '../../platform/node-file-io.ts';
import { drawIncarnation, sha256Of } from '../../platform/node-crypto.ts';
import { nodeRaftDial, RaftStreamServer } from '../../platform/raft-stream.ts';
import { RaftNode } from '../../raft/driver/raft-node.ts';
import { checkedOpen } from '../../storage/kv/check-level-files.ts';
import { openLevelKv } from '../../storage/kv/kv-level.ts';
import { MetaFolders } from '../../storage/meta/folders.ts';
import { createApi } from '../http/api.ts';
import { mountNodeRoutes } from '../http/node-routes.ts';
import type { RoleDeps, RunningRole } from '../role.ts';
import { mountBatchApi } from './api/batch.ts';
import { mountLayoutApi } from './api/layout.ts';
import { mountNamespaceApi } from './api/namespace.ts';
import { mountRaftApi } from './api/raft.ts';
import { mountSeederApi } from './api/seeders.ts';
import { mountStatusApi } from './api/status.ts';
import { runDuty, type Duty } from './duties/duty.ts';
import { Expiry } from './duties/expire.ts';
import { Founder } from './duties/found.ts';
import { Liveness } from './duties/liveness.ts';
import { Rebalancer } from './duties/rebalance.ts';
import { Settler } from './duties/settle.ts';
import { HealthMemo } from './health-memo.ts';
import { LayoutMemo } from './layout-memo.ts';
import { Proposer } from './proposer.ts';
import { raftObserver } from './raft-observer.ts';
import { Roster } from './roster.ts';
import { keepComparing } from './state-comparison.ts';
import type { TrackerRaft } from './tracker-raft.ts';

export async function runTracker(options: TrackerOptions, deps: RoleDeps): Promise<RunningRole> {
  const { clock, log, metrics } = deps;
  const lifecycle = new Lifecycle({ clock });
  const stopping = new AbortController();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  // 1. The seat: identity is drawn and durable before anybody can ask for it.
  const files = nodeFileIo();
  await files.makeFolder(options.data);
  const openKv = checkedOpen(openLevelKv, files);
  const raft: TrackerRaft = await RaftNode.open({ name: options.id, url: options.advertise, initial: options.peers, folder: options.data }, {
    clock, rng: deps.rng, drawIncarnation, sha256: (bytes) => sha256Of([bytes]), defer: setImmediate, files,
    openKv, states: new MetaFolders({ parent: `${options.data}/states`, group: 1, cacheBytes: limits.stateCacheBytes }, { open: openKv, io: files, sha256: sha256Of, clock }), send: deps.send, dial: nodeRaftDial({ clock }),
    observe: raftObserver(log, metrics),
  });
  raft.failed.then((error) => fail(toError(error)), () => undefined);

  // 2. What it knows and does when it leads.
  const roster = new Roster({ clock });
  const proposer = new Proposer({ raft, clock });
  const layouts = new LayoutMemo();
  const rebalancer = new Rebalancer({ raft, proposer, layouts, clock, log });
  const duties: readonly Duty[] = [
    new Founder({ raft, proposer }), new Liveness({ raft, proposer, roster, clock, log }), rebalancer, new Settler({ raft, proposer, roster, layouts }), new Expiry({ raft, proposer }),
  ];

  // 3. HTTP: trackers, seeders and clients all come to the same port.
  const app = createApi({ log, clock, metrics, cluster: () => raft.status().cluster, onBug: fail });
  mountNodeRoutes(app, {
    name: options.id, role: 'tracker', program: deps.program, metrics, measure: () => measure(raft, deps),
    live: [{ name: 'raft', check: () => raftHealth(raft) }], ready: [{ name: 'leader', check: () => leaderHealth(raft) }],
  });
  mountRaftApi(app, { raft });
  mountNamespaceApi(app, { raft });
  mountBatchApi(app, { raft, proposer });
  mountLayoutApi(app, { raft, rebalancer, layouts });
  mountSeederApi(app, { raft, proposer, roster });
  mountStatusApi(app, { raft, roster, layouts, health: new HealthMemo({ clock }), send: deps.send, clock });
  const streams = new RaftStreamServer(raft.streamOwner, { clock });
  const server = await startHttpServer({ ...options.listen, app, onUpgrade: (request, socket, head) => {
      if (!streams.handleUpgrade(request, socket, head)) socket.destroy();
    },
  }, { clock });
  lifecycle.own('http', server, (each) => each.close());
  log.info('role.listening', { role: 'tracker', url: server.url });

  // 4. Raft runs until it is stopped: work is drained and leadership handed over while peers and clients still reach it.
  lifecycle.own('raft', raft, (each) => each.stop());
  const startMs = clock.monotonicMs();
  const started = raft.start(stopping.signal);
  started.catch((error: unknown) => {
    if (!stopping.signal.aborted) fail(toError(error));
  });
  const dutyDeps = { leadership: () => raft.leadership(), clock, log };
  const running = started.then(() => Promise.all([
    ...duties.map((duty) => runDuty(duty, dutyDeps, stopping.signal)),
    keepComparing({ raft, send: deps.send, clock, log, onWrong: fail }, stopping.signal),
  ]), () => undefined);
  running.catch((error: unknown) => fail(toError(error)));
  lifecycle.own('duties', running, async (each) => {
    stopping.abort(new OffshoreError('stopping'));
    await each;
  });

  const ready = started.then(() => raft.readBarrier(stopping.signal)).then(
    () => log.info('role.ready', { role: 'tracker', ms: Math.round(clock.monotonicMs() - startMs) }),
    // Stopped or failed before it was ready: `failed` tells which.
    () => undefined,
  );
  return {
    name: options.id, url: options.advertise, ready, failed,
    stop: async () => {
      const failures = await lifecycle.stop();
      for (const each of failures) log.error('process.stop-failed', { resource: each.resource, error: each.reason });
    },
  };
}

function raftHealth(raft: TrackerRaft): Health {
  const { phase, disk } = raft.status();
  if (phase === 'failed' || phase === 'stopped') return unhealthy(`raft is ${phase}`);
  return disk === 'critical' ? unhealthy('no space for appends') : healthy;
}

function leaderHealth(raft: TrackerRaft): Health {
  const { phase, leader } = raft.status();
  if (phase !== 'running') return unhealthy(`raft is ${phase}`);
  return leader === undefined ? unhealthy('no leader is known') : healthy;
}

function measure(raft: TrackerRaft, deps: RoleDeps): void {
  const status = raft.status();
  deps.metrics.set('offshore_ready', { role: 'tracker' }, leaderHealth(raft).ok ? 1 : 0);
  deps.metrics.set('offshore_raft_term', {}, status.term);
  deps.metrics.set('offshore_raft_leader', {}, raft.isLeader() ? 1 : 0);
  deps.metrics.set('offshore_raft_commit_index', {}, status.commit);
  deps.metrics.set('offshore_raft_applied_index', {}, status.applied);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
