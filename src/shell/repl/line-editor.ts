// Lines typed on a terminal: node:readline behind a filter of ours, which takes Ctrl-C, Ctrl-D and Ctrl-R before readline sees
// them and keeps what is typed while a command runs. The only file that imports node:readline. Knows nothing of commands.

import { createInterface, type Interface } from 'node:readline';
import { Stream } from 'node:stream';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Completion } from '../completion-source.ts';
import { paint } from '../core/format.ts';
import type { Input } from '../input.ts';
import type { TerminalInput, TerminalOutput } from '../shell-io.ts';
import { HistorySearch } from './history-search.ts';

export type Typed = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'interrupt' } | { readonly kind: 'end' } | { readonly kind: 'hang-up' };

export interface LineEditorOptions {
  readonly stdin: TerminalInput;
  readonly output: TerminalOutput;
  /** Oldest first. */
  readonly history: readonly string[];
  complete(before: string): Promise<Completion>;
  /** Ctrl-C while nobody reads a line. */
  onInterrupt(): void;
}

const ctrlC = '\x03';
const ctrlD = '\x04';
const ctrlR = '\x12';

/** What readline reads from: events are synchronous, so that each key is handled in the state that the one before left. */
class Keys extends Stream {
  readonly isTTY = true;
  readonly #stdin: TerminalInput;

  constructor(stdin: TerminalInput) {
    super();
    this.#stdin = stdin;
  }

  setRawMode(mode: boolean): this {
    this.#stdin.setRawMode?.(mode);
    return this;
  }

  resume(): this {
    return this;
  }

  pause(): this {
    return this;
  }
}

export class LineEditor implements Input {
  readonly isTerminal = true;
  readonly #options: LineEditorOptions;
  readonly #keys: Keys;
  readonly #readline: Interface;
  readonly #decoder = new TextDecoder();
  readonly #lines: string[] = [];
  #history: string[];
  #typeAhead = '';
  #reader: ((typed: Typed) => void) | undefined;
  #search: HistorySearch | undefined;
  #state: 'open' | 'ended' = 'open';

  constructor(options: LineEditorOptions) {
    this.#options = options;
    this.#keys = new Keys(options.stdin);
    this.#history = [...options.history].reverse();
    this.#readline = createInterface({
      input: this.#keys as unknown as NodeJS.ReadableStream, output: options.output, terminal: true, history: this.#history, historySize: limits.historyLinesMax,
      removeHistoryDuplicates: true, tabSize: 8,
      completer: (before: string, done: (error: null, result: [string[], string]) => void) => {
        options.complete(before).then(
          (found) => done(null, [[...found.candidates], before.slice(found.start)]),
          () => done(null, [[], before]),
        );
      },
    });
    this.#readline.on('line', (text) => this.#onLine(text));
    this.#readline.on('history', (history) => {
      // A line that begins with a space is not remembered.
      if (history[0]?.startsWith(' ') === true) history.shift();
      this.#history = history;
    });
    options.stdin.on('data', this.#onData);
    options.stdin.on('end', this.#onEnd);
    options.stdin.on('close', this.#onEnd);
    options.stdin.resume();
  }

  /** Shows the prompt and waits for a line, Ctrl-C, Ctrl-D on an empty line, or the terminal going away. */
  readLine(prompt: string): Promise<Typed> {
    const waiting = this.#lines.shift();
    if (waiting !== undefined) return Promise.resolve({ kind: 'line', text: waiting });
    if (this.#state === 'ended') return Promise.resolve({ kind: 'hang-up' });
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#readline.setPrompt(prompt);
      this.#readline.prompt();
      const typed = this.#typeAhead;
      this.#typeAhead = '';
      if (typed !== '') this.#feed(typed);
    });
  }

  async nextLine(options: { readonly prompt: string; readonly signal: AbortSignal }): Promise<string | undefined> {
    options.signal.throwIfAborted();
    const onAbort = (): void => this.#settle({ kind: 'interrupt' });
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const typed = await this.readLine(options.prompt);
      // An answer is no command: it is not remembered.
      if (typed.kind === 'line' && this.#history[0] === typed.text) this.#history.shift();
      if (typed.kind === 'interrupt') {
        this.#options.onInterrupt();
        throw new OffshoreError('aborted');
      }
      return typed.kind === 'line' ? typed.text : undefined;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  async *bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    for (let line = await this.nextLine({ prompt: '', signal }); line !== undefined; line = await this.nextLine({ prompt: '', signal })) {
      yield encoder.encode(`${line}\n`);
    }
  }

  clearHistory(): void {
    this.#history.length = 0;
  }

  /** A signal from outside counts as Ctrl-C. */
  interrupt(): void {
    this.#feed(ctrlC);
  }

  close(): void {
    this.#options.stdin.off('data', this.#onData);
    this.#options.stdin.off('end', this.#onEnd);
    this.#options.stdin.off('close', this.#onEnd);
    this.#readline.close();
    this.#options.stdin.pause();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#feed(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
  };

  readonly #onEnd = (): void => {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    if (this.#reader === undefined) this.#options.onInterrupt();
    else this.#settle({ kind: 'hang-up' });
  };

  /** Keys one by one where one of ours is among them; runs of others in one piece, so that escape sequences stay whole. */
  #feed(text: string): void {
    for (const [piece] of text.matchAll(/[\x03\x04\x12]|[^\x03\x04\x12]+?(?:\r\n?|\n|(?=[\x03\x04\x12])|$)/g)) this.#key(piece);
  }

  #key(piece: string): void {
    if (this.#reader === undefined) return this.#keyWhileBusy(piece);
    if (this.#search !== undefined) return this.#searchKey(this.#search, piece);
    if (piece === ctrlC) {
      this.#replaceLine('');
      this.#options.output.write('^C\n');
      return this.#settle({ kind: 'interrupt' });
    }
    if (piece === ctrlD && this.#readline.line === '') {
      this.#options.output.write('\n');
      return this.#settle({ kind: 'end' });
    }
    if (piece === ctrlR) {
      this.#search = new HistorySearch(this.#history);
      return this.#showSearch(this.#search);
    }
    this.#keys.emit('data', Buffer.from(piece));
  }

  #keyWhileBusy(piece: string): void {
    if (piece === ctrlC) {
      this.#typeAhead = '';
      this.#options.output.write('^C\n');
      this.#options.onInterrupt();
    } else if (this.#typeAhead.length + piece.length <= limits.typeAheadBytesMax) {
      this.#typeAhead += piece;
    }
  }

  #searchKey(search: HistorySearch, piece: string): void {
    const result = search.key(piece);
    if (result.kind === 'searching') return this.#showSearch(search);
    this.#search = undefined;
    this.#options.output.write('\r\x1b[2K');
    this.#replaceLine(result.kind === 'cancelled' ? '' : result.line);
    this.#readline.prompt(true);
    if (result.kind === 'accepted' && result.rest !== '') this.#feed(result.rest);
  }

  #showSearch(search: HistorySearch): void {
    this.#options.output.write(`\r\x1b[2K${search.shown(this.#options.output.columns ?? 80)}`);
  }

  #replaceLine(text: string): void {
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    if (text !== '') this.#readline.write(text);
  }

  #onLine(text: string): void {
    if (this.#reader === undefined) this.#lines.push(text);
    else this.#settle({ kind: 'line', text });
  }

  #settle(typed: Typed): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#search = undefined;
    reader?.(typed);
  }
}

/** The prompts: bold green `$ `, and `> ` for a line that goes on. */
export const prompts = { first: paint('$ ', 'bold-green'), more: '> ' } as const;
