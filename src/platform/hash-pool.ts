// Names chunks off the main thread: SHA-256 of the body and CRC-32 of its blocks, in a few worker threads started when first needed.
// It must never detach or keep a caller's bytes: they are read where they are when shared, else copied into a shared slot of the thread.
// Sharing pays only for a few buffers used again and again: a thread lets go of shared memory late (400 fresh buffers of 4 MiB, one
// after the other: 1.1 GB resident, against 97 MB when they are copied; the copy costs the main thread 1.3 ms each).

import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { mustExist } from '../base/assert.ts';
import { OffshoreError } from '../base/errors.ts';
import type { ChunkId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { ChunkHasher, HashedChunk } from '../client/chunk-hasher.ts';

export interface HashPool extends ChunkHasher {
  /** Hashes that are under way fail as `aborted`. */
  close(): Promise<void>;
}

interface Job {
  readonly bytes: Uint8Array;
  resolve(hashed: HashedChunk): void;
  reject(error: Error): void;
}

/** What a thread is sent: a view of shared memory. The same names are used in `threadSource`. */
interface Task {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

// Source text, because a bundle and a single executable have no second file to start. Built-ins only.
const threadSource = `
const { parentPort, workerData: blockBytes } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { crc32 } = require('node:zlib');
parentPort.on('message', ({ buffer, offset, length }) => {
  const bytes = new Uint8Array(buffer, offset, length);
  const blockCrcs = new Uint32Array(Math.ceil(length / blockBytes));
  for (let i = 0; i < blockCrcs.length; i += 1) blockCrcs[i] = crc32(bytes.subarray(i * blockBytes, (i + 1) * blockBytes));
  parentPort.postMessage({ chunk: createHash('sha256').update(bytes).digest('hex'), blockCrcs });
});
`;

export function hashPool(options: { readonly threads?: number } = {}): HashPool {
  return new ThreadPool(options.threads ?? Math.min(limits.hashThreadsMax, availableParallelism()));
}

/** The same result on the calling thread; for small bodies and for tests. */
export function hashInline(bytes: Uint8Array): HashedChunk {
  const blockCrcs = new Uint32Array(Math.ceil(bytes.length / limits.blockBytes));
  for (let i = 0; i < blockCrcs.length; i += 1) blockCrcs[i] = crc32(bytes.subarray(i * limits.blockBytes, (i + 1) * limits.blockBytes));
  return { chunk: createHash('sha256').update(bytes).digest('hex') as ChunkId, blockCrcs };
}

class ThreadPool implements HashPool {
  readonly #threadsMax: number;
  readonly #threads = new Set<HashThread>();
  readonly #waiting: Job[] = [];
  #closed = false;

  constructor(threads: number) {
    this.#threadsMax = threads;
  }

  async hash(bytes: Uint8Array): Promise<HashedChunk> {
    if (bytes.length <= limits.hashInlineBytesMax) return hashInline(bytes);
    if (this.#closed) throw new OffshoreError('aborted', { reason: 'hashing was stopped' });
    if (this.#waiting.length >= limits.hashQueueMax) throw new OffshoreError('overloaded', { queue: 'hash' });
    return new Promise<HashedChunk>((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(new OffshoreError('aborted', { reason: 'hashing was stopped' }));
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  #next(): void {
    const thread = [...this.#threads].find((each) => each.isIdle) ?? this.#maybeStart();
    if (thread === undefined) return;
    const job = this.#waiting.shift();
    if (job !== undefined) thread.run(job);
  }

  #maybeStart(): HashThread | undefined {
    if (this.#threads.size >= this.#threadsMax) return undefined;
    const thread = new HashThread({
      onIdle: () => this.#next(),
      onEnd: () => {
        this.#threads.delete(thread);
        if (!this.#closed) this.#next();
      },
    });
    this.#threads.add(thread);
    return thread;
  }
}

/** One worker, one job at a time. It keeps the process alive only while it works. */
class HashThread {
  readonly #worker: Worker;
  #slot: SharedArrayBuffer | undefined;
  #job: Job | undefined;

  constructor(events: { readonly onIdle: () => void; readonly onEnd: () => void }) {
    this.#worker = new Worker(threadSource, { eval: true, workerData: limits.blockBytes });
    this.#worker.unref();
    this.#worker.on('message', (hashed: HashedChunk) => {
      const job = mustExist(this.#job, 'a thread answers only while it has a job');
      this.#job = undefined;
      this.#worker.unref();
      job.resolve(hashed);
      events.onIdle();
    });
    const end = (cause: unknown): void => {
      this.#job?.reject(new OffshoreError('aborted', { reason: 'hashing thread ended' }, { cause }));
      this.#job = undefined;
      events.onEnd();
    };
    this.#worker.once('error', end);
    this.#worker.once('exit', end);
  }

  get isIdle(): boolean {
    return this.#job === undefined;
  }

  run(job: Job): void {
    this.#job = job;
    this.#worker.ref();
    this.#worker.postMessage(this.#toTask(job.bytes));
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Copying 4 MiB into a slot that is in cache already costs a tenth of hashing them; structured cloning costs several times that. */
  #toTask(bytes: Uint8Array): Task {
    if (bytes.buffer instanceof SharedArrayBuffer) return { buffer: bytes.buffer, offset: bytes.byteOffset, length: bytes.length };
    if (this.#slot === undefined || this.#slot.byteLength < bytes.length) this.#slot = new SharedArrayBuffer(Math.max(limits.chunkBytesMax, bytes.length));
    new Uint8Array(this.#slot).set(bytes);
    return { buffer: this.#slot, offset: 0, length: bytes.length };
  }
}
