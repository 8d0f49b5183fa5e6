// One look at a node's /readyz: ready, up but not ready (and why), or no answer.

import { within } from '../../async/deadline.ts';
import type { Clock } from '../../base/clock.ts';
import { isOffshoreError, messageOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseJson } from '../../protocol/problem.ts';
import { pathTo } from '../../protocol/routes.ts';
import type { Answer, Send } from '../../protocol/send.ts';

export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'not-ready'; readonly reason: string }
  | { readonly kind: 'silent'; readonly reason: string };

/** Throws only when `signal` aborts. */
export async function probeNode(url: string, deps: { readonly send: Send; readonly clock: Clock }, signal: AbortSignal): Promise<Readiness> {
  try {
    const answer = await within(signal, limits.nodeProbeMsMax, deps.clock, (inner) => deps.send({ to: url, method: 'GET', path: pathTo('readyz'), headers: {}, body: [] }, inner));
    return answer.status === 200 ? { kind: 'ready' } : { kind: 'not-ready', reason: reasonOf(answer) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: 'silent', reason: isOffshoreError(error) ? `${error.message} (${String(error.details['reason'] ?? error.code)})` : messageOf(error) };
  }
}

/** The failed checks of a health report (observe/health), or the status when it is none. */
function reasonOf(answer: Answer): string {
  const body = parseJson(answer);
  if (typeof body !== 'object' || body === null || !('checks' in body) || typeof body.checks !== 'object' || body.checks === null) return `answers ${answer.status}`;
  const failed = Object.entries(body.checks).filter(([, result]) => result !== 'ok').map(([name, result]) => `${name}: ${String(result)}`);
  return failed.length === 0 ? `answers ${answer.status}` : failed.join('; ');
}
