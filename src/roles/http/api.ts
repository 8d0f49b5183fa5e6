// The Hono app of a role: the frame around every request. Cluster and protocol checks, common headers, errors as problems, metrics.
// No error of a handler ends the process; a failed assertion does, after it was answered and logged.

import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { AssertionError } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { ClusterId } from '../../base/ids.ts';
import { errorFields, type Logger } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { headerNames, protocolVersion } from '../../protocol/headers.ts';
import { toProblemAnswer } from '../../protocol/problem.ts';
import { BodyBudget, BodyPool } from './body-budget.ts';
import { answer, frameKey, socketOf, type Frame } from './exchange.ts';

export interface ApiDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Undefined until this node knows its cluster; from then on requests that name another one are refused. */
  readonly cluster: () => ClusterId | undefined;
  /** A failed assertion: the process must end, non-zero. */
  readonly onBug: (error: AssertionError) => void;
}

/** An app without routes; `mount` of exchange.ts adds them. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  app.use(frameRequests(deps, new BodyPool()));
  app.notFound((c) => problemAnswer(c, unrouted(app, c), deps));
  app.onError((error, c) => problemAnswer(c, error, deps));
  return app;
}

function frameRequests(deps: ApiDeps, bodies: BodyPool): MiddlewareHandler {
  return async (c, next) => {
    const startMs = deps.clock.monotonicMs();
    const cluster = deps.cluster();
    const common = { [headerNames.protocol]: String(protocolVersion), ...(cluster === undefined ? {} : { [headerNames.cluster]: cluster }) };
    const frame: Frame = { common, budget: new BodyBudget(bodies), route: undefined };
    c.set(frameKey, frame);
    checkHeaders(c, cluster);
    // A handler's error does not come back through here: Hono turns it into an answer by `onError`.
    await next();
    frame.budget.release();
    const route = frame.route ?? 'none';
    deps.metrics.count('offshore_requests_total', { route, status: socketOf(c).outgoing?.statusCode ?? c.res.status });
    deps.metrics.observe('offshore_request_seconds', { route }, (deps.clock.monotonicMs() - startMs) / 1000);
    deps.metrics.set('offshore_request_body_bytes_in_flight', {}, bodies.bytesInFlight);
  };
}

/** Throws `wrong-cluster` or `version-unsupported`. A peer that does not know its cluster yet sends no header. */
function checkHeaders(c: Context, cluster: ClusterId | undefined): void {
  const named = c.req.header(headerNames.cluster);
  if (named !== undefined && cluster !== undefined && named !== cluster) throw new OffshoreError('wrong-cluster', { cluster, named });
  const protocol = c.req.header(headerNames.protocol);
  if (protocol !== undefined && protocol !== String(protocolVersion)) throw new OffshoreError('version-unsupported', { supported: protocolVersion, named: protocol });
}

/** `method-not-allowed` where the path is served with another method. */
function unrouted(app: Hono, c: Context): OffshoreError {
  const { method, path } = c.req;
  const allowed = new Set(app.routes.filter((route) => route.method !== 'ALL' && matches(route.path, path)).map((route) => route.method));
  return allowed.size === 0 ? new OffshoreError('no-such-route', { method, path }) : new OffshoreError('method-not-allowed', { method, path, allowed: [...allowed] });
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const actual = path.split('/');
  return wanted.length === actual.length && wanted.every((segment, i) => segment.startsWith(':') || segment === actual[i]);
}

/** Any error as a problem. What no code stands for is `internal` to the peer and logged here with its stack. */
async function problemAnswer(c: Context, error: unknown, deps: ApiDeps): Promise<Response> {
  if (isOffshoreError(error)) return answer(c, toProblemAnswer(error));
  const response = await answer(c, toProblemAnswer(new OffshoreError('internal')));
  if (error instanceof AssertionError) {
    deps.log.error('bug', errorFields(error));
    deps.onBug(error);
  } else {
    deps.log.error('request.failed', { method: c.req.method, path: c.req.path, ...errorFields(error) });
  }
  return response;
}
