// `offshore health`: asks one node whether it is ready, for health checks of containers and for scripts that wait.
// It runs every few seconds beside each node, so it loads neither a role nor the shell.

import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { parseBaseUrl } from '../../config/core/address.ts';
import type { OptionTable } from '../../config/core/option-table.ts';
import { readTable, splitArguments, unknownFlags, type OptionProblem } from '../../config/core/parse.ts';
import { parseMillis } from '../../base/units.ts';
import { httpSend } from '../../platform/http-send.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { onStopSignals } from '../../platform/process-signals.ts';
import type { Send } from '../../protocol/send.ts';
import { probeNode, type Readiness } from '../local-cluster/probe-node.ts';

const exitReady = 0;
const exitUsage = 2;
/** Repeating may help. */
const exitNotReady = 5;
const exitInterrupted = 130;

const help = `offshore health: is a node ready to serve?

Usage:
  offshore health [--url URL] [--timeout TIME]

Options:
  --url URL       base URL of the node (default: http://127.0.0.1:7000)
  --timeout TIME  how long to wait until it is ready (default: 0s, one look)

Prints "ok" and exits 0, or says why not and exits ${exitNotReady}.

Examples:
  offshore health --url http://127.0.0.1:7001
  offshore health --url http://10.0.0.1:7101 --timeout 30s && echo serving
`;

const table = {
  url: {
    value: 'URL', about: 'base URL of the node', need: { kind: 'default', text: 'http://127.0.0.1:7000' },
    parse: (text: string) => orProblem(parseBaseUrl(text), 'is a base URL, such as http://127.0.0.1:7001'),
  },
  timeout: {
    value: 'TIME', about: 'how long to wait until it is ready', need: { kind: 'default', text: '0s' },
    parse: (text: string) => orProblem(parseMillis(text), 'is a duration such as 30s'),
  },
} as const satisfies OptionTable;

function orProblem<Value>(value: Value | undefined, problem: string): { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string } {
  return value === undefined ? { ok: false, problem } : { ok: true, value };
}

/** `argv` after `health`; resolves with the exit code. */
export async function runHealthProbe(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) return tell(process.stdout, help, exitReady);
  const given = splitArguments(argv, new Set());
  const { values: { url, timeout }, problems } = readTable(table, given, {});
  const wrong = [...problems, ...unknownFlags(given, new Set(Object.keys(table))), ...given.words.map((word) => ({ option: `"${word}"`, problem: 'is not expected' }))];
  if (wrong.length > 0 || url === undefined || timeout === undefined) return refuse(wrong);
  const stop = new AbortController();
  const off = onStopSignals({ first: () => stop.abort(), again: () => process.exit(exitInterrupted) });
  const send = httpSend({}, { clock: nodeClock });
  try {
    const found = await waitUntilReady({ url, timeoutMs: timeout }, { send, clock: nodeClock }, stop.signal);
    return found.kind === 'ready' ? tell(process.stdout, 'ok\n', exitReady) : tell(process.stderr, `offshore: health: ${url} is not ready: ${found.reason}\n`, exitNotReady);
  } catch (error) {
    if (stop.signal.aborted) return exitInterrupted;
    throw error;
  } finally {
    send.close();
    off();
  }
}

/** What was seen last. Looks at least once, whatever the time-out. */
export async function waitUntilReady(
  { url, timeoutMs }: { readonly url: string; readonly timeoutMs: number }, deps: { readonly send: Send; readonly clock: Clock }, signal: AbortSignal,
): Promise<Readiness> {
  const dueMs = deps.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const found = await probeNode(url, deps, signal);
    if (found.kind === 'ready' || deps.clock.monotonicMs() + limits.nodePollMs > dueMs) return found;
    await sleep(limits.nodePollMs, deps.clock, signal);
  }
}

function refuse(problems: readonly OptionProblem[]): number {
  const lines = problems.map(({ option, problem }) => `offshore: health: ${option} ${problem}\n`);
  return tell(process.stderr, `${lines.join('')}Try 'offshore health --help'.\n`, exitUsage);
}

function tell(stream: NodeJS.WriteStream, text: string, code: number): number {
  stream.write(text);
  return code;
}
