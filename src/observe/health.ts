// What /healthz and /readyz answer: named checks, each fine or with a reason. 200 when all are fine, else 503.

export type Health = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface HealthCheck {
  readonly name: string;
  /** Looks at state in memory; never waits. */
  check(): Health;
}

export interface HealthReport {
  readonly status: 200 | 503;
  readonly body: { readonly ok: boolean; readonly checks: Readonly<Record<string, 'ok' | string>> };
}

export const healthy: Health = { ok: true };

export function unhealthy(reason: string): Health {
  return { ok: false, reason };
}

export function reportHealth(checks: readonly HealthCheck[]): HealthReport {
  const results = checks.map(({ name, check }) => ({ name, health: check() }));
  const ok = results.every(({ health }) => health.ok);
  return {
    status: ok ? 200 : 503,
    body: { ok, checks: Object.fromEntries(results.map(({ name, health }) => [name, health.ok ? 'ok' : health.reason])) },
  };
}
