// Uploads one file: cut, hash, touch, send, stage, publish (`architecture.md` 5, Write). Until the publish nobody sees anything;
// after it everybody sees all of it. It holds a bounded number of chunks in memory and never publishes one that is not durable.

import { forEachLimit } from '../async/for-each-limit.ts';
import { within } from '../async/deadline.ts';
import { mustExist } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { contentIdOf, type ManifestEntry } from '../model/manifest.ts';
import type { FileContent, Operation, OperationId, Outcome } from '../model/operation.ts';
import { BudgetShare } from './budget-share.ts';
import { cut, readPiece, type Piece } from './chunk-cutter.ts';
import type { Holders } from './chunk-writer.ts';
import { chunkCount, isZero, pageOfChunk } from './core/chunk-plan.ts';
import type { WriteGrant } from './layout-cache.ts';
import { randomId } from './random-id.ts';
import type { Receipt, UploadOptions, UploadSource } from './remote-files.ts';
import { mustBeDone } from './session.ts';
import { TouchQueue } from './touch-queue.ts';
import type { UploadContext } from './upload-context.ts';
import { UploadPage } from './upload-page.ts';

export async function upload(source: UploadSource, path: string, options: UploadOptions, context: UploadContext): Promise<Receipt> {
  const budget = new BudgetShare(context.budget);
  const pieces = cut(source, { path, chunkBytes: context.chunkBytes }, budget, options.signal);
  try {
    const first = await pieces.next();
    const bytes = first.done === true ? emptyBytes : first.value.bytes;
    const whole = source.kind === 'file' ? bytes.length === source.bytes : bytes.length < context.chunkBytes;
    if (whole && bytes.length <= limits.inlineBytesMax) return await publishInline(bytes, path, options, context);
    return await new Upload(source, path, options, context).run(withFirst(first, pieces), budget);
  } finally {
    await pieces.return(undefined);
    budget[Symbol.dispose]();
  }
}

/** The operation that makes a file of this content visible. */
export function publishOperation(path: string, content: FileContent, options: Pick<UploadOptions, 'attributes' | 'parents' | 'expect'>): Operation {
  const expect = options.expect === undefined ? {} : { expect: options.expect };
  return { kind: 'publish', path, content, attributes: options.attributes ?? {}, parents: options.parents ?? 'must-exist', ...expect };
}

async function publishInline(bytes: Uint8Array, path: string, options: UploadOptions, context: UploadContext): Promise<Receipt> {
  const operation = publishOperation(path, { kind: 'inline', bytes }, options);
  const operationId = (options.operationId ?? randomId(context.rng)) as OperationId;
  const [outcome] = await context.session.run([operation], { operationId, signal: options.signal });
  const { index, contentId } = mustBeDone(outcome, { path });
  if (contentId === undefined) throw new OffshoreError('bad-answer', { path, reason: 'no content id' });
  options.onProgress?.({ path, bytesTotal: bytes.length, bytesDone: bytes.length, bytesShared: 0, chunksDone: 0 });
  const copies = context.trackerCopies();
  return { path, bytes: bytes.length, contentId, index, copies, lossesSurvived: copies - 1, bytesShared: 0 };
}

async function* withFirst(first: IteratorResult<Piece, unknown>, rest: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  if (first.done !== true) yield first.value;
  yield* rest;
}

class Upload {
  readonly #source: UploadSource;
  readonly #path: string;
  readonly #options: UploadOptions;
  readonly #context: UploadContext;
  readonly #operationId: OperationId;
  readonly #pages: UploadPage[] = [];
  readonly #touches: TouchQueue;
  #grant: WriteGrant | undefined;
  /** Upload session that holds staged pages. */
  #upload: string | undefined;
  #bytes = 0;
  #bytesShared = 0;
  #chunks = 0;

  constructor(source: UploadSource, path: string, options: UploadOptions, context: UploadContext) {
    this.#source = source;
    this.#path = path;
    this.#options = options;
    this.#context = context;
    this.#operationId = (options.operationId ?? randomId(context.rng)) as OperationId;
    this.#touches = new TouchQueue({ writer: context.writer, grant: () => this.#granted() });
  }

