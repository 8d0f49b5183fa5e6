// Nodes of a cluster of real processes that a test starts itself, as children: their exit codes and logs are then its to look at.
// The cluster's own process of that name must have been stopped before.

import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

export interface NodeEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export class HandStarted {
  readonly name: string;
  readonly ended: Promise<NodeEnd>;
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(name: string, args: readonly string[]) {
    this.name = name;
    this.#child = spawn(process.execPath, [resolve('dist/offshore'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (part: Buffer) => { this.#stderr += part.toString(); });
    this.ended = new Promise((settle) => this.#child.once('close', (code, signal) => settle({ code, signal })));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What it logged so far. */
  log(): readonly LogLine[] {
    return this.#stderr.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
  }

  async until(event: string, timeoutMs = 30_000): Promise<LogLine> {
    for (let waited = 0; waited < timeoutMs; waited += 50) {
      const found = this.log().find((line) => line.event === event);
      if (found !== undefined) return found;
      if (!this.running) break;
      await new Promise((settle) => setTimeout(settle, 50));
    }
    throw new Error(`${this.name} never logged ${event}:\n${this.#stderr.slice(-4000)}`);
  }

  /** For clean-up: whatever state it is in. */
  async end(): Promise<void> {
    if (this.running) this.kill('SIGKILL');
    await this.ended;
  }
}
