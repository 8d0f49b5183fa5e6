// DIR/cluster.json: what the nodes of a local cluster are and which processes they are now; and the lock of those who change it.

import { mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isAlive, thisProcess, type ProcessRef } from './node-process.ts';
import type { ClusterShape, PlannedNode } from './plan.ts';

export interface ClusterNode extends PlannedNode {
  /** Absent when it was stopped or killed by us; may be stale when it ended by itself. */
  readonly pid?: number;
  readonly startTime?: string;
}

export interface ClusterFile extends ClusterShape {
  readonly version: 1;
  readonly dir: string;
  /** What OFFSHORE_TRACKER is to be. */
  readonly trackerUrls: readonly string[];
  readonly nodes: readonly ClusterNode[];
}

export function clusterFilePath(dir: string): string {
  return `${dir}/cluster.json`;
}

/** Undefined when there is no cluster in the folder. */
export function readClusterFile(dir: string): ClusterFile | undefined {
  const path = clusterFilePath(dir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new OffshoreError('local-io', { path }, { cause: error, message: `cannot read ${path}: ${String(error)}` });
  }
  const value = parse(text);
  if (!isClusterFile(value)) throw new OffshoreError('local-io', { path }, { message: `${path} is not what "offshore cluster" writes; move it away to start anew` });
  // The folder may have been moved or reached by another path since.
  return { ...value, dir, nodes: value.nodes.map((node) => ({ ...node, data: `${dir}/${node.name}`, log: `${dir}/logs/${node.name}.log` })) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isClusterFile(value: unknown): value is ClusterFile {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1 && 'nodes' in value && Array.isArray(value.nodes)
    && 'basePort' in value && typeof value.basePort === 'number' && 'trackers' in value && 'seeders' in value && 'trackerUrls' in value;
}

/** Readers see the old file or the new one. */
export function writeClusterFile(file: ClusterFile): void {
  const path = clusterFilePath(file.dir);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(file, undefined, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

/** The process of a node if it runs. */
export function processOf(node: ClusterNode): ProcessRef | undefined {
  if (node.pid === undefined || node.startTime === undefined) return undefined;
  const ref = { pid: node.pid, startTime: node.startTime };
  return isAlive(ref) ? ref : undefined;
}

/** Runs `change` while no other `offshore cluster` changes this folder. A lock whose holder died is taken over. */
export async function withClusterLock<T>(dir: string, clock: Clock, signal: AbortSignal, change: () => Promise<T>): Promise<T> {
  mkdirSync(dir, { recursive: true });
  const path = `${dir}/cluster.lock`;
  const deadline = clock.monotonicMs() + limits.clusterLockMsMax;
  while (!tryLock(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && !isAlive(holder)) takeAway(path, holder);
    else if (clock.monotonicMs() > deadline) throw new OffshoreError('busy', { dir, pid: holder?.pid }, { message: `another "offshore cluster" works on ${dir} (process ${holder?.pid ?? 'unknown'})` });
    else await sleep(limits.nodePollMs, clock, signal);
  }
  try {
    return await change();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new OffshoreError('local-io', { path }, { cause: error, message: `cannot write ${path}: ${String(error)}` });
  }
  writeSync(file, JSON.stringify(thisProcess()));
  closeSync(file);
  return true;
}

function readHolder(path: string): ProcessRef | undefined {
  try {
    const value = parse(readFileSync(path, 'utf8'));
    const valid = typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'startTime' in value && typeof value.startTime === 'string';
    return valid ? { pid: value.pid as number, startTime: value.startTime as string } : undefined;
  } catch {
    return undefined;
  }
}

/** Only one of several that find a dead holder may remove its lock: the rename decides, and who caught a fresh one puts it back. */
function takeAway(path: string, dead: ProcessRef): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const caught = readHolder(aside);
  if (caught?.pid === dead.pid && caught.startTime === dead.startTime) rmSync(aside, { force: true });
  else renameSync(aside, path);
}
