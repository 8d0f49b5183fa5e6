// Seeders in one process for tests of their parts: memory stores behind the real chunk routes, one layout that the test writes,
// and a network whose nodes can hang, refuse or be gone. Time stands still.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Hono } from 'hono';
import { OffshoreError } from '../../src/base/errors.ts';
import type { ErrorCodeName } from '../../src/base/error-codes.ts';
import type { ChunkId, ClusterId, Incarnation, LogIndex, NodeName, SeederId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { ChunkHasher } from '../../src/client/chunk-hasher.ts';
import type { ChunkKey, Sha256 } from '../../src/model/chunk.ts';
import type { Layout, PartitionLists, SeederInfo, SeederState } from '../../src/model/layout.ts';
import { classCode, defaultClass, type ClassCode } from '../../src/model/storage-class.ts';
import { silentLog } from '../../src/observe/log.ts';
import { noMetrics } from '../../src/observe/metrics.ts';
import { toProblemAnswer } from '../../src/protocol/problem.ts';
import type { Answer, Message, Send } from '../../src/protocol/send.ts';
import { createApi } from '../../src/roles/http/api.ts';
import { mountChunkApi } from '../../src/roles/seeder/api/chunks.ts';
import { Coordinator } from '../../src/roles/seeder/coordinator.ts';
import { LayoutView } from '../../src/roles/seeder/layout-view.ts';
import type { ChunkToStore } from '../../src/storage/chunks/chunk-store.ts';
import { MemoryChunkStore } from '../../src/storage/chunks/memory-chunk-store.ts';
import { InProcessNetwork } from './in-process-send.ts';
import { ManualClock } from './manual-clock.ts';

export const cluster = 'c1'.repeat(32) as ClusterId;
export const copies3: ClassCode = classCode(defaultClass);
export const never: AbortSignal = new AbortController().signal;

export const sha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export interface Body {
  readonly chunk: ChunkId;
  readonly bytes: Uint8Array;
  readonly blockCrcs: Uint32Array;
}

export function bodyOf(text: string): Body {
  return nameBytes(new TextEncoder().encode(text));
}

export function nameBytes(bytes: Uint8Array): Body {
  const blocks = Math.ceil(bytes.length / limits.blockBytes);
  const blockCrcs = Uint32Array.from({ length: blocks }, (_, i) => crc32(bytes.subarray(i * limits.blockBytes, (i + 1) * limits.blockBytes)));
  return { chunk: sha256([bytes]).reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '') as ChunkId, bytes, blockCrcs };
}

export const plainHasher: ChunkHasher = { hash: (bytes) => Promise.resolve(nameBytes(bytes)) };

export function keyOf(body: Body, code: ClassCode = copies3): ChunkKey {
  return { classCode: code, chunk: body.chunk, shard: 0 };
}

export function toStore(body: Body, stamp: number): ChunkToStore {
  return { key: keyOf(body), parts: [body.bytes], blockCrcs: body.blockCrcs, stamp: stamp as LogIndex };
}

export function index(value: number): LogIndex {
  return value as LogIndex;
}

export function seederInfo(id: number, state: SeederState = 'up'): SeederInfo {
  return {
    id: id as SeederId, name: `s${id}` as NodeName, incarnation: `i${id}` as Incarnation, url: `http://s${id}`, zone: 'z', host: `h${id}`, capacityBytes: 1000, state,
  };
}

export interface LayoutShape {
  readonly version: number;
  readonly now: readonly number[];
  readonly before?: readonly number[];
  readonly since?: number;
  readonly partitions?: number;
  /** Other lists for single partitions. */
  readonly lists?: Readonly<Record<number, Partial<{ readonly now: readonly number[]; readonly before: readonly number[]; readonly since: number }>>>;
  readonly states?: Readonly<Record<number, SeederState>>;
  readonly seeders?: number;
}

/** One class `copies=3`; every partition has the same lists unless `lists` says otherwise. */
export function layoutOf(shape: LayoutShape): Layout {
  const lists = (partition: number): PartitionLists => {
    const own = shape.lists?.[partition] ?? {};
    return {
      now: (own.now ?? shape.now) as SeederId[], before: (own.before ?? shape.before ?? []) as SeederId[], since: index(own.since ?? shape.since ?? shape.version),
    };
  };
  return {
    version: index(shape.version),
    seeders: Array.from({ length: shape.seeders ?? 4 }, (_, i) => seederInfo(i + 1, shape.states?.[i + 1] ?? 'up')),
    classes: [{ classCode: copies3, partitions: Array.from({ length: shape.partitions ?? 4 }, (_, partition) => lists(partition)) }],
  };
}

export interface WorldSeeder {
  readonly id: SeederId;
  readonly store: MemoryChunkStore;
  readonly coordinator: Coordinator;
  readonly layout: LayoutView;
  readonly app: Hono;
}

export class SeederWorld {
  readonly clock = new ManualClock();
  readonly network = new InProcessNetwork();
  readonly stopping = new AbortController();
  readonly seen: Message[] = [];
  layout: Layout;
  layoutReads = 0;
  readonly #hung = new Set<string>();
  readonly #refusing = new Map<string, ErrorCodeName>();
  readonly #released: (() => void)[] = [];

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** Delivers, unless the node hangs or refuses. */
  readonly send: Send = async (message, signal): Promise<Answer> => {
    this.seen.push(message);
    const code = this.#refusing.get(message.to);
    if (code !== undefined) return toProblemAnswer(new OffshoreError(code));
    if (this.#hung.has(message.to)) await new Promise<void>((resolve) => this.#released.push(resolve));
    return this.network.send(message, signal);
  };

  hang(id: number): void {
    this.#hung.add(`http://s${id}`);
  }

  refuse(id: number, code: ErrorCodeName): void {
    this.#refusing.set(`http://s${id}`, code);
  }

  heal(): void {
    this.#refusing.clear();
    this.#hung.clear();
    for (const release of this.#released.splice(0)) release();
  }

  seeder(id: number, options: { readonly totalBytes?: number } = {}): WorldSeeder {
    const { clock, send, stopping } = this;
    const store = new MemoryChunkStore({ cluster, ...options }, { clock, sha256 });
    const layout = new LayoutView({ stopping: stopping.signal, read: () => {
      this.layoutReads += 1;
      return Promise.resolve(this.layout);
    } });
    const self = id as SeederId;
    const coordinator = new Coordinator({ id: () => self, name: `s${id}` as NodeName, cluster: () => cluster }, { store, layout, send, clock, log: silentLog, stopping: stopping.signal });
    const app = createApi({ log: silentLog, clock, metrics: noMetrics, cluster: () => cluster, onBug: (error) => { throw error; } });
    mountChunkApi(app, { station: () => ({ store, coordinator, layout }), hasher: plainHasher, self: () => self });
    this.network.connect(`http://s${id}`, app);
    return { id: self, store, coordinator, layout, app };
  }

  /** Lets everything that can go on go on. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await this.clock.advance(0);
  }
}

/** What became of a promise so far. */
export function watch<T>(promise: Promise<T>): { readonly state: () => 'pending' | 'done' | 'failed'; readonly value: () => T | undefined; readonly error: () => unknown } {
  let state: 'pending' | 'done' | 'failed' = 'pending';
  let value: T | undefined;
  let error: unknown;
  promise.then((result) => {
    state = 'done';
    value = result;
  }, (thrown: unknown) => {
    state = 'failed';
    error = thrown;
  });
  return { state: () => state, value: () => value, error: () => error };
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return error instanceof OffshoreError ? error.code : String(error);
  }
}
