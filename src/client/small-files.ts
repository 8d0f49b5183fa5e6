// Uploads a group of small files together: one touch per seeder, packs by coordinator, one batch that publishes them all.
// Every file has an outcome of its own; equal chunks travel once.

import { mapLimit } from '../async/for-each-limit.ts';
import { mustExist } from '../base/assert.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import type { ChunkId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { contentIdOf, type ManifestEntry } from '../model/manifest.ts';
import type { FileContent, OperationId, Outcome } from '../model/operation.ts';
import type { PackedChunk } from '../protocol/seeder-api.ts';
import { readPiece } from './chunk-cutter.ts';
import type { Holders, WriteResult } from './chunk-writer.ts';
import { isZero } from './core/chunk-plan.ts';
import { toFileFailure } from './file-failure.ts';
import type { WriteGrant } from './layout-cache.ts';
import type { Receipt, TreeFile, TreeOutcome, UploadOptions } from './remote-files.ts';
import { publishOperation } from './upload.ts';
import type { UploadContext } from './upload-context.ts';

export type SmallFileOptions = UploadOptions & { readonly operationId: string };

/** A file in memory; `chunk` is absent when it needs no seeder. */
interface LoadedFile {
  readonly file: TreeFile;
  readonly bytes: Uint8Array;
  readonly storageClass?: string;
  readonly chunk?: ChunkId;
}

/** How a file's chunk fared in this round. */
interface StoredFile {
  readonly loaded: LoadedFile;
  readonly content: FileContent;
  readonly copies: number;
  readonly shared: boolean;
}

type Attempted = StoredFile | { readonly loaded: LoadedFile; readonly error: OffshoreError };

/** What is known of one chunk after touch and send. */
type ChunkState = { readonly copies: number; readonly shared: boolean } | { readonly error: OffshoreError };

/** Every file of the group fits the memory that the caller took for it; each is at most one chunk long. */
export async function uploadSmallFiles(files: readonly TreeFile[], options: SmallFileOptions, context: UploadContext): Promise<readonly TreeOutcome[]> {
  const loaded = await mapLimit(files, limits.smallReadsMax, (file, signal) => load(file, context, signal), options.signal);
  const outcomes: TreeOutcome[] = [];
  let left: LoadedFile[] = [];
  for (const each of loaded) {
    if ('error' in each) outcomes.push({ path: each.path, ok: false, error: each.error });
    else left.push(each);
  }
  for (let round = 0; left.length > 0; round += 1) {
    const attempted = await storeAll(left, context, options.signal);
    const again: LoadedFile[] = [];
    for (const [each, outcome] of await publishAll(attempted, options, context)) {
      // The trackers want the chunks under a new stamp: the bytes are still here, so they go round again.
      if (!outcome.ok && isOffshoreError(outcome.error, 'reupload') && round < context.retries) again.push(each);
      else outcomes.push(outcome);
    }
    left = again;
  }
  return outcomes;
}

async function load(file: TreeFile, context: UploadContext, signal: AbortSignal): Promise<LoadedFile | { readonly path: string; readonly error: Error }> {
  try {
    const bytes = await readPiece(file.source, { path: file.path, offset: 0, bytes: file.source.bytes });
    if (bytes.length <= limits.inlineBytesMax) return { file, bytes };
    const storageClass = await context.classes.of(file.path, signal);
    if (isZero(bytes)) return { file, bytes, storageClass };
    return { file, bytes, storageClass, chunk: (await context.hasher.hash(bytes)).chunk };
  } catch (error) {
    return { path: file.path, error: toFileFailure(error, signal) };
  }
}

async function storeAll(files: readonly LoadedFile[], context: UploadContext, signal: AbortSignal): Promise<readonly Attempted[]> {
  const attempted: Attempted[] = [];
  for (const storageClass of new Set(files.map((each) => each.storageClass))) {
    const members = files.filter((each) => each.storageClass === storageClass);
    if (storageClass === undefined) attempted.push(...members.map((loaded) => inline(loaded, context)));
    else attempted.push(...await storeClass(storageClass, members, context, signal));
  }
  return attempted;
}

function inline(loaded: LoadedFile, context: UploadContext): StoredFile {
  return { loaded, content: { kind: 'inline', bytes: loaded.bytes }, copies: context.trackerCopies(), shared: false };
}

async function storeClass(storageClass: string, files: readonly LoadedFile[], context: UploadContext, signal: AbortSignal): Promise<readonly Attempted[]> {
  try {
    const grant = await context.layouts.grant(storageClass, signal);
    const chunks = new Map<ChunkId, PackedChunk>();
    for (const { chunk, bytes } of files) if (chunk !== undefined) chunks.set(chunk, { chunk, bytes });
    const states = await makeDurable(chunks, grant, context, signal);
    return files.map((loaded): Attempted => {
      const state = loaded.chunk === undefined ? { copies: context.trackerCopies(), shared: false } : mustExist(states.get(loaded.chunk), 'every chunk has a state');
      return 'error' in state ? { loaded, error: state.error } : { loaded, content: toContent(loaded, grant, context), ...state };
    });
  } catch (error) {
    if (signal.aborted || !isOffshoreError(error)) throw error;
    return files.map((loaded) => ({ loaded, error }));
  }
}

