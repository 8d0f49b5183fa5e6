// The routes that every role answers alike: /healthz, /readyz, /metrics, /version.

import type { Context, Hono } from 'hono';
import { encodeUtf8 } from '../../base/utf8.ts';
import { reportHealth, type HealthCheck } from '../../observe/health.ts';
import type { OpenMetrics } from '../../observe/metrics.ts';
import { headerNames, protocolVersion } from '../../protocol/headers.ts';
import type { ProgramVersion } from '../role.ts';
import { answer, answerJson, mount } from './exchange.ts';

export interface NodeRoutesDeps {
  readonly name: string;
  readonly role: string;
  readonly program: ProgramVersion;
  readonly metrics: OpenMetrics;
  /** The process lives and its stores take writes. */
  readonly live: readonly HealthCheck[];
  /** It can serve clients now. */
  readonly ready: readonly HealthCheck[];
  /** Brings gauges up to date before they are read. */
  readonly measure: () => Promise<void> | void;
}

export function mountNodeRoutes(app: Hono, deps: NodeRoutesDeps): void {
  mount(app, 'healthz', (c) => health(c, deps.live, deps));
  mount(app, 'readyz', (c) => health(c, [...deps.live, ...deps.ready], deps));
  mount(app, 'metrics', async (c) => {
      await deps.measure();
      return answer(c, { status: 200, headers: { [headerNames.contentType]: deps.metrics.contentType }, body: [encodeUtf8(await deps.metrics.text())] });
    })
  mount(app, 'version', (c) => answerJson(c, { ...deps.program, protocol: protocolVersion, node: deps.name, role: deps.role }));
}

function health(c: Context, checks: readonly HealthCheck[], deps: NodeRoutesDeps): Promise<Response> {
  const { status, body } = reportHealth(checks);
  return answerJson(c, { node: deps.name, role: deps.role, ...body }, status);
}
