// Facade: the cluster as RemoteFiles. It owns the parts of the client (trackers, seeders, layout, session) and their lifetime;
// it decides nothing itself. One instance serves any number of calls at once.

import { onAbort } from '../async/abort.ts';
import { within } from '../async/deadline.ts';
import { Semaphore } from '../async/semaphore.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { OffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import type { Sha256 } from '../model/chunk.ts';
import type { DirectoryEntry, NodeInfo } from '../model/node-info.ts';
import type { Operation, OperationId, Outcome } from '../model/operation.ts';
import type { Send } from '../protocol/send.ts';
import type { ClusterStatus, ContentsAnswer } from '../protocol/tracker-api.ts';
import { isClusterStatus, isContentsAnswer, isListAnswer, isNodeAnswer, isUsageAnswer } from '../protocol/validate.ts';
import type { ChunkHasher } from './chunk-hasher.ts';
import { placesOf } from './chunk-places.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { ClientLog } from './client-log.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import { openFile } from './download.ts';
import { LayoutCache } from './layout-cache.ts';
import { NewFileClass } from './new-file-class.ts';
import { pingNodes } from './node-ping.ts';
import { uploadTree } from './pack-upload.ts';
import { randomId } from './random-id.ts';
import type { ChunkPlace, NodePing, Receipt, RemoteFile, RemoteFiles, TreeFile, TreeOutcome, UploadOptions, UploadSource } from './remote-files.ts';
import { SeederClient } from './seeder-client.ts';
import { ClientSession } from './session.ts';
import { TrackerClient } from './tracker-client.ts';
import type { UploadContext } from './upload-context.ts';
import { upload } from './upload.ts';

export interface OffshoreClientOptions {
  /** Base URLs, `http://127.0.0.1:7001`; at least one. Others are learnt from hints. */
  readonly trackers: readonly string[];
  /** Zone this client runs in: copies there are read first. */
  readonly zone?: string;
  /** Longest time without success for one metadata request or one chunk (`--timeout`); default `limits.requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Rounds over all copies of a chunk, and repeats after `reupload` (`--retries`); default `limits.retriesDefault`. */
  readonly retries?: number;
  /** Size that files are cut at; default `limits.chunkBytesDefault`. Tests use small ones. */
  readonly chunkBytes?: number;
}

export interface OffshoreClientDeps {
  readonly send: Send;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly hasher: ChunkHasher;
  /** For content ids: short inputs, hashed where they are. */
  readonly sha256: Sha256;
  readonly log?: ClientLog;
}

export function createOffshoreClient(options: OffshoreClientOptions, deps: OffshoreClientDeps): RemoteFiles {
  return new OffshoreClient(options, deps);
}

class OffshoreClient implements RemoteFiles {
  readonly #deps: OffshoreClientDeps;
  readonly #identity = new ClusterIdentity();
  readonly #trackers: TrackerClient;
  readonly #layouts: LayoutCache;
  readonly #seeders: SeederClient;
  readonly #session: ClientSession;
  readonly #reader: ChunkReader;
  readonly #uploads: UploadContext;
  readonly #closing = new AbortController();

