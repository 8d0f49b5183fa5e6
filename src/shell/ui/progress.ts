// Progress on stderr: bars on a terminal (at most ten redraws a second), plain lines or JSON lines where asked.
// Owns the timer and the lines it drew; what they say is core/progress-model.ts.

import type { CancelTimer, Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import {
  finishFile, renderProgress, sampleRate, startProgress, summarise, updateProgress, type Expected, type ProgressState, type ProgressUpdate,
} from '../core/progress-model.ts';
import { formatDuration, formatSize } from '../core/format.ts';
import type { Sink } from '../sink.ts';

export type ProgressMode = 'none' | 'bars' | 'plain' | 'json';

/** What `--progress`, -q, -v and the terminal add up to; undefined when `--progress` has no such value. */
export function progressMode(wish: { readonly option: string | undefined; readonly quiet: boolean; readonly verbose: number; readonly isTerminal: boolean }): ProgressMode | undefined {
  switch (wish.option) {
    case 'none': return 'none';
    case 'bars': return wish.isTerminal ? 'bars' : 'plain';
    case 'plain': return 'plain';
    case 'json': return 'json';
    case undefined: return wish.quiet ? 'none' : wish.isTerminal ? 'bars' : wish.verbose > 0 ? 'plain' : 'none';
    default: return undefined;
  }
}

export class ProgressView {
  readonly #mode: ProgressMode;
  readonly #sink: Sink;
  readonly #clock: Clock;
  #state: ProgressState;
  #drawnLines = 0;
  #changed: 'yes' | 'no' = 'no';
  #timer: CancelTimer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { readonly label: string; readonly expected: Expected; readonly mode: ProgressMode }, deps: { readonly sink: Sink; readonly clock: Clock }) {
    this.#mode = options.mode;
    this.#sink = deps.sink;
    this.#clock = deps.clock;
    this.#state = startProgress(options.label, deps.clock.monotonicMs(), options.expected);
    if (this.#mode !== 'none') this.#arm();
  }

  readonly update = (update: ProgressUpdate): void => {
    this.#state = updateProgress(this.#state, update, this.#clock.monotonicMs());
    this.#changed = 'yes';
  };

  finish(path: string, bytes: { readonly done: number; readonly shared: number }): void {
    this.#state = finishFile(this.#state, path, bytes);
    this.#changed = 'yes';
  }

  expect(expected: { readonly bytes: number; readonly files: number }): void {
    this.#state = { ...this.#state, expectedBytes: expected.bytes, expectedFiles: expected.files };
  }

  /** Takes the bars off the screen, so that a message can be printed; the next redraw brings them back. */
  async clear(): Promise<void> {
    this.#erase();
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#mode === 'json') this.#report();
    await this.clear();
  }

  #arm(): void {
    this.#timer = this.#clock.schedule(this.#mode === 'bars' ? limits.progressRedrawMs : limits.progressPlainMs, () => {
      this.#state = sampleRate(this.#state, this.#clock.monotonicMs());
      if (this.#mode === 'bars') this.#draw();
      else this.#report();
      this.#arm();
    });
  }

  #draw(): void {
    if (this.#changed === 'no' && this.#drawnLines > 0) return;
    this.#changed = 'no';
    const lines = renderProgress(this.#state, this.#sink.columns);
    const up = this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A` : '';
    // Each line is cleared as it is written, and lines left over from a taller block after that.
    this.#write(`${up}${lines.map((line) => `\r\x1b[2K${line}\n`).join('')}\x1b[J`);
    this.#drawnLines = lines.length;
  }

  #erase(): void {
    if (this.#drawnLines === 0) return;
    this.#write(`\x1b[${this.#drawnLines}A\r\x1b[J`);
    this.#drawnLines = 0;
    this.#changed = 'yes';
  }

  #report(): void {
    const summary = summarise(this.#state);
    if (this.#mode === 'json') return this.#write(`${JSON.stringify({ type: 'progress', label: this.#state.label, ...summary })}\n`);
    const total = summary.bytesTotal === undefined ? '' : `/${formatSize(summary.bytesTotal, 'binary')}`;
    const files = summary.filesTotal === undefined ? '' : ` ${summary.filesDone}/${summary.filesTotal} files`;
    const eta = summary.etaMs === undefined ? '' : ` ETA ${formatDuration(summary.etaMs)}`;
    this.#write(`${this.#state.label} ${formatSize(summary.bytesDone, 'binary')}${total}${files} ${formatSize(summary.bytesPerSecond, 'binary')}/s${eta}\n`);
  }

  /** One write after the other; a stderr that nobody reads must not stop the transfer. */
  #write(text: string): void {
    this.#writing = this.#writing.then(async () => {
      await this.#sink.write(text);
      await this.#sink.flush();
    }).catch(() => undefined);
  }
}
