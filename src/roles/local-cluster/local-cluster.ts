// A cluster of processes on this machine: brings nodes up, ends them, says how they are. `cluster.json` is its only memory.
// It changes nothing outside its folder, and signals no process that it cannot prove to be one of its nodes.

import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { NodeName } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { processOf, readClusterFile, withClusterLock, writeClusterFile, type ClusterFile, type ClusterNode } from './cluster-file.ts';
import { isPortFree, logTail, signalProcess, startProcess, waitForEnd } from './node-process.ts';
import { probeNode, type Readiness } from './probe-node.ts';
import { argumentsOf, planNodes, settleShape, type ClusterShape } from './plan.ts';
import type { Send } from '../../protocol/send.ts';

export interface LocalClusterDeps {
  readonly clock: Clock;
  readonly send: Send;
  /** node and the program's file. */
  readonly program: readonly string[];
  /** One line of progress for a person. */
  readonly say: (line: string) => void;
}

export interface NodeState {
  readonly name: NodeName;
  readonly role: ClusterNode['role'];
  readonly url: string;
  readonly data: string;
  readonly log: string;
  readonly pid?: number;
  /** `running`: the process is there and not ready yet; `reason` says why as far as it does. */
  readonly state: 'ready' | 'running' | 'stopped';
  readonly reason?: string;
}

export interface BroughtUp {
  readonly file: ClusterFile;
  /** Nodes that did not run before. */
  readonly started: readonly NodeName[];
}

export class LocalCluster {
  readonly #dir: string;
  readonly #deps: LocalClusterDeps;

  constructor(dir: string, deps: LocalClusterDeps) {
    this.#dir = dir;
    this.#deps = deps;
  }

  /** Starts what does not run and waits until every node is ready. On failure or abort, what it started is stopped again. */
  async up(asked: Partial<ClusterShape>, timeoutMs: number, signal: AbortSignal): Promise<BroughtUp> {
    const started: NodeName[] = [];
    try {
      const file = await this.#locked(signal, async () => {
        const existing = readClusterFile(this.#dir);
        const shape = settleShape(existing, asked);
        const nodes = planNodes(shape, this.#dir).map((node) => existing?.nodes.find((each) => each.name === node.name) ?? node);
        const trackerUrls = nodes.filter((node) => node.role === 'tracker').map((node) => node.url);
        return this.#startAll({ version: 1, dir: this.#dir, ...shape, trackerUrls, nodes }, nodes.map((node) => node.name), started);
      });
      await this.#waitUntilReady(file.nodes, timeoutMs, signal);
      return { file, started };
    } catch (error) {
      if (started.length > 0) {
        this.#deps.say('stopping what was started');
        await this.end(started, 'SIGTERM', new AbortController().signal);
      }
      throw error;
    }
  }