  constructor(options: OffshoreClientOptions, deps: OffshoreClientDeps) {
    const { clock, rng, send, hasher, sha256, log } = deps;
    const identity = this.#identity;
    const timeoutMs = options.timeoutMs ?? limits.requestTimeoutMs;
    const retries = options.retries ?? limits.retriesDefault;
    const chunkBytes = options.chunkBytes ?? limits.chunkBytesDefault;
    assert(chunkBytes > 0 && chunkBytes <= limits.chunkBytesMax, 'chunks are at most 4 MiB');
    if (options.trackers.length === 0) throw new OffshoreError('bad-option', { option: 'tracker' }, { message: 'No tracker is named' });
    this.#deps = deps;
    this.#trackers = new TrackerClient({ trackers: options.trackers, timeoutMs }, { identity, send, clock, rng });
    this.#layouts = new LayoutCache({ timeoutMs }, { trackers: this.#trackers, identity, clock, rng });
    this.#seeders = new SeederClient({ identity, send, clock });
    this.#session = new ClientSession({ trackers: this.#trackers });
    const zone = options.zone === undefined ? {} : { zone: options.zone };
    this.#reader = new ChunkReader({ ...zone, timeoutMs, retries }, { layouts: this.#layouts, seeders: this.#seeders, hasher, clock, rng, ...(log === undefined ? {} : { log }) });
    this.#uploads = {
      writer: new ChunkWriter({ timeoutMs, retries }, { layouts: this.#layouts, seeders: this.#seeders, clock, rng }),
      layouts: this.#layouts, session: this.#session, classes: new NewFileClass({ trackers: this.#trackers, clock }),
      hasher, sha256, clock, rng, chunkBytes, retries,
      budget: new Semaphore({ permits: limits.uploadBytesMax, waitersMax: limits.uploadWaitersMax }),
      trackerCopies: () => Math.floor(this.#trackers.trackers.length / 2) + 1,
    };
  }

  async stat(path: string, follow: 'final-symlink' | 'never', signal: AbortSignal): Promise<NodeInfo> {
    return this.#while(signal, async (inner) => {
      return (await this.#trackers.read('node', { path, follow }, isNodeAnswer, inner)).node;
    });
  }

  async *list(path: string, signal: AbortSignal): AsyncGenerator<DirectoryEntry, void, undefined> {
    let after: string | undefined;
    do {
      const query = { path, after, limit: limits.listPageDefault };
      const page = await this.#while(signal, (inner) => this.#trackers.read('list', query, isListAnswer, inner));
      yield* page.entries;
      after = page.next;
    } while (after !== undefined);
  }

  async run(operations: readonly Operation[], options: { readonly signal: AbortSignal; readonly operationId?: string }): Promise<readonly Outcome[]> {
    const operationId = (options.operationId ?? randomId(this.#deps.rng)) as OperationId;
    return this.#while(options.signal, (signal) => this.#session.run(operations, { operationId, signal }));
  }

  async upload(source: UploadSource, path: string, options: UploadOptions): Promise<Receipt> {
    return this.#while(options.signal, (signal) => upload(source, path, { ...options, signal }, this.#uploads));
  }

  async *uploadTree(files: AsyncIterable<TreeFile>, options: UploadOptions & { readonly transfers?: number }): AsyncGenerator<TreeOutcome, void, undefined> {
    const joined = this.#join(options.signal);
    try {
      yield* uploadTree(files, { ...options, signal: joined.signal }, this.#uploads);
    } finally {
      joined.off();
    }
  }

  async open(path: string, signal: AbortSignal): Promise<RemoteFile> {
    return this.#while(signal, (inner) => openFile(path, { trackers: this.#trackers, reader: this.#reader }, inner));
  }

  async findContent(prefix: string, signal: AbortSignal): Promise<ContentsAnswer['matches']> {
    return this.#while(signal, async (inner) => (await this.#trackers.read('contents', { prefix }, isContentsAnswer, inner)).matches);
  }

  async usage(path: string, signal: AbortSignal): Promise<{ readonly bytes: number; readonly inodes: number }> {
    return this.#while(signal, async (inner) => {
      const { bytes, inodes } = await this.#trackers.read('usage', { path }, isUsageAnswer, inner);
      return { bytes, inodes };
    });
  }

  async status(signal: AbortSignal): Promise<ClusterStatus> {
    // The leader knows what seeders reported; another tracker answers with what it has.
    return this.#while(signal, (inner) => this.#trackers.read('status', {}, isClusterStatus, inner, 'lead'));
  }

  async ping(signal: AbortSignal): Promise<readonly NodePing[]> {
    const { send, clock } = this.#deps;
    return this.#while(signal, (inner) => pingNodes({ trackers: this.#trackers, layouts: this.#layouts, identity: this.#identity, send, clock }, inner));
  }

  places(path: string, signal: AbortSignal): AsyncIterable<ChunkPlace> {
    return placesOf(path, { trackers: this.#trackers, layouts: this.#layouts, seeders: this.#seeders, reader: this.#reader }, signal);
  }

  /** Stops what is under way and gives the session back, if that is quick: trackers remember a limited number of them. */
  async close(): Promise<void> {
    this.#closing.abort(new OffshoreError('aborted', { reason: 'client closed' }));
    const { signal } = new AbortController();
    // A session that cannot be closed now expires.
    await within(signal, limits.closeSessionMs, this.#deps.clock, (inner) => this.#session.close(inner)).catch(() => undefined);
  }

  /** Runs `work` until it ends, the caller stops it, or the client is closed. */
  async #while<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const joined = this.#join(signal);
    try {
      return await work(joined.signal);
    } finally {
      joined.off();
    }
  }

  #join(signal: AbortSignal): { readonly signal: AbortSignal; readonly off: () => void } {
    const controller = new AbortController();
    const offs = [signal, this.#closing.signal].map((each) => onAbort(each, () => controller.abort(each.reason)));
    return { signal: controller.signal, off: () => offs.forEach((off) => off()) };
  }
}
