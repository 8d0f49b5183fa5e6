// RemoteFiles in one process, without trackers, seeders or chunks: what the shell's and the gateways' unit tests run on.
// It passes the same contract suite as the real client (test/contract/remote-files.ts).

import { createHash } from 'node:crypto';
import { assert } from '../../src/base/assert.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { ChunkId, ClusterId, ContentId, LogIndex, NodeName } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type {
  ChunkPlace, NodePing, Receipt, RemoteFile, RemoteFiles, TransferOptions, TreeFile, TreeOutcome, UploadOptions, UploadSource,
} from '../../src/client/remote-files.ts';
import type { Sha256 } from '../../src/model/chunk.ts';
import { contentIdOf, type ManifestEntry } from '../../src/model/manifest.ts';
import type { DirectoryEntry, NodeInfo } from '../../src/model/node-info.ts';
import type { Operation, Outcome } from '../../src/model/operation.ts';
import type { ClusterStatus, ContentsAnswer } from '../../src/protocol/tracker-api.ts';
import { MemoryNamespace, type StoredContent } from './memory-namespace.ts';

interface HeldFile extends StoredContent {
  readonly body: Uint8Array;
}

const sha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export class MemoryRemoteFiles implements RemoteFiles {
  readonly #namespace = new MemoryNamespace<HeldFile>();
  /** Paths whose next upload fails with this error, for tests of how a command reports it. */
  readonly failures = new Map<string, OffshoreError>();
  /** Every operation that was asked for, in order. */
  readonly ran: Operation[] = [];

  async stat(path: string, follow: 'final-symlink' | 'never', signal: AbortSignal): Promise<NodeInfo> {
    throwIfAborted(signal);
    return this.#namespace.stat(path, follow);
  }

  async *list(path: string, signal: AbortSignal): AsyncIterable<DirectoryEntry> {
    throwIfAborted(signal);
    for (const entry of this.#namespace.list(path).entries) {
      throwIfAborted(signal);
      yield entry;
    }
  }

  async run(operations: readonly Operation[], options: { readonly signal: AbortSignal }): Promise<readonly Outcome[]> {
    throwIfAborted(options.signal);
    this.ran.push(...operations);
    return operations.map((operation) => this.#namespace.apply(operation, inlineContent));
  }

  async upload(source: UploadSource, path: string, options: UploadOptions): Promise<Receipt> {
    const failure = this.failures.get(path);
    if (failure !== undefined) throw failure;
    const body = source.kind === 'file' ? await source.read(0, source.bytes) : await joined(source.stream);
    throwIfAborted(options.signal);
    const outcome = this.#namespace.apply({
      kind: 'publish', path, content: { kind: 'inline', bytes: body }, attributes: options.attributes ?? {},
      parents: options.parents ?? 'must-exist', ...(options.expect === undefined ? {} : { expect: options.expect }),
    }, inlineContent);
    if (!outcome.ok) throw new OffshoreError(outcome.code, outcome.details);
    options.onProgress?.({ path, bytesTotal: body.length, bytesDone: body.length, bytesShared: 0, chunksDone: 1 });
    const contentId = outcome.contentId;
    assert(contentId !== undefined, 'a published file has a content id');
    return { path, bytes: body.length, contentId, index: outcome.index, copies: 3, lossesSurvived: 2, bytesShared: 0 };
  }

  async *uploadTree(files: AsyncIterable<TreeFile>, options: UploadOptions & { readonly transfers?: number }): AsyncIterable<TreeOutcome> {
    for await (const file of files) {
      try {
        yield { path: file.path, ok: true, receipt: await this.upload(file.source, file.path, { ...options, attributes: file.attributes }) };
      } catch (error) {
        if (!(error instanceof Error) || options.signal.aborted) throw error;
        yield { path: file.path, ok: false, error };
      }
    }
  }

  async open(path: string, signal: AbortSignal): Promise<RemoteFile> {
    throwIfAborted(signal);
    const { node, content } = this.#namespace.content(path);
    return { node, read: (range, options) => pieces(content.body, range, options) };
  }

  async findContent(prefix: string, signal: AbortSignal): Promise<ContentsAnswer['matches']> {
    throwIfAborted(signal);
    if (!/^[0-9a-f]{5,64}$/.test(prefix)) throw new OffshoreError('bad-request', { prefix });
    return [...this.#namespace.files()]
      .filter((file) => file.content.contentId.startsWith(prefix))
      .map(({ path, node, content }) => ({ contentId: content.contentId, path, node }));
  }

  async usage(path: string, signal: AbortSignal): Promise<{ readonly bytes: number; readonly inodes: number }> {
    throwIfAborted(signal);
    return this.#namespace.usage(path);
  }

  async status(signal: AbortSignal): Promise<ClusterStatus> {
    throwIfAborted(signal);
    return {
      cluster: 'c'.repeat(64) as ClusterId, index: this.#namespace.index as LogIndex, leader: 'tracker-1' as NodeName,
      trackers: [{ name: 'tracker-1' as NodeName, url: 'memory://tracker-1', role: 'leader' }],
      seeders: [], classes: [], ...this.#namespace.usage('/'),
    };
  }

  async ping(signal: AbortSignal): Promise<readonly NodePing[]> {
    throwIfAborted(signal);
    return [{ name: 'tracker-1' as NodeName, url: 'memory://tracker-1', role: 'tracker', isLeader: true, roundTripMs: 0.1 }];
  }

  async *places(path: string, signal: AbortSignal): AsyncIterable<ChunkPlace> {
    throwIfAborted(signal);
    this.#namespace.content(path);
  }

  async close(): Promise<void> {}
}

function inlineContent(operation: Extract<Operation, { kind: 'publish' }>): HeldFile {
  if (operation.content.kind !== 'inline') throw new OffshoreError('bad-request', { path: operation.path });
  const body = operation.content.bytes.slice();
  return { body, bytes: body.length, contentId: contentIdOfBody(body), storageClass: 'copies=3' };
}

/** As of an inline file: one chunk named by its own SHA-256, however long. */
export function contentIdOfBody(body: Uint8Array): ContentId {
  const chunk = Buffer.from(sha256([body])).toString('hex') as ChunkId;
  const entries: ManifestEntry[] = body.length === 0 ? [] : [{ kind: 'chunk', chunk, bytes: body.length }];
  return contentIdOf({ bytes: body.length, chunkBytes: limits.chunkBytesDefault, entries }, sha256);
}

async function* pieces(body: Uint8Array, range: { readonly start: number; readonly end: number }, options: TransferOptions): AsyncIterable<Uint8Array> {
  const end = Math.min(range.end, body.length);
  for (let at = Math.max(0, range.start); at < end; at += limits.blockBytes) {
    throwIfAborted(options.signal);
    yield body.slice(at, Math.min(end, at + limits.blockBytes));
  }
}

async function joined(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part.slice());
  return concatBytes(parts);
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new OffshoreError('aborted');
}
