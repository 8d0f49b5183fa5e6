// A pipe between two commands of one line: bytes with a bound. The writer waits when it is full and stops when the reader left.

import { limits } from '../base/limits.ts';
import { ByteInput, type Input } from './input.ts';
import { BrokenPipe, toBytes, type Sink } from './sink.ts';

export class Pipe implements Sink {
  readonly isTerminal = false;
  readonly columns = 80;
  readonly input: Input;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writer: 'open' | 'ended' = 'open';
  #reader: 'open' | 'left' = 'open';
  #failure: Error | undefined;
  #changed: (() => void)[] = [];

  constructor() {
    this.input = new ByteInput((signal) => this.#pull(signal));
  }

  async write(data: string | Uint8Array): Promise<void> {
    while (this.#reader === 'open' && this.#queuedBytes >= limits.pipeBytesMax) await this.#change(undefined);
    if (this.#reader === 'left') throw new BrokenPipe();
    // Copied: a producer may use its buffer again.
    const bytes = typeof data === 'string' ? toBytes(data) : data.slice();
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#notify();
  }

  async flush(): Promise<void> {
    if (this.#reader === 'left') throw new BrokenPipe();
  }

  /** The writer is done; with an error, the reader gets that instead of an end. */
  end(failure?: Error): void {
    this.#writer = 'ended';
    this.#failure = failure;
    this.#notify();
  }

  /** The reader reads no more. */
  leave(): void {
    this.#reader = 'left';
    this.#queue.length = 0;
    this.#notify();
  }

  async #pull(signal: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const bytes = this.#queue.shift();
      if (bytes !== undefined) {
        this.#queuedBytes -= bytes.length;
        this.#notify();
        return bytes;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#writer === 'ended') return undefined;
      await this.#change(signal);
    }
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#changed.push(done);
      signal?.addEventListener('abort', done);
    });
  }

  #notify(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}
