// One node as a process of this machine: start, look, signal, wait. A process is known by pid and start time, because pids come back.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export interface ProcessRef {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat; `unknown` where there is no /proc. */
  readonly startTime: string;
}

export interface StartCommand {
  /** node and the program's file, or a single executable. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  readonly log: string;
}

/** Starts a node that outlives this process and is not reached by its terminal's signals. */
export async function startProcess(command: StartCommand): Promise<ProcessRef> {
  mkdirSync(dirname(command.log), { recursive: true });
  keepOneOldLog(command.log);
  const log = openSync(command.log, 'a', 0o640);
  try {
    const [file = process.execPath, ...first] = command.program;
    const child = spawn(file, [...first, ...command.args], { detached: true, stdio: ['ignore', log, log], env: nodeEnv() });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new OffshoreError('local-io', { program: file }, { cause, message: `cannot start ${file}: ${cause.message}` })));
    });
    child.unref();
    const pid = child.pid ?? 0;
    return { pid, startTime: startTimeOf(pid) ?? 'unknown' };
  } finally {
    closeSync(log);
  }
}

/** The environment of a node: ours without options meant for somebody else, and with what the allocator and libuv need. */
function nodeEnv(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OFFSHORE_') || name === 'OFFSHORE_LOG_LEVEL'));
  return {
    ...env,
    UV_THREADPOOL_SIZE: env['UV_THREADPOOL_SIZE'] ?? '16',
    // glibc gives freed memory back to the kernel after every body otherwise, and faults it in again (facts.md 1: 2.2 times on PUT).
    MALLOC_TRIM_THRESHOLD_: env['MALLOC_TRIM_THRESHOLD_'] ?? '134217728',
    MALLOC_ARENA_MAX: env['MALLOC_ARENA_MAX'] ?? '4',
  };
}

function keepOneOldLog(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > limits.nodeLogBytesMax) renameSync(log, `${log}.old`);
}

export function thisProcess(): ProcessRef {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? 'unknown' };
}

export function isAlive(ref: ProcessRef): boolean {
  try {
    process.kill(ref.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const startTime = startTimeOf(ref.pid);
  return ref.startTime === 'unknown' || startTime === ref.startTime;
}

/** Undefined for a process that is gone, or a zombie nobody has buried yet. */
function startTimeOf(pid: number): string | undefined {
  try {
    // The name in parentheses may hold anything: fields are counted after its last `)`, where the state is the first.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^[^]*\) /, '').split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Does nothing when it is gone already. */
export function signalProcess(ref: ProcessRef, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(ref)) return;
  try {
    process.kill(ref.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** True when it ended in time. */
export async function waitForEnd(ref: ProcessRef, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const deadline = clock.monotonicMs() + timeoutMs;
  while (isAlive(ref)) {
    if (clock.monotonicMs() >= deadline) return false;
    await sleep(limits.nodePollMs, clock, signal);
  }
  return true;
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The last lines of a log, for a message about a node that did not come up. */
export function logTail(log: string, lines: number): string {
  try {
    const text = readFileSync(log, 'utf8').slice(-limits.logTailBytesShown);
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
