// An open file version and its bytes: pages from the trackers, chunks read ahead in order and verified, holes made here.
// A read holds a bounded number of chunks and gives out nothing that was not compared with the namespace's word.

import { mustNotBeAborted } from '../async/abort.ts';
import { fromBase64 } from '../base/base64.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { NodeInfo } from '../model/node-info.ts';
import { isManifestAnswer } from '../protocol/validate.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { slicesOfRange, type ByteSpan, type ChunkSlice } from './core/chunk-plan.ts';
import { inOrder } from './in-order.ts';
import { ManifestPages } from './manifest-pages.ts';
import type { RemoteFile, TransferOptions } from './remote-files.ts';
import type { TrackerClient } from './tracker-client.ts';

export interface DownloadDeps {
  readonly trackers: TrackerClient;
  readonly reader: ChunkReader;
}

/** Opens the present version. Throws `is-a-directory` and what else the path deserves. */
export async function openFile(path: string, deps: DownloadDeps, signal: AbortSignal): Promise<RemoteFile> {
  const { node, content } = await deps.trackers.read('manifest', { path, page: 0, pages: 1 }, isManifestAnswer, signal);
  if (content.kind === 'inline') return new InlineFile(path, node, mustDecode(path, content.base64, node));
  return new ChunkedFile(path, node, new ManifestPages({ path, node, content }, deps), deps.reader);
}

function mustDecode(path: string, base64: string, node: NodeInfo): Uint8Array {
  const bytes = fromBase64(base64);
  if (bytes === undefined || bytes.length !== node.bytes) throw new OffshoreError('bad-answer', { path, reason: 'inline bytes' });
  return bytes;
}

class InlineFile implements RemoteFile {
  readonly node: NodeInfo;
  readonly #path: string;
  readonly #bytes: Uint8Array;

  constructor(path: string, node: NodeInfo, bytes: Uint8Array) {
    this.node = node;
    this.#path = path;
    this.#bytes = bytes;
  }

  async *read(range: ByteSpan, options: TransferOptions): AsyncGenerator<Uint8Array, void, undefined> {
    mustNotBeAborted(options.signal);
    const part = this.#bytes.slice(Math.max(0, range.start), Math.max(0, range.end));
    if (part.length === 0) return;
    options.onProgress?.({ path: this.#path, bytesTotal: part.length, bytesDone: part.length, bytesShared: 0, chunksDone: 0 });
    yield part;
  }
}

class ChunkedFile implements RemoteFile {
  readonly node: NodeInfo;
  readonly #path: string;
  readonly #pages: ManifestPages;
  readonly #reader: ChunkReader;
  /** The chunk a small range was cut from: the next small range is often in it too. */
  #recent: { readonly number: number; readonly bytes: Uint8Array } | undefined;

  constructor(path: string, node: NodeInfo, pages: ManifestPages, reader: ChunkReader) {
    this.node = node;
    this.#path = path;
    this.#pages = pages;
    this.#reader = reader;
  }

  async *read(range: ByteSpan, options: TransferOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { chunkBytes } = this.#pages;
    const ahead = Math.max(1, Math.min(options.chunksInFlight ?? limits.chunksInFlightDefault, Math.floor(limits.readAheadBytesMax / chunkBytes)));
    const slices = slicesOfRange(range, { bytes: this.node.bytes, chunkBytes });
    const bytesTotal = Math.max(0, Math.min(range.end, this.node.bytes) - Math.max(0, range.start));
    let bytesDone = 0;
    let chunksDone = 0;
    for await (const part of inOrder(slices, ahead, (slice, signal) => this.#slice(slice, signal), options.signal)) {
      bytesDone += part.length;
      chunksDone += 1;
      options.onProgress?.({ path: this.#path, bytesTotal, bytesDone, bytesShared: 0, chunksDone });
      yield part;
    }
  }

  async #slice(slice: ChunkSlice, signal: AbortSignal): Promise<Uint8Array> {
    const { start, end } = slice.wanted;
    const isWhole = end - start === slice.bytes;
    if (this.#recent?.number === slice.number) return this.#recent.bytes.slice(start, end);
    const entry = await this.#pages.entry(slice.number, signal);
    if (entry.kind === 'hole') return new Uint8Array(end - start);
    const bytes = await this.#chunk({ path: this.#path, storageClass: this.#pages.storageClass, chunk: entry.chunk, bytes: entry.bytes }, signal);
    if (isWhole) return bytes;
    this.#recent = { number: slice.number, bytes };
    return bytes.slice(start, end);
  }

  async #chunk(chunk: Parameters<ChunkReader['read']>[0], signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#reader.read(chunk, signal);
    } catch (error) {
      // A version that was pruned meanwhile loses its chunks: that is `changed`, not damage.
      if (isOffshoreError(error, 'chunk-unreachable')) await this.#pages.check(signal);
      throw error;
    }
  }
}
