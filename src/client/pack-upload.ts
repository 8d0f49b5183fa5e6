// Uploads many files: small ones in groups, large ones one by one, a few of either at a time. Memory is bounded by the client's
// budget, outcomes by a queue whose reader sets the pace. One file's failure never stops the others.

import { onAbort } from '../async/abort.ts';
import { BoundedQueue } from '../async/bounded-queue.ts';
import { forEachLimit } from '../async/for-each-limit.ts';
import { Semaphore, type Release } from '../async/semaphore.ts';
import { unreachable } from '../base/assert.ts';
import { limits } from '../base/limits.ts';
import { BudgetShare } from './budget-share.ts';
import { toFileFailure } from './file-failure.ts';
import { randomId } from './random-id.ts';
import type { TreeFile, TreeOutcome, UploadOptions } from './remote-files.ts';
import { uploadSmallFiles } from './small-files.ts';
import { upload } from './upload.ts';
import type { UploadContext } from './upload-context.ts';

export type TreeOptions = UploadOptions & { readonly transfers?: number };

/** One piece of work. */
type Job = { readonly kind: 'large'; readonly file: TreeFile } | { readonly kind: 'group'; readonly files: readonly TreeFile[]; readonly bytes: number };

interface Waiting {
  readonly outcome: TreeOutcome;
  readonly taken: Release;
}

/** Outcomes as files finish. Ending the iteration early stops the upload; an error of `files` itself ends it after what is under way. */
export async function* uploadTree(files: AsyncIterable<TreeFile>, options: TreeOptions, context: UploadContext): AsyncGenerator<TreeOutcome, void, undefined> {
  const controller = new AbortController();
  const off = onAbort(options.signal, () => controller.abort(options.signal.reason));
  const tree = new TreeUpload({ ...options, signal: controller.signal, operationId: options.operationId ?? randomId(context.rng) }, context);
  const ended = tree.run(files);
  try {
    yield* tree.outcomes();
  } finally {
    controller.abort();
    off();
    const result = await ended;
    // After an early end nobody is left to hear of it.
    if (result.kind === 'failed' && tree.isDrained) throw result.error;
  }
}

class TreeUpload {
  readonly #options: TreeOptions & { readonly operationId: string };
  readonly #context: UploadContext;
  readonly #queue = new BoundedQueue<Waiting>({ itemsMax: limits.treeOutcomesMax });
  /** Places in the queue: who finishes a file waits for one, so that a slow reader slows the upload. */
  readonly #places = new Semaphore({ permits: limits.treeOutcomesMax, waitersMax: limits.treeOutcomesMax });
  #drained = false;

  constructor(options: TreeOptions & { readonly operationId: string }, context: UploadContext) {
    this.#options = options;
    this.#context = context;
  }

  get isDrained(): boolean {
    return this.#drained;
  }

  /** Never rejects: its end is a value, because its reader may be gone. */
  async run(files: AsyncIterable<TreeFile>): Promise<{ readonly kind: 'done' } | { readonly kind: 'failed'; readonly error: unknown }> {
    try {
      const jobs = toJobs(files, Math.min(limits.smallFileBytes, this.#context.chunkBytes));
      await forEachLimit(jobs, this.#options.transfers ?? limits.transfersDefault, (job, signal) => this.#work(job, signal), this.#options.signal);
      return { kind: 'done' };
    } catch (error) {
      return { kind: 'failed', error };
    } finally {
      this.#queue.close();
    }
  }

  async *outcomes(): AsyncGenerator<TreeOutcome, void, undefined> {
    for (;;) {
      const [next] = await this.#queue.takeBatch(1, new AbortController().signal);
      if (next === undefined) break;
      next.taken();
      yield next.outcome;
    }
    this.#drained = true;
  }

  async #work(job: Job, signal: AbortSignal): Promise<void> {
    switch (job.kind) {
      case 'large': return this.#tell([await this.#large(job.file, signal)], signal);
      case 'group': return this.#tell(await this.#group(job, signal), signal);
      default: return unreachable(job);
    }
  }

  async #large(file: TreeFile, signal: AbortSignal): Promise<TreeOutcome> {
    try {
      const options = { ...this.#options, attributes: file.attributes, signal };
      return { path: file.path, ok: true, receipt: await upload(file.source, file.path, options, this.#context) };
    } catch (error) {
      return { path: file.path, ok: false, error: toFileFailure(error, signal) };
    }
  }

  async #group(job: Extract<Job, { kind: 'group' }>, signal: AbortSignal): Promise<readonly TreeOutcome[]> {
    const budget = new BudgetShare(this.#context.budget);
    try {
      await budget.acquire(Math.max(1, job.bytes), signal);
      return await uploadSmallFiles(job.files, { ...this.#options, signal }, this.#context);
    } finally {
      budget[Symbol.dispose]();
    }
  }

  async #tell(outcomes: readonly TreeOutcome[], signal: AbortSignal): Promise<void> {
    for (const outcome of outcomes) {
      const taken = await this.#places.acquire(signal);
      this.#queue.push({ outcome, taken });
    }
  }
}

/** Groups small files in the order they come. */
async function* toJobs(files: AsyncIterable<TreeFile>, smallBytesMax: number): AsyncGenerator<Job> {
  let group: TreeFile[] = [];
  let bytes = 0;
  for await (const file of files) {
    if (file.source.bytes > smallBytesMax) {
      yield { kind: 'large', file };
      continue;
    }
    if (group.length >= limits.treeGroupFilesMax || bytes + file.source.bytes > limits.treeGroupBytesMax) {
      yield { kind: 'group', files: group, bytes };
      group = [];
      bytes = 0;
    }
    group.push(file);
    bytes += file.source.bytes;
  }
  if (group.length > 0) yield { kind: 'group', files: group, bytes };
}
