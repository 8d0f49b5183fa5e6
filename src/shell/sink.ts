// Where a command writes. Owns buffering, waiting for a slow reader and noticing that the reader left (141, quietly).

import { OffshoreError } from '../base/errors.ts';
import { KiB } from '../base/limits.ts';
import type { TerminalOutput } from './shell-io.ts';

/** The reader of our output is gone: the command ends with 141 and without a word (POSIX: SIGPIPE). */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

export interface Sink {
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number;
  /** Throws BrokenPipe when nobody reads any more. */
  write(data: string | Uint8Array): Promise<void>;
  flush(): Promise<void>;
}

/** Buffered bytes that are sent in one write. */
const bufferBytes = 64 * KiB;

export class StreamSink implements Sink {
  readonly #stream: TerminalOutput;
  #waiting: (string | Uint8Array)[] = [];
  #waitingBytes = 0;
  #broken: Error | undefined;

  constructor(stream: TerminalOutput) {
    this.#stream = stream;
    // Without a listener an EPIPE would end the process with a stack.
    stream.on('error', (error: Error) => { this.#broken ??= error; });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    // A terminal that does not know its size says 0.
    return this.#stream.columns === undefined || this.#stream.columns < 1 ? 80 : this.#stream.columns;
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#throwIfBroken();
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    if (this.#waitingBytes >= bufferBytes) await this.flush();
  }

  async flush(): Promise<void> {
    const parts = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Runs of text become one write; a lone surrogate becomes U+FFFD on the way out.
    for (const part of joinText(parts)) await this.#send(part);
    this.#throwIfBroken();
  }

  #send(data: string | Uint8Array): Promise<void> {
    this.#throwIfBroken();
    return new Promise((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (error) this.#broken ??= error;
        if (this.#broken === undefined) resolve();
        else reject(asBroken(this.#broken));
      });
    });
  }

  #throwIfBroken(): void {
    if (this.#broken !== undefined) throw asBroken(this.#broken);
  }
}

function asBroken(error: Error): Error {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END') return new BrokenPipe();
  return new OffshoreError(code === 'ENOSPC' ? 'disk-full' : 'local-io', {}, { cause: error, message: `write error: ${error.message}` });
}

function joinText(parts: readonly (string | Uint8Array)[]): (string | Uint8Array)[] {
  const joined: (string | Uint8Array)[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    if (text !== '') joined.push(text);
    text = '';
    joined.push(part);
  }
  if (text !== '') joined.push(text);
  return joined;
}

/** Passes writes on until it is cut; a killed command that goes on finds nobody. */
export class CuttableSink implements Sink {
  readonly #inner: Sink;
  #isCut = false;

  constructor(inner: Sink) {
    this.#inner = inner;
  }

  get isTerminal(): boolean {
    return this.#inner.isTerminal;
  }

  get columns(): number {
    return this.#inner.columns;
  }

  cut(): void {
    this.#isCut = true;
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.#isCut) throw new BrokenPipe();
    await this.#inner.write(data);
  }

  async flush(): Promise<void> {
    if (!this.#isCut) await this.#inner.flush();
  }
}

/** Bytes of what a command wrote; lone surrogates become U+FFFD. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data;
}
