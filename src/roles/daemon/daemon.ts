// A process with one or more roles: starts them, waits for a signal or a failure, stops everything in order, says how it ended.
// The only place that decides the exit code of a daemon.

import { within } from '../../async/deadline.ts';
import { AssertionError, unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { isOffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ProcessOptions, RoleOptions } from '../../config/core/role-options.ts';
import { errorFields, openLog, type Logger } from '../../observe/log.ts';
import { openMetrics } from '../../observe/metrics.ts';
import { httpSend } from '../../platform/http-send.ts';
import { Lifecycle } from '../../platform/lifecycle.ts';
import { stderrSink } from '../../platform/log-sink.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { nodeRng } from '../../platform/node-rng.ts';
import { onStopSignals } from '../../platform/process-signals.ts';
import { program } from '../program.ts';
import type { RoleDeps, RunningRole } from '../role.ts';

const exitOk = 0;
const exitFailed = 1;
/** 128 + SIGTERM, as shells count it: a second signal did not wait for a clean stop. */
const exitInsisted = 143;

type End = { readonly kind: 'signal'; readonly signal: string } | { readonly kind: 'failed'; readonly role: string; readonly error: unknown };

/** Runs until it is over; resolves with the exit code. */
export async function runDaemon(options: ProcessOptions): Promise<number> {
  const clock = nodeClock;
  const startMs = clock.monotonicMs();
  const node = options.roles.map(({ options: { id } }) => id).join(',');
  const sink = stderrSink();
  const log = openLog({ node, level: options.logLevel }, { sink, clock });
  const lifecycle = new Lifecycle({ clock }, limits.roleStopMsMax);
  const ended = new Promise<End>((resolve) => {
    onStopSignals({ first: (signal) => resolve({ kind: 'signal', signal }), again: () => process.exit(exitInsisted) });
    onUncaught((error) => resolve({ kind: 'failed', role: 'process', error }), log);
  });
  log.info('process.started', { roles: options.roles.map(({ role }) => role), version: program.version, revision: program.revision, pid: process.pid });

  const send = lifecycle.own('send', httpSend({}, { clock }), (each) => each.close());
  const metrics = await openMetrics();
  const depsOf = (id: string): RoleDeps => ({ log: openLog({ node: id, level: options.logLevel }, { sink, clock }), clock, rng: nodeRng(), metrics, send, program });
  const end = await Promise.race([ended, startRoles(options.roles, { depsOf, lifecycle, clock })]);
  return finish(end, { lifecycle, log, clock, startMs });
}

interface Running {
  readonly depsOf: (id: string) => RoleDeps;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
}

/** Starts all roles and resolves only when one of them fails, at the start or later. */
async function startRoles(roles: readonly RoleOptions[], { depsOf, lifecycle, clock }: Running): Promise<End> {
  const failures: Promise<End>[] = [];
  for (const each of roles) {
    const { role, options: { id } } = each;
    const deps = depsOf(id);
    try {
      const running = lifecycle.own(id, await startRole(each, deps), async (it) => {
        await within(new AbortController().signal, limits.drainMsMax, clock, (signal) => it.stop(signal));
        deps.log.info('role.stopped', { role });
      });
      failures.push(running.failed.then((error): End => ({ kind: 'failed', role, error })));
    } catch (error) {
      return { kind: 'failed', role, error };
    }
  }
  return Promise.race(failures);
}

/** Only the code of the roles asked for is loaded. */
async function startRole(each: RoleOptions, deps: RoleDeps): Promise<RunningRole> {
  switch (each.role) {
    case 'tracker': return (await import('../tracker/tracker.ts')).runTracker(each.options, deps);
    case 'seeder': return (await import('../seeder/seeder.ts')).runSeeder(each.options, deps);
    default: return unreachable(each);
  }
}

interface Finishing {
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly clock: Clock;
  readonly startMs: number;
}

async function finish(end: End, { lifecycle, log, clock, startMs }: Finishing): Promise<number> {
  if (end.kind === 'failed') log.error('role.failed', { role: end.role, ...errorFields(end.error) });
  // A broken invariant may have damaged what is in memory: nothing more is written, not even to stop cleanly.
  if (end.kind === 'failed' && end.error instanceof AssertionError) return exitFailed;
  log.info('process.stopping', end.kind === 'signal' ? { signal: end.signal } : { reason: 'a role failed' });
  const failures = await lifecycle.stop();
  for (const failure of failures) log.error('process.stop-failed', { resource: failure.resource, error: failure.reason });
  log.info('process.stopped', { ms: Math.round(clock.monotonicMs() - startMs) });
  if (end.kind === 'failed') return isOffshoreError(end.error) && end.error.row.exit > 0 ? end.error.row.exit : exitFailed;
  return failures.length === 0 ? exitOk : exitFailed;
}

/** Errors that nobody caught: bugs. They are logged like a failed role instead of as a bare stack. */
function onUncaught(fail: (error: unknown) => void, log: Logger): void {
  const report = (error: unknown): void => {
    log.error('bug', errorFields(error));
    fail(error instanceof AssertionError ? error : new AssertionError(`uncaught: ${error instanceof Error ? error.message : String(error)}`));
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}
