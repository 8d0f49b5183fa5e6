// A client on a fake cluster under a manual clock, with hashing done at once. `drive` moves time while something is awaited, so that
// retries, hedges and deadlines happen without anyone waiting for them.

import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { crc32 } from 'node:zlib';
import { seededRng } from '../../src/base/rng.ts';
import type { ChunkId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { ChunkHasher } from '../../src/client/chunk-hasher.ts';
import { createOffshoreClient, type OffshoreClientOptions } from '../../src/client/offshore-client.ts';
import type { RemoteFiles, UploadSource } from '../../src/client/remote-files.ts';
import { FakeCluster, type FakeClusterOptions } from './fake-cluster.ts';
import { nodeSha256 } from './fake-tracker.ts';
import { ManualClock, settle } from './manual-clock.ts';

// Many calls wait on one signal on purpose; their number is bounded by the client's limits. main.ts does the same.
setMaxListeners(0);

export const immediateHasher: ChunkHasher = {
  hash: async (bytes) => ({
    chunk: createHash('sha256').update(bytes).digest('hex') as ChunkId,
    blockCrcs: Uint32Array.from({ length: Math.ceil(bytes.length / limits.blockBytes) }, (_, i) => crc32(bytes.subarray(i * limits.blockBytes, (i + 1) * limits.blockBytes))),
  }),
};

export interface FakeWorld {
  readonly cluster: FakeCluster;
  readonly clock: ManualClock;
  readonly files: RemoteFiles;
  readonly signal: AbortSignal;
  /** Another client of the same cluster. */
  another(options?: Partial<OffshoreClientOptions>): RemoteFiles;
  drive<T>(promise: Promise<T>): Promise<T>;
}

export function fakeWorld(options: Partial<OffshoreClientOptions> & { readonly cluster?: FakeClusterOptions } = {}): FakeWorld {
  const clock = new ManualClock();
  const cluster = new FakeCluster(options.cluster ?? {}, { clock });
  let seed = 1;
  const another = (more: Partial<OffshoreClientOptions> = {}): RemoteFiles => {
    seed += 1;
    return createOffshoreClient(
      { trackers: cluster.trackerUrls, chunkBytes: 2048, ...options, ...more },
      { send: cluster.send, clock, rng: seededRng(seed), hasher: immediateHasher, sha256: nodeSha256 },
    );
  };
  return { cluster, clock, files: another(), signal: new AbortController().signal, another, drive: (promise) => drive(promise, clock) };
}

/** Turns of the event loop without progress after which time moves on; a step of time. */
const turnsPerStep = 6;
const stepMs = 20;
const stepsMax = 20_000;

/** The promise's result; time passes only while nothing else happens. */
export async function drive<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  let done = false;
  const ended = promise.finally(() => { done = true; });
  ended.catch(() => {});
  for (let step = 0; !done; step += 1) {
    if (step > stepsMax) throw new Error('nothing ends this wait');
    for (let turn = 0; turn < turnsPerStep && !done; turn += 1) await settle();
    if (!done) await clock.advance(stepMs);
  }
  return ended;
}

/** Bytes that look random and are always the same for a seed. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const rng = seededRng(seed);
  return Uint8Array.from({ length }, () => 1 + Math.floor(rng() * 255));
}

export function fileOf(bytes: Uint8Array): Extract<UploadSource, { kind: 'file' }> {
  return { kind: 'file', bytes: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
}

export function streamOf(bytes: Uint8Array, partBytes = 700): UploadSource {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.slice(at, at + partBytes);
  }
  return { kind: 'stream', stream: parts() };
}

/** All bytes of [start, end) of a file. */
export async function readAll(files: RemoteFiles, path: string, range: { readonly start: number; readonly end: number } = { start: 0, end: Infinity }): Promise<Uint8Array> {
  const { signal } = new AbortController();
  const file = await files.open(path, signal);
  const parts: Uint8Array[] = [];
  for await (const part of file.read(range, { signal })) parts.push(part);
  return Buffer.concat(parts);
}
