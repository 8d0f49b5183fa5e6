// A whole cluster of real processes for tests: the built executable, real disks, real sockets. Each test has its own folder and ports.
// Commands run as users run them: `offshore …` in a process of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { makeTempFolder, removeTempFolder } from '../support/temp-folder.ts';

const executable = resolve('dist/offshore');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Starts the executable; the caller waits for it or kills it by its pid. */
export function startOffshore(args: readonly string[], options: RunOptions = {}): { readonly child: ChildProcess; readonly done: Promise<Ran> } {
  const child = spawn(process.execPath, [executable, ...args], {
    cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => { output.stdout += part.toString(); });
  child.stderr.on('data', (part: Buffer) => { output.stderr += part.toString(); });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
  const done = new Promise<Ran>((settle) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      settle({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), ...output });
    });
  });
  return { child, done };
}

export interface ClusterOptions {
  readonly trackers?: number;
  readonly seeders?: number;
  /** Runs before the first start, with the folder of the disks. */
  readonly prepare?: (dir: string) => Promise<void>;
}

export class LiveCluster {
  readonly dir: string;
  readonly #basePort: number;
  readonly #folder: string;

  /** Brings a cluster up in `dir`, or in a fresh temporary folder. */
  static async up(options: ClusterOptions = {}): Promise<LiveCluster> {
    const folder = await makeTempFolder();
    const cluster = new LiveCluster(folder, await freeBasePort());
    await options.prepare?.(cluster.dir);
    const up = await startOffshore([
      'cluster', 'up', '--detach', '--dir', cluster.dir, '--base-port', String(cluster.#basePort),
      '--trackers', String(options.trackers ?? 3), '--seeders', String(options.seeders ?? 3),
    ]).done;
    if (up.code !== 0) {
      await cluster.down();
      throw new Error(`cluster did not come up (${up.code}): ${up.stderr}`);
    }
    return cluster;
  }

  private constructor(folder: string, basePort: number) {
    this.#folder = folder;
    this.dir = join(folder, 'disks');
    this.#basePort = basePort;
  }

  /** Scratch space beside the disks, removed with the cluster. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  get trackerUrls(): readonly string[] {
    return (JSON.parse(readFileSync(join(this.dir, 'cluster.json'), 'utf8')) as { trackerUrls: string[] }).trackerUrls;
  }

  url(node: string): string {
    const { nodes } = JSON.parse(readFileSync(join(this.dir, 'cluster.json'), 'utf8')) as { nodes: { name: string; url: string }[] };
    const found = nodes.find((each) => each.name === node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found.url;
  }

  pid(node: string): number | undefined {
    const { nodes } = JSON.parse(readFileSync(join(this.dir, 'cluster.json'), 'utf8')) as { nodes: { name: string; pid?: number }[] };
    return nodes.find((each) => each.name === node)?.pid;
  }

  start(args: readonly string[], options: RunOptions = {}): ReturnType<typeof startOffshore> {
    return startOffshore(args, { cwd: this.#folder, ...options, env: { OFFSHORE_TRACKER: this.trackerUrls.join(','), ...options.env } });
  }

  /** One command of the shell, or any other word of the executable. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(args, options).done;
  }

  /** Like `run`, and throws when the exit code is not 0. */
  async must(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(args, options);
    if (ran.code !== 0) throw new Error(`offshore ${args.join(' ')} exited ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran;
  }

  cluster(verb: 'kill' | 'stop' | 'start' | 'status', ...nodes: readonly string[]): Promise<Ran> {
    return startOffshore(['cluster', verb, ...nodes, '--dir', this.dir]).done;
  }

  async leader(): Promise<string> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const ran = await this.run(['status', '--json']);
      const leader = ran.stdout.trim() === '' ? undefined : (JSON.parse(ran.stdout.trim().split('\n')[0] ?? '{}') as { leader?: string }).leader;
      if (leader !== undefined) return leader;
      await new Promise((settle) => setTimeout(settle, 200));
    }
    throw new Error('no leader within 20 s');
  }

  /** Kills what still runs, and removes everything. */
  async down(): Promise<void> {
    await startOffshore(['cluster', 'down', '--dir', this.dir]).done;
    if (process.env['OFFSHORE_TEST_KEEP'] === undefined) await removeTempFolder(this.#folder);
    else process.stderr.write(`kept ${this.#folder}\n`);
  }
}

/** Runs `use` on a fresh cluster and takes it down whatever happens. */
export async function withCluster(options: ClusterOptions, use: (cluster: LiveCluster) => Promise<void>): Promise<void> {
  const cluster = await LiveCluster.up(options);
  try {
    await use(cluster);
  } catch (error) {
    process.stderr.write(lastLogLines(cluster.dir));
    throw error;
  } finally {
    await cluster.down();
  }
}

function lastLogLines(dir: string): string {
  return nodeNames.map((name) => {
    try {
      return `--- ${name}\n${readFileSync(join(dir, 'logs', `${name}.log`), 'utf8').split('\n').slice(-12).join('\n')}\n`;
    } catch {
      return '';
    }
  }).join('');
}

/** A run of ports that nothing listens on now: trackers take +1…, seeders +101…. */
async function freeBasePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = 20_000 + Math.floor(Math.random() * 200) * 200;
    const wanted = [1, 2, 3, 4, 5, 101, 102, 103, 104, 105].map((offset) => base + offset);
    const free = await Promise.all(wanted.map(isFree));
    if (free.every((each) => each)) return base;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}

/** Writes `bytes` random bytes; answers their SHA-256. */
export async function writeRandomFile(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  for (let written = 0; written < bytes;) {
    const part = randomBytes(Math.min(4 * 1024 * 1024, bytes - written));
    hash.update(part);
    await file.write(part);
    written += part.length;
  }
  await file.close();
  return hash.digest('hex');
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** Peak resident memory of a process so far, in MiB. */
export function peakMemoryMiB(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

export const nodeNames = ['tracker-1', 'tracker-2', 'tracker-3', 'seeder-1', 'seeder-2', 'seeder-3'] as const;

export function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}

/** Bytes for a test that scales: small in CI, `OFFSHORE_TEST_MIB=1024` for the figure an issue asks for. */
export function scaledBytes(defaultMiB: number): number {
  return Number(process.env['OFFSHORE_TEST_MIB'] ?? defaultMiB) * 1024 * 1024;
}