async function makeDurable(chunks: ReadonlyMap<ChunkId, PackedChunk>, grant: WriteGrant, context: UploadContext, signal: AbortSignal): Promise<ReadonlyMap<ChunkId, ChunkState>> {
  const { writer } = context;
  const states = new Map<ChunkId, ChunkState>();
  if (chunks.size === 0) return states;
  const held = await writer.touch([...chunks.keys()], grant, signal);
  const missing: PackedChunk[] = [];
  for (const chunk of chunks.values()) {
    const { copies, enough } = writer.judge(chunk.chunk, held.get(chunk.chunk) ?? new Set(), grant);
    if (enough) states.set(chunk.chunk, { copies, shared: true });
    else missing.push(chunk);
  }
  for (const [chunk, result] of await writer.sendMany(missing, grant, signal)) states.set(chunk, toState(chunk, result, held.get(chunk) ?? new Set(), { grant, context }));
  return states;
}

function toState(chunk: ChunkId, result: WriteResult, held: Holders, by: { readonly grant: WriteGrant; readonly context: UploadContext }): ChunkState {
  if (result.kind === 'failed') return { error: result.error };
  const holders = new Set([...result.holders, ...held]);
  return { copies: by.context.writer.judge(chunk, holders, by.grant).copies, shared: false };
}

function toContent(loaded: LoadedFile, grant: WriteGrant, context: UploadContext): FileContent {
  const { length } = loaded.bytes;
  const entry: ManifestEntry = loaded.chunk === undefined ? { kind: 'hole', bytes: length } : { kind: 'chunk', chunk: loaded.chunk, bytes: length };
  const { chunkBytes } = context;
  const contentId = contentIdOf({ bytes: length, chunkBytes, entries: [entry] }, context.sha256);
  const pages = [{ kind: 'carried', entries: [entry] } as const];
  return { kind: 'chunked', bytes: length, chunkBytes, storageClass: grant.storageClass, contentId, pages, stamp: grant.stamp };
}

async function publishAll(attempted: readonly Attempted[], options: SmallFileOptions, context: UploadContext): Promise<readonly (readonly [LoadedFile, TreeOutcome])[]> {
  const stored = attempted.filter((each): each is StoredFile => !('error' in each));
  const operations = stored.map(({ loaded, content }) => publishOperation(loaded.file.path, content, { ...options, attributes: loaded.file.attributes }));
  const published = await publishBatch(operations, options, context);
  const done = stored.map((each, i) => [each.loaded, toTreeOutcome(each, published[i], options)] as const);
  const failed = attempted.flatMap((each) => ('error' in each ? [[each.loaded, { path: each.loaded.file.path, ok: false, error: each.error }] as const] : []));
  return [...done, ...failed];
}

/** A batch that could not be carried out fails its own files, not the tree. */
async function publishBatch(operations: Parameters<UploadContext['session']['run']>[0], options: SmallFileOptions, context: UploadContext): Promise<readonly Outcome[]> {
  try {
    return await context.session.run(operations, { operationId: options.operationId as OperationId, signal: options.signal });
  } catch (error) {
    if (options.signal.aborted || !isOffshoreError(error)) throw error;
    return operations.map(() => ({ ok: false, code: error.code, details: error.details }));
  }
}

function toTreeOutcome(stored: StoredFile, outcome: Outcome | undefined, options: SmallFileOptions): TreeOutcome {
  const { path } = stored.loaded.file;
  const { bytes } = stored.loaded;
  const known = mustExist(outcome, 'every operation has an outcome');
  if (!known.ok) return { path, ok: false, error: new OffshoreError(known.code, { path, ...known.details }) };
  const contentId = stored.content.kind === 'chunked' ? stored.content.contentId : known.contentId;
  if (contentId === undefined) return { path, ok: false, error: new OffshoreError('bad-answer', { path, reason: 'no content id' }) };
  const bytesShared = stored.shared ? bytes.length : 0;
  options.onProgress?.({ path, bytesTotal: bytes.length, bytesDone: bytes.length, bytesShared, chunksDone: stored.loaded.chunk === undefined ? 0 : 1 });
  const receipt: Receipt = { path, bytes: bytes.length, contentId, index: known.index, copies: stored.copies, lossesSurvived: stored.copies - 1, bytesShared };
  return { path, ok: true, receipt };
}
