// Runs the shell in a test: streams that remember, a temporary local folder, a cluster in memory, a clock that stands still.

import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { seededRng } from '../../src/base/rng.ts';
import type { RemoteFiles } from '../../src/client/remote-files.ts';
import { runShell } from '../../src/shell/run-shell.ts';
import type { ShellDeps, ShellIo, TerminalInput } from '../../src/shell/shell-io.ts';
import { ManualClock } from '../support/manual-clock.ts';

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
}

export interface RunOptions {
  readonly remote: RemoteFiles;
  readonly cwd: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** stdout and stderr say that they are terminals. */
  readonly terminal?: 'yes' | 'no';
  readonly clock?: ManualClock;
  readonly interrupts?: (onInterrupt: () => void) => () => void;
}

/** A stream that keeps what is written. */
export class Recorder extends Writable {
  readonly parts: Uint8Array[] = [];
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.parts.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }

  get text(): string {
    return Buffer.concat(this.parts).toString('utf8');
  }
}

export function shellDeps(options: Pick<RunOptions, 'remote' | 'clock' | 'interrupts'>): ShellDeps {
  return {
    clock: options.clock ?? new ManualClock({ wallMs: Date.UTC(2026, 0, 31, 12) }), rng: seededRng(1), zone: () => 0, version: '1.2.3',
    sha256: () => {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
    },
    connect: () => options.remote,
    interrupts: options.interrupts ?? (() => () => undefined),
    exitNow: () => { throw new Error('exitNow in a test'); },
  };
}

export async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const isTerminal = options.terminal === 'yes';
  const stdout = new Recorder(isTerminal);
  const stderr = new Recorder(isTerminal);
  const stdin = Readable.from(options.stdin === undefined || options.stdin.length === 0 ? [] : [Buffer.from(options.stdin)], { objectMode: false });
  const io: ShellIo = { stdin: stdin as unknown as TerminalInput, stdout, stderr, env: { HOME: options.cwd, ...options.env }, cwd: options.cwd };
  const status = await runShell(argv, io, shellDeps(options));
  return { status, stdout: stdout.text, stderr: stderr.text, bytes: stdout.bytes };
}

/** Lines as a script. */
export function script(lines: string, options: Omit<RunOptions, 'stdin'>): Promise<RunResult> {
  return run(['shell'], { ...options, stdin: lines });
}