  async run(pieces: AsyncGenerator<Piece>, budget: BudgetShare): Promise<Receipt> {
    const { signal } = this.#options;
    try {
      const storageClass = await this.#context.classes.of(this.#path, signal);
      this.#grant = await this.#context.layouts.grant(storageClass, signal);
      // Twice the chunks in flight: as many wait for hash and touch as travel.
      await forEachLimit(pieces, 2 * this.#window(), (piece, inner) => this.#take(piece, budget, inner), signal);
      return await this.#publish(budget, signal);
    } catch (error) {
      await this.#closeUpload();
      throw error;
    }
  }

  /** One chunk from bytes to durable; the last one of a full page stages it. */
  async #take(piece: Piece, budget: BudgetShare, signal: AbortSignal): Promise<void> {
    const { page: pageNumber, entry: at } = pageOfChunk(piece.number);
    const page = (this.#pages[pageNumber] ??= new UploadPage(pageNumber));
    const { bytes } = piece;
    let state: 'full' | 'open';
    try {
      state = isZero(bytes) ? page.set(at, { kind: 'hole', bytes: bytes.length }, 0) : await this.#store(bytes, page, at, signal);
    } finally {
      piece.release();
    }
    this.#bytes += bytes.length;
    this.#chunks += 1;
    this.#report();
    if (state === 'full' && this.#hasPages()) await this.#stage(page, budget, signal);
  }

  async #store(bytes: Uint8Array, page: UploadPage, at: number, signal: AbortSignal): Promise<'full' | 'open'> {
    const { chunk } = await this.#context.hasher.hash(bytes);
    const held = await this.#touches.touch(chunk, signal);
    const grant = this.#granted();
    const before = this.#context.writer.judge(chunk, held, grant);
    if (before.enough) this.#bytesShared += bytes.length;
    const holders = before.enough ? held : union(held, await this.#context.writer.send({ chunk, bytes }, grant, signal));
    return page.set(at, { kind: 'chunk', chunk, bytes: bytes.length }, this.#context.writer.judge(chunk, holders, grant).copies);
  }

  /** Stages what is left, publishes, and starts again from the touches when the trackers want the chunks again. */
  async #publish(budget: BudgetShare, signal: AbortSignal): Promise<Receipt> {
    for (let round = 0; ; round += 1) {
      if (this.#hasPages()) for (const page of this.#pages) if (page.staged === undefined) await this.#stage(page, budget, signal);
      const content = this.#content();
      const closing: Operation[] = this.#upload === undefined ? [] : [{ kind: 'close-upload', upload: this.#upload }];
      const operations = [publishOperation(this.#path, content, this.#options), ...closing];
      const [outcome] = await this.#context.session.run(operations, { operationId: this.#operationId, signal });
      if (outcome?.ok === true) return this.#receipt(content, outcome);
      if (outcome?.code !== 'reupload' || round >= this.#context.retries) mustBeDone(outcome, { path: this.#path });
      await this.#renewGrant(signal);
      // The batch closed the upload session, and what was staged in it is gone.
      this.#upload = undefined;
      for (const page of this.#pages) await this.#redo(page, budget, signal);
    }
  }

  /** Hands a page to the trackers ahead of the publish; each one opens the upload session or renews its lease. */
  async #stage(page: UploadPage, budget: BudgetShare, signal: AbortSignal): Promise<void> {
    for (let round = 0; ; round += 1) {
      const upload = (this.#upload ??= randomId(this.#context.rng));
      const { storageClass, stamp } = this.#granted();
      const operations: Operation[] = [{ kind: 'open-upload', upload }, { kind: 'stage', upload, storageClass, entries: page.entries, stamp }];
      const [opened, outcome] = await this.#context.session.run(operations, { operationId: this.#operationId, signal });
      mustBeDone(opened, { path: this.#path });
      if (outcome?.ok === true) {
        page.staged = mustExist(outcome.page, 'a staged page has a name');
        return;
      }
      if (outcome?.code !== 'reupload' || round >= this.#context.retries) mustBeDone(outcome, { path: this.#path });
      if (this.#granted().stamp === stamp) await this.#renewGrant(signal);
      await this.#redo(page, budget, signal);
    }
  }

  /** Renews the stamps of a page's chunks under the present grant and sends again what too few hold. */
  async #redo(page: UploadPage, budget: BudgetShare, signal: AbortSignal): Promise<void> {
    page.staged = undefined;
    const { entries } = page;
    const chunks = [...new Set(entries.flatMap((entry) => (entry.kind === 'chunk' ? [entry.chunk] : [])))];
    if (chunks.length === 0) return;
    const grant = this.#granted();
    const held = await this.#context.writer.touch(chunks, grant, signal);
    await forEachLimit(entries.entries(), this.#window(), async ([at, entry], inner) => {
      if (entry.kind === 'hole') return;
      const touched = held.get(entry.chunk) ?? new Set();
      const enough = this.#context.writer.judge(entry.chunk, touched, grant).enough;
      const holders = enough ? touched : union(touched, await this.#sendAgain(entry, page.number * limits.pageEntriesMax + at, { grant, budget }, inner));
      page.set(at, entry, this.#context.writer.judge(entry.chunk, holders, grant).copies);
    }, signal);
  }

  /** Only a file can be read again; a stream's bytes are gone. */
  async #sendAgain(
    entry: Extract<ManifestEntry, { kind: 'chunk' }>, number: number, under: { readonly grant: WriteGrant; readonly budget: BudgetShare }, signal: AbortSignal,
  ): Promise<Holders> {
    if (this.#source.kind === 'stream') throw new OffshoreError('reupload', { path: this.#path, chunk: entry.chunk });
    const release = await under.budget.acquire(entry.bytes, signal);
    try {
      const offset = number * this.#context.chunkBytes;
      const bytes = await readPiece(this.#source, { path: this.#path, offset, bytes: entry.bytes });
      const { chunk } = await this.#context.hasher.hash(bytes);
      if (chunk !== entry.chunk) throw new OffshoreError('changed', { path: this.#path, offset });
      return await this.#context.writer.send({ chunk, bytes }, under.grant, signal);
    } finally {
      release();
    }
  }

  /** More than one page: known at once of a file, of a stream when its second page begins. */
  #hasPages(): boolean {
    if (this.#source.kind === 'file') return chunkCount(this.#source.bytes, this.#context.chunkBytes) > limits.pageEntriesMax;
    return this.#pages.length > 1;
  }

  #content(): Extract<FileContent, { kind: 'chunked' }> {
    const entries = this.#pages.flatMap((page) => page.entries);
    const { chunkBytes, sha256 } = this.#context;
    const { storageClass, stamp } = this.#granted();
    const pages = this.#pages.map((page) => (page.staged === undefined
      ? { kind: 'carried', entries: page.entries } as const
      : { kind: 'staged', page: page.staged } as const));
    const contentId = contentIdOf({ bytes: this.#bytes, chunkBytes, entries }, sha256);
    const upload = this.#upload === undefined ? {} : { upload: this.#upload };
    return { kind: 'chunked', bytes: this.#bytes, chunkBytes, storageClass, contentId, pages, stamp, ...upload };
  }

  #receipt(content: Extract<FileContent, { kind: 'chunked' }>, outcome: Extract<Outcome, { ok: true }>): Receipt {
    const counts = this.#pages.flatMap((page) => page.copies ?? []);
    const copies = counts.length === 0 ? this.#context.trackerCopies() : Math.min(...counts);
    const { bytes, contentId } = content;
    return { path: this.#path, bytes, contentId, index: outcome.index, copies, lossesSurvived: copies - 1, bytesShared: this.#bytesShared };
  }

  /** Best effort after a failure, also after an abort: what stays staged is freed by the end of its lease. */
  async #closeUpload(): Promise<void> {
    const upload = this.#upload;
    if (upload === undefined) return;
    try {
      await within(new AbortController().signal, limits.closeUploadMs, this.#context.clock, (signal) =>
        this.#context.session.run([{ kind: 'close-upload', upload }], { operationId: this.#operationId, signal }));
    } catch (error) {
      if (!isOffshoreError(error)) throw error;
    }
  }

  async #renewGrant(signal: AbortSignal): Promise<void> {
    this.#grant = await this.#context.layouts.grant(this.#granted().storageClass, signal);
  }

  #granted(): WriteGrant {
    return mustExist(this.#grant, 'the grant comes before the first chunk');
  }

  #window(): number {
    return this.#options.chunksInFlight ?? limits.chunksInFlightDefault;
  }

  #report(): void {
    const total = this.#source.kind === 'file' ? { bytesTotal: this.#source.bytes } : {};
    this.#options.onProgress?.({ path: this.#path, ...total, bytesDone: this.#bytes, bytesShared: this.#bytesShared, chunksDone: this.#chunks });
  }
}

function union(left: Holders, right: Holders): Holders {
  return new Set([...left, ...right]);
}
