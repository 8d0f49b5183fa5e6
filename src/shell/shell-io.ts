// What the shell is given: the streams of its process, and the ports that a composition root constructs.
// The shell itself owns no clock, no network, no signal.

import type { Clock } from '../base/clock.ts';
import type { Rng } from '../base/rng.ts';
import type { RemoteFiles } from '../client/remote-files.ts';
import type { ZoneOffset } from './core/format.ts';

export interface TerminalInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

export interface TerminalOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ShellIo {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** SHA-256 over a stream. */
export interface StreamingHash {
  update(bytes: Uint8Array): void;
  hex(): string;
}

export interface ShellDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly zone: ZoneOffset;
  readonly version: string;
  sha256(): StreamingHash;
  /** Called at the first command that needs the cluster, once. */
  connect(trackers: readonly string[]): RemoteFiles | Promise<RemoteFiles>;
  /** Calls `onInterrupt` at every SIGINT until the returned function is called. */
  interrupts(onInterrupt: () => void): () => void;
  /** Ends the process at once: the second Ctrl-C of a one-shot command that does not stop. */
  exitNow(status: number): void;
}
