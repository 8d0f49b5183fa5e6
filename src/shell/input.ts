// Where a command reads: bytes and lines of a pipe, a file or the shell's own stdin. Lines and bytes may be taken in turn:
// what one reader left over the next one gets, as the commands of a script share one stdin.

import { OffshoreError } from '../base/errors.ts';
import { emptyBytes } from '../base/bytes.ts';
import { MiB, limits } from '../base/limits.ts';
import type { TerminalInput } from './shell-io.ts';

export interface Input {
  readonly isTerminal: boolean;
  /** The next line without its end; undefined at the end. `prompt` shows only where a person types. */
  nextLine(options: { readonly prompt: string; readonly signal: AbortSignal }): Promise<string | undefined>;
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** The next piece of a stream, or undefined at its end. */
export type Pull = (signal: AbortSignal) => Promise<Uint8Array | undefined>;

const newline = 10;

export class ByteInput implements Input {
  readonly isTerminal: boolean;
  readonly #pull: Pull;
  readonly #showPrompt: ((prompt: string) => Promise<void>) | undefined;
  #rest: Uint8Array = emptyBytes;

  constructor(pull: Pull, options: { readonly isTerminal: boolean; readonly showPrompt?: (prompt: string) => Promise<void> } = { isTerminal: false }) {
    this.#pull = pull;
    this.isTerminal = options.isTerminal;
    this.#showPrompt = options.showPrompt;
  }

  async nextLine(options: { readonly prompt: string; readonly signal: AbortSignal }): Promise<string | undefined> {
    await this.#showPrompt?.(options.prompt);
    const parts: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const end = this.#rest.indexOf(newline);
      if (end >= 0) {
        parts.push(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return decode(parts);
      }
      if (this.#rest.length > 0) parts.push(this.#rest);
      total += this.#rest.length;
      this.#rest = emptyBytes;
      if (total > limits.shellLineBytesMax) {
        await this.#skipLine(options.signal);
        throw new OffshoreError('bad-request', {}, { message: 'line too long' });
      }
      const next = await this.#pull(options.signal);
      if (next === undefined) return parts.length === 0 ? undefined : decode(parts);
      this.#rest = next;
    }
  }

  async *bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = this.#rest.length > 0 ? this.#rest : await this.#pull(signal);
      this.#rest = emptyBytes;
      if (bytes === undefined) return;
      if (bytes.length > 0) yield bytes;
    }
  }

  async #skipLine(signal: AbortSignal): Promise<void> {
    for (;;) {
      const end = this.#rest.indexOf(newline);
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        return;
      }
      const next = await this.#pull(signal);
      if (next === undefined) {
        this.#rest = emptyBytes;
        return;
      }
      this.#rest = next;
    }
  }
}

/** Bad UTF-8 becomes U+FFFD: the line then names nothing, and says so. */
function decode(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  let text = '';
  for (const part of parts) text += decoder.decode(part, { stream: true });
  text += decoder.decode();
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

export const emptyInput: Input = new ByteInput(async () => undefined);

/** An iterable read piece by piece; `close` lets it free what it holds when it is not read to its end. */
export function pullFrom(iterable: AsyncIterable<Uint8Array>): { readonly pull: Pull; close(): Promise<void> } {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    pull: async (signal) => {
      signal.throwIfAborted();
      const next = await iterator.next();
      return next.done === true ? undefined : next.value;
    },
    close: async () => { await iterator.return?.(); },
  };
}

/**
 * A Node stream as a source that can be left and taken up again; listeners exist only from the first pull on, so that a
 * one-shot command that reads nothing never touches its stdin.
 */
export class StreamSource {
  readonly #stream: TerminalInput;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #state: 'idle' | 'open' | 'ended' = 'idle';
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: TerminalInput) {
    this.#stream = stream;
  }

  readonly pull: Pull = async (signal) => {
    this.#open();
    for (;;) {
      signal.throwIfAborted();
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length;
        return chunk;
      }
      if (this.#error !== undefined) throw new OffshoreError('local-io', {}, { cause: this.#error, message: `read error: ${this.#error.message}` });
      if (this.#state === 'ended') return undefined;
      await this.#waitForMore(signal);
    }
  };

  close(): void {
    if (this.#state === 'idle') return;
    this.#stream.off('data', this.#onData);
    this.#stream.pause();
    this.#state = 'ended';
  }

  #open(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'open';
    this.#stream.on('data', this.#onData);
    this.#stream.on('end', this.#onEnd);
    this.#stream.on('close', this.#onEnd);
    this.#stream.on('error', (error: Error) => {
      this.#error = error;
      this.#onEnd();
    });
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= MiB) this.#stream.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#state = 'ended';
    this.#wake?.();
  };

  #waitForMore(signal: AbortSignal): Promise<void> {
    this.#stream.resume();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done);
    });
  }
}
