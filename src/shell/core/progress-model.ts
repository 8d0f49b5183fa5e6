// What a transfer's progress shows: rates, time left, bars, one line per active file and a total. Pure: told what moved and when.
// The screen, its timer and its width belong to ui/progress.ts.

import { escapeControls, fit, formatDuration, formatSize, padEnd } from './format.ts';

/** A file under way. */
interface ActiveFile {
  readonly bytesDone: number;
  readonly bytesTotal?: number;
  readonly chunksDone: number;
  readonly touchedMs: number;
}

export interface ProgressState {
  readonly label: string;
  readonly startedMs: number;
  readonly files: ReadonlyMap<string, ActiveFile>;
  readonly filesDone: number;
  /** Bytes of files that are finished. */
  readonly bytesFinished: number;
  readonly bytesShared: number;
  readonly expectedBytes?: number;
  readonly expectedFiles?: number;
  readonly rate: { readonly bytesPerSecond: number; readonly bytes: number; readonly atMs: number };
}

export interface ProgressUpdate {
  readonly path: string;
  readonly bytesDone: number;
  readonly bytesTotal?: number;
  readonly bytesShared: number;
  readonly chunksDone: number;
}

export interface Expected {
  readonly bytes?: number;
  readonly files?: number;
}

/** Lines of single files; more files than that are only in the total. */
export const activeLinesMax = 4;
/** Half the weight of a rate is gone after so long: steady to read, quick to notice a stall. */
const halfLifeMs = 3000;

export function startProgress(label: string, nowMs: number, expected: Expected): ProgressState {
  return {
    label, startedMs: nowMs, files: new Map(), filesDone: 0, bytesFinished: 0, bytesShared: 0,
    ...(expected.bytes === undefined ? {} : { expectedBytes: expected.bytes }),
    ...(expected.files === undefined ? {} : { expectedFiles: expected.files }),
    rate: { bytesPerSecond: 0, bytes: 0, atMs: nowMs },
  };
}

export function updateProgress(state: ProgressState, update: ProgressUpdate, nowMs: number): ProgressState {
  const files = new Map(state.files);
  files.set(update.path, {
    bytesDone: update.bytesDone, chunksDone: update.chunksDone, touchedMs: nowMs,
    ...(update.bytesTotal === undefined ? {} : { bytesTotal: update.bytesTotal }),
  });
  return { ...state, files };
}

export function finishFile(state: ProgressState, path: string, bytes: { readonly done: number; readonly shared: number }): ProgressState {
  const files = new Map(state.files);
  files.delete(path);
  return { ...state, files, filesDone: state.filesDone + 1, bytesFinished: state.bytesFinished + bytes.done, bytesShared: state.bytesShared + bytes.shared };
}

export function bytesDone(state: ProgressState): number {
  let total = state.bytesFinished;
  for (const file of state.files.values()) total += file.bytesDone;
  return total;
}

/** Folds what moved since the last sample into the exponentially weighted rate. */
export function sampleRate(state: ProgressState, nowMs: number): ProgressState {
  const passedMs = nowMs - state.rate.atMs;
  if (passedMs <= 0) return state;
  const bytes = bytesDone(state);
  const current = (Math.max(0, bytes - state.rate.bytes) * 1000) / passedMs;
  const isFirst = state.rate.bytes === 0 && state.rate.bytesPerSecond === 0;
  const weight = isFirst ? 1 : 1 - 0.5 ** (passedMs / halfLifeMs);
  const bytesPerSecond = state.rate.bytesPerSecond + weight * (current - state.rate.bytesPerSecond);
  return { ...state, rate: { bytesPerSecond, bytes, atMs: nowMs } };
}

export interface ProgressSummary {
  readonly bytesDone: number;
  readonly bytesTotal?: number;
  readonly filesDone: number;
  readonly filesTotal?: number;
  readonly bytesPerSecond: number;
  readonly etaMs?: number;
}

export function summarise(state: ProgressState): ProgressSummary {
  const done = bytesDone(state);
  const total = totalBytes(state);
  const rate = state.rate.bytesPerSecond;
  return {
    bytesDone: done, filesDone: state.filesDone, bytesPerSecond: Math.round(rate),
    ...(total === undefined ? {} : { bytesTotal: total }),
    ...(state.expectedFiles === undefined ? {} : { filesTotal: state.expectedFiles }),
    ...(total === undefined || rate < 1 ? {} : { etaMs: Math.round((Math.max(0, total - done) * 1000) / rate) }),
  };
}

function totalBytes(state: ProgressState): number | undefined {
  if (state.expectedBytes !== undefined) return state.expectedBytes;
  let total = state.bytesFinished;
  for (const file of state.files.values()) {
    if (file.bytesTotal === undefined) return undefined;
    total += file.bytesTotal;
  }
  return total;
}

/** The block of lines for a screen of this width: up to four files, longest under way first, then the total. */
export function renderProgress(state: ProgressState, columns: number): string[] {
  const width = Math.max(20, columns - 1);
  const active = [...state.files].slice(0, activeLinesMax);
  const lines = state.files.size > 1 || (state.expectedFiles ?? 1) > 1
    ? active.map(([path, file]) => fileLine(path, file, width))
    : [];
  return [...lines, totalLine(state, width)];
}

function fileLine(path: string, file: ActiveFile, width: number): string {
  const share = file.bytesTotal === undefined || file.bytesTotal === 0 ? '' : `${percent(file.bytesDone, file.bytesTotal)} `;
  const tail = `${share}${formatSize(file.bytesDone, 'binary')} ${file.chunksDone} chunks`;
  const nameWidth = Math.max(4, width - tail.length - 4);
  return fit(`  ${padEnd(fitFront(escapeControls(path), nameWidth), nameWidth)}  ${tail}`, width);
}

function totalLine(state: ProgressState, width: number): string {
  const summary = summarise(state);
  const files = state.expectedFiles === undefined || state.expectedFiles === 1 ? '' : ` ${summary.filesDone}/${state.expectedFiles} files`;
  const amount = summary.bytesTotal === undefined
    ? formatSize(summary.bytesDone, 'binary')
    : `${formatSize(summary.bytesDone, 'binary')}/${formatSize(summary.bytesTotal, 'binary')}`;
  const eta = summary.etaMs === undefined ? '' : ` ETA ${formatDuration(summary.etaMs)}`;
  const tail = `${amount}${files} ${formatSize(summary.bytesPerSecond, 'binary')}/s${eta}`;
  if (summary.bytesTotal === undefined || summary.bytesTotal === 0) return fit(`${state.label} ${tail}`, width);
  const barWidth = Math.min(30, width - state.label.length - tail.length - 9);
  const bar = barWidth >= 5 ? ` ${drawBar(summary.bytesDone / summary.bytesTotal, barWidth)}` : '';
  return fit(`${state.label}${bar} ${percent(summary.bytesDone, summary.bytesTotal)} ${tail}`, width);
}

function percent(done: number, total: number): string {
  return `${Math.min(100, Math.floor((done * 100) / total))}%`.padStart(4);
}

function drawBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`;
}

/** A path is told by its end. */
function fitFront(text: string, width: number): string {
  const chars = [...text];
  return chars.length <= width ? text : `…${chars.slice(chars.length - width + 1).join('')}`;
}
