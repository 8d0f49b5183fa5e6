// `offshore cluster …`: reads its arguments, runs one verb, prints what came of it, answers the exit status.
// Progress and errors go to standard error, results to standard output.

import { resolve } from 'node:path';
import { unreachable } from '../../base/assert.ts';
import { isOffshoreError, messageOf } from '../../base/errors.ts';
import { clusterTable } from '../../config/core/option-table.ts';
import { readTable, splitArguments, switchesOf, unknownFlags, type OptionProblem, type ValuesOf } from '../../config/core/parse.ts';
import { httpSend } from '../../platform/http-send.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { onStopSignals } from '../../platform/process-signals.ts';
import { sleep } from '../../async/sleep.ts';
import { limits } from '../../base/limits.ts';
import { LocalCluster, type BroughtUp, type NodeState } from './local-cluster.ts';
import type { ClusterShape } from './plan.ts';

const verbs = ['up', 'down', 'status', 'kill', 'stop', 'start'] as const;
type Verb = (typeof verbs)[number];
type Values = ValuesOf<typeof clusterTable>;

const exitUsage = 2;
const exitInterrupted = 130;

/** `argv` after `cluster`. */
export async function runCluster(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if (!read.ok) {
    for (const { option, problem } of read.problems) process.stderr.write(`offshore: cluster: ${option} ${problem}\n`);
    process.stderr.write("Try 'offshore cluster --help'.\n");
    return exitUsage;
  }
  const interrupt = new AbortController();
  const off = onStopSignals({ first: () => interrupt.abort(), again: () => process.exit(exitInterrupted) });
  const send = httpSend({}, { clock: nodeClock });
  const cluster = new LocalCluster(resolve(read.values.dir), {
    clock: nodeClock, send, program: programOf(), say: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    return await runVerb(read, cluster, interrupt.signal);
  } catch (error) {
    process.stderr.write(`offshore: cluster ${read.verb}: ${messageOf(error)}\n`);
    return interrupt.signal.aborted ? exitInterrupted : isOffshoreError(error) ? error.row.exit : 1;
  } finally {
    send.close();
    off();
  }
}

interface Request {
  readonly verb: Verb;
  readonly nodes: readonly string[];
  readonly values: Values;
}

type ReadArguments = ({ readonly ok: true } & Request) | { readonly ok: false; readonly problems: readonly OptionProblem[] };

function readArguments(argv: readonly string[]): ReadArguments {
  const given = splitArguments(argv, switchesOf([clusterTable]));
  const [word = '', ...nodes] = given.words;
  const verb = verbs.find((each) => each === word);
  const { values, problems } = readTable(clusterTable, given, clusterEnv(), 'cluster-');
  const all = [...problems, ...unknownFlags(given, new Set(Object.keys(clusterTable)))];
  if (verb === undefined) all.push({ option: `"${word}"`, problem: `is none of ${verbs.join(', ')}` });
  else if (takesNodes(verb) ? nodes.length === 0 : nodes.length > 0) all.push({ option: verb, problem: takesNodes(verb) ? 'needs the name of a node, such as tracker-1' : `takes no names, not "${nodes.join(' ')}"` });
  if (all.length > 0 || verb === undefined) return { ok: false, problems: all };
  return { ok: true, verb, nodes, values: values as Values };
}

/** OFFSHORE_TRACKERS means URLs to a role and would mean a number here: the cluster's variables are OFFSHORE_CLUSTER_… only. */
function clusterEnv(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('OFFSHORE_CLUSTER_')));
}

function takesNodes(verb: Verb): boolean {
  return verb === 'kill' || verb === 'stop' || verb === 'start';
}

/** How to start this program again: a node process with our file, or a single executable. */
function programOf(): readonly string[] {
  const file = process.argv[1];
  return file === undefined ? [process.execPath] : [process.execPath, file];
}

async function runVerb({ verb, nodes, values }: Request, cluster: LocalCluster, signal: AbortSignal): Promise<number> {
  switch (verb) {
    case 'up': return up(values, cluster, signal);
    case 'down': return ended(await cluster.end(cluster.names(), 'SIGTERM', signal));
    case 'stop': return ended(await cluster.end(nodes, 'SIGTERM', signal));
    case 'kill': await cluster.end(nodes, 'SIGKILL', signal); return 0;
    case 'start': printStates(await cluster.start(nodes, values.timeout, signal), values); return 0;
    case 'status': return printStates(await cluster.status(signal), values);
    default: return unreachable(verb);
  }
}

async function up(values: Values, cluster: LocalCluster, signal: AbortSignal): Promise<number> {
  const asked: Partial<ClusterShape> = {
    ...(values['base-port'] === undefined ? {} : { basePort: values['base-port'] }),
    ...(values.trackers === undefined ? {} : { trackers: values.trackers }),
    ...(values.seeders === undefined ? {} : { seeders: values.seeders }),
  };
  const brought = await cluster.up(asked, values.timeout, signal);
  printUp(brought, values);
  return values.detach ? 0 : stayUntilInterrupted(brought, cluster, signal);
}

/** In the foreground: reports nodes that end, and stops what this command started when it is told to stop. */
async function stayUntilInterrupted(brought: BroughtUp, cluster: LocalCluster, signal: AbortSignal): Promise<number> {
  process.stderr.write('running; Ctrl-C stops the cluster\n');
  const running = new Set<string>(brought.file.nodes.map((node) => node.name));
  while (!signal.aborted) {
    for (const { name, state, log } of await cluster.status(signal).catch(() => [])) {
      if (state === 'stopped' && running.delete(name)) process.stderr.write(`${name} ended; see ${log}\n`);
      if (state !== 'stopped') running.add(name);
    }
    await sleep(limits.nodeWatchMs, nodeClock, signal).catch(() => {});
  }
  return ended(await cluster.end(brought.started, 'SIGTERM', new AbortController().signal));
}

function ended({ killed }: { readonly killed: readonly string[] }): number {
  return killed.length === 0 ? 0 : 1;
}

function printUp({ file, started }: BroughtUp, values: Values): void {
  const trackers = file.trackerUrls.join(',');
  process.stdout.write(values.json ? `${JSON.stringify({ type: 'up', dir: file.dir, trackers: file.trackerUrls, started })}\n` : `OFFSHORE_TRACKER=${trackers}\n`);
}

/** 0 when all are ready, 1 otherwise. */
function printStates(states: readonly NodeState[], values: Values): number {
  if (values.json) for (const state of states) process.stdout.write(`${JSON.stringify({ type: 'node', ...state })}\n`);
  else process.stdout.write(formatStates(states));
  return states.every(({ state }) => state === 'ready') ? 0 : 1;
}

function formatStates(states: readonly NodeState[]): string {
  const rows = [['NODE', 'STATE', 'PID', 'URL', ''], ...states.map((each) => [each.name, each.state, String(each.pid ?? '-'), each.url, each.reason ?? ''])];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}
