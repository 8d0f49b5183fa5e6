// Composition root of the shell and of every one-shot command: constructs the client and its ports on first use, turns signals
// into interrupts, and hands over to src/shell.

import { createHash } from 'node:crypto';
import { second } from '../../base/limits.ts';
import { createOffshoreClient } from '../../client/offshore-client.ts';
import { hashPool } from '../../platform/hash-pool.ts';
import { httpSend } from '../../platform/http-send.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { nodeRng } from '../../platform/node-rng.ts';
import { exitStatus } from '../../shell/failure.ts';
import { runShell } from '../../shell/run-shell.ts';
import type { ShellDeps, ShellIo } from '../../shell/shell-io.ts';
import { program } from '../program.ts';

/** Runs the shell or one command on this process's streams; resolves with its status. */
export async function runShellProcess(argv: readonly string[]): Promise<number> {
  const io: ShellIo = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd() };
  const closers: (() => void | Promise<void>)[] = [];
  const signals = new Signals();
  const deps: ShellDeps = {
    clock: nodeClock, rng: nodeRng(), version: program.version,
    zone: (wallMs) => -new Date(wallMs).getTimezoneOffset(),
    sha256: () => {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
    },
    connect: (trackers) => {
      const send = httpSend({}, { clock: nodeClock });
      const hasher = hashPool();
      closers.push(() => send.close(), () => hasher.close());
      return createOffshoreClient({ trackers }, {
        send, hasher, clock: nodeClock, rng: nodeRng(),
        sha256: (parts) => {
          const hash = createHash('sha256');
          for (const part of parts) hash.update(part);
          return hash.digest();
        },
      });
    },
    interrupts: (onInterrupt) => signals.listen(onInterrupt),
    exitNow: (status) => process.exit(status),
  };
  try {
    const status = await runShell(argv, io, deps);
    return signals.isTerminated ? exitStatus.terminated : status;
  } finally {
    signals.close();
    for (const close of closers) await close();
  }
}

/** SIGINT interrupts what runs. SIGTERM does too, and what has not ended then is left after a moment. */
class Signals {
  isTerminated = false;
  readonly #listeners = new Set<() => void>();

  constructor() {
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
  }

  listen(onInterrupt: () => void): () => void {
    this.#listeners.add(onInterrupt);
    return () => void this.#listeners.delete(onInterrupt);
  }

  close(): void {
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
  }

  readonly #onInterrupt = (): void => {
    if (this.#listeners.size === 0) process.exit(exitStatus.interrupted);
    for (const listener of this.#listeners) listener();
  };

  readonly #onTerminate = (): void => {
    this.isTerminated = true;
    this.#onInterrupt();
    nodeClock.schedule(second, () => process.exit(exitStatus.terminated));
  };
}