  /** Starts these nodes again and waits until they answer at all: a tracker alone cannot become ready. */
  async start(names: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<readonly NodeState[]> {
    const nodes = this.#named(names);
    const started: NodeName[] = [];
    const file = await this.#locked(signal, () => this.#startAll(this.#mustRead(), nodes.map((node) => node.name), started));
    const deadline = this.#deps.clock.monotonicMs() + timeoutMs;
    for (const node of file.nodes.filter(({ name }) => nodes.some((each) => each.name === name))) {
      for (let seen = await this.#look(node, signal); seen.kind === 'silent'; seen = await this.#look(node, signal)) {
        if (this.#deps.clock.monotonicMs() > deadline) throw new OffshoreError('timeout', { node: node.name }, { message: `${node.name} does not answer after ${timeoutMs} ms: ${seen.reason}` });
        await sleep(limits.nodePollMs, this.#deps.clock, signal);
      }
    }
    return this.#statesOf(names, signal);
  }

  /** Seeders first, so that they can sign out. A node that does not end by SIGTERM in time is killed, and said so. */
  async end(names: readonly string[], how: 'SIGTERM' | 'SIGKILL', signal: AbortSignal): Promise<{ readonly killed: readonly NodeName[] }> {
    const killed: NodeName[] = [];
    const nodes = this.#named(names);
    for (const role of ['seeder', 'tracker'] as const) {
      const group = nodes.filter((node) => node.role === role);
      await Promise.all(group.map(async (node) => {
        if (await this.#endOne(node, how, signal)) killed.push(node.name);
      }));
    }
    await this.#locked(signal, async () => {
      const file = this.#mustRead();
      writeClusterFile({ ...file, nodes: file.nodes.map((node) => (processOf(node) === undefined ? withoutProcess(node) : node)) });
    });
    return { killed };
  }

  async status(signal: AbortSignal): Promise<readonly NodeState[]> {
    return this.#statesOf(this.names(), signal);
  }

  names(): readonly NodeName[] {
    return this.#mustRead().nodes.map((node) => node.name);
  }

  #locked<T>(signal: AbortSignal, change: () => Promise<T>): Promise<T> {
    return withClusterLock(this.#dir, this.#deps.clock, signal, change);
  }

  #mustRead(): ClusterFile {
    const file = readClusterFile(this.#dir);
    if (file === undefined) throw new OffshoreError('not-found', { dir: this.#dir }, { message: `no cluster in ${this.#dir}; start one with "offshore cluster up"` });
    return file;
  }

  #named(names: readonly string[]): readonly ClusterNode[] {
    const { nodes } = this.#mustRead();
    return names.map((name) => {
      const node = nodes.find((each) => each.name === name);
      if (node === undefined) throw new OffshoreError('not-found', { node: name }, { message: `no node "${name}"; there are ${nodes.map((each) => each.name).join(', ')}` });
      return node;
    });
  }

  /** Starts those of `names` that do not run, noting each in the file at once, so that no process is ever unknown. */
  async #startAll(file: ClusterFile, names: readonly NodeName[], started: NodeName[]): Promise<ClusterFile> {
    const wanted = file.nodes.filter((node) => names.includes(node.name) && processOf(node) === undefined);
    for (const node of wanted) {
      if (!(await isPortFree(node.port))) {
        throw new OffshoreError('bad-option', { node: node.name, port: node.port }, { message: `port ${node.port}, which ${node.name} needs, is taken by another program; stop it, or use another --base-port and --dir` });
      }
    }
    let current = file;
    writeClusterFile(current);
    for (const node of wanted) {
      const { pid, startTime } = await startProcess({ program: this.#deps.program, args: argumentsOf(node, file.nodes), log: node.log });
      started.push(node.name);
      current = { ...current, nodes: current.nodes.map((each) => (each.name === node.name ? { ...each, pid, startTime } : each)) };
      writeClusterFile(current);
    }
    if (wanted.length > 0) this.#deps.say(`started ${wanted.map((node) => node.name).join(', ')}`);
    return current;
  }

  async #waitUntilReady(nodes: readonly ClusterNode[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadline = this.#deps.clock.monotonicMs() + timeoutMs;
    await Promise.all(nodes.map(async (node) => {
      for (let seen = await this.#look(node, signal); seen.kind !== 'ready'; seen = await this.#look(node, signal)) {
        if (this.#deps.clock.monotonicMs() > deadline) throw new OffshoreError('timeout', { node: node.name }, { message: `${node.name} is not ready after ${Math.round(timeoutMs / 1000)} s: ${seen.reason}${tailOf(node)}` });
        await sleep(limits.nodePollMs, this.#deps.clock, signal);
      }
      this.#deps.say(`${node.name} is ready at ${node.url}`);
    }));
  }

  /** Throws when the node's process has ended. */
  async #look(node: ClusterNode, signal: AbortSignal): Promise<Readiness> {
    const readiness = await probeNode(node.url, this.#deps, signal);
    if (processOf(node) === undefined) throw new OffshoreError('unreachable', { node: node.name }, { message: `${node.name} ended${tailOf(node)}` });
    return readiness;
  }

  async #endOne(node: ClusterNode, how: 'SIGTERM' | 'SIGKILL', signal: AbortSignal): Promise<boolean> {
    const process = processOf(node);
    if (process === undefined) return false;
    signalProcess(process, how);
    const ended = await waitForEnd(process, limits.nodeStopMsMax, this.#deps.clock, signal);
    if (!ended) {
      signalProcess(process, 'SIGKILL');
      await waitForEnd(process, limits.nodeStopMsMax, this.#deps.clock, signal);
    }
    this.#deps.say(`${node.name} ${how === 'SIGKILL' ? 'was killed' : ended ? 'stopped' : `did not stop within ${limits.nodeStopMsMax / 1000} s and was killed`}`);
    return !ended;
  }

  #statesOf(names: readonly string[], signal: AbortSignal): Promise<readonly NodeState[]> {
    return Promise.all(this.#named(names).map(async (node): Promise<NodeState> => {
      const common = { name: node.name, role: node.role, url: node.url, data: node.data, log: node.log };
      const process = processOf(node);
      if (process === undefined) return { ...common, state: 'stopped' };
      const seen = await probeNode(node.url, this.#deps, signal);
      return seen.kind === 'ready' ? { ...common, pid: process.pid, state: 'ready' } : { ...common, pid: process.pid, state: 'running', reason: seen.reason };
    }));
  }
}

function withoutProcess(node: ClusterNode): ClusterNode {
  const { pid: _, startTime: __, ...rest } = node;
  return rest;
}

function tailOf(node: ClusterNode): string {
  const tail = logTail(node.log, 5);
  return `; see ${node.log}${tail === '' ? '' : `\n${tail}`}`;
}
