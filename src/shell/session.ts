// State of one shell from its first line to its last: both current directories, variables, aliases, options, history, `$?`.
// Owns the connection to the cluster, which is made at the first command that needs it.

import { OffshoreError } from '../base/errors.ts';
import { randomInt } from '../base/rng.ts';
import type { RemoteFiles } from '../client/remote-files.ts';
import type { Input } from './input.ts';
import type { ShellDeps } from './shell-io.ts';
import type { Sink } from './sink.ts';

export interface SessionOptions {
  /** Asked once, when the first command needs them. */
  trackers(): Promise<readonly string[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly localCwd: string;
  readonly cwd: string;
  readonly stdin: Input;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly colour: 'auto' | 'always' | 'never';
  readonly debug: 'off' | 'stacks';
  readonly failFast: 'on' | 'off';
  readonly mode: 'interactive' | 'script' | 'one-shot';
}

export class ShellSession {
  readonly options: SessionOptions;
  readonly deps: ShellDeps;
  cwd: string;
  previousCwd: string | undefined;
  localCwd: string;
  lastStatus = 0;
  /** Set by `exit`: the shell ends with it after the command. */
  exitStatus: number | undefined;
  failFast: 'on' | 'off';
  failGlob: 'on' | 'off' = 'on';
  readonly variables = new Map<string, string>();
  readonly aliases = new Map<string, string>();
  readonly history: string[] = [];
  /** Empties the history's file; the terminal sets it. */
  forgetHistory: () => Promise<void> = async () => undefined;
  #remote: Promise<RemoteFiles> | undefined;

  constructor(options: SessionOptions, deps: ShellDeps) {
    this.options = options;
    this.deps = deps;
    this.cwd = options.cwd;
    this.localCwd = options.localCwd;
    this.failFast = options.failFast;
    for (const [name, value] of Object.entries(options.env)) if (value !== undefined) this.variables.set(name, value);
  }

  /** Value of `$NAME`; `?` is the last status, PWD and LPWD follow the two directories. */
  readonly lookup = (name: string): string | undefined => {
    if (name === '?') return String(this.lastStatus);
    if (name === 'PWD') return this.cwd;
    if (name === 'LPWD') return this.localCwd;
    return this.variables.get(name);
  };

  remote(): Promise<RemoteFiles> {
    if (this.#remote === undefined) {
      const connecting = this.options.trackers().then((trackers) => this.deps.connect(trackers));
      // A failed connection is tried again by the next command.
      connecting.catch(() => { this.#remote = undefined; });
      this.#remote = connecting;
    }
    return this.#remote;
  }

  /** 32 hex digits that name one command, so that it can be taken back as one. */
  drawOperationId(): string {
    return Array.from({ length: 8 }, () => randomInt(this.deps.rng, 0, 0xffff).toString(16).padStart(4, '0')).join('');
  }

  /** Resolves after the delay; throws `aborted` as soon as the signal says so. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new OffshoreError('aborted'));
      const onAbort = (): void => {
        cancel();
        reject(new OffshoreError('aborted'));
      };
      const cancel = this.deps.clock.schedule(delayMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  async close(): Promise<void> {
    const remote = this.#remote;
    this.#remote = undefined;
    if (remote !== undefined) await remote.then((files) => files.close(), () => undefined);
  }
}
