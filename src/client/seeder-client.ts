// Requests to seeders, one try each: who is asked when one fails is for the callers. It measures every seeder (health, latency)
// and puts layout version and stamp on what it sends. It sends no checksums with a chunk, so that the seeder compares SHA-256 itself.

import type { Clock } from '../base/clock.ts';
import { concatBytes, totalBytes } from '../base/bytes.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import type { ChunkId, LogIndex, SeederId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import type { SeederInfo } from '../model/layout.ts';
import { bytesType, headerNames, jsonType } from '../protocol/headers.ts';
import { pathTo } from '../protocol/routes.ts';
import { encodePack, type PackedChunk, type StoredChunk, type TouchRequest } from '../protocol/seeder-api.ts';
import type { Answer, Message, Send } from '../protocol/send.ts';
import { isPackAnswer, isStoredChunk, isTouchAnswer, mustParse } from '../protocol/validate.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { afterFailure, afterSuccess, unknownHealth, type HealthOf, type SeederHealth } from './core/copy-rank.ts';
import { Latency } from './latency.ts';
import type { WriteGrant } from './layout-cache.ts';
import { mustSucceed, sendWithin } from './send-within.ts';

/** Under which layout and grant a write is sent. */
export interface WriteAs {
  readonly grant: WriteGrant;
  readonly layout: LogIndex;
}

interface Exchange {
  readonly seeder: SeederInfo;
  readonly ms: number;
  readonly message: Omit<Message, 'to'>;
  readonly latency?: Latency;
}

export class SeederClient {
  readonly #identity: ClusterIdentity;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #health = new Map<SeederId, SeederHealth>();
  readonly #reads = new Latency();
  readonly #writes = new Latency();

  constructor(deps: { readonly identity: ClusterIdentity; readonly send: Send; readonly clock: Clock }) {
    this.#identity = deps.identity;
    this.#send = deps.send;
    this.#clock = deps.clock;
  }

  readonly healthOf: HealthOf = (seeder) => this.#health.get(seeder);

  /** When a read should be joined by one from the next copy. */
  get hedgeReadMs(): number {
    const p95 = this.#reads.p95();
    return p95 === undefined ? limits.hedgeReadMsUnknown : Math.max(limits.hedgeReadMsMin, 1.5 * p95);
  }

  get hedgeWriteMs(): number {
    const p95 = this.#writes.p95();
    return p95 === undefined ? limits.hedgeWriteMsUnknown : Math.min(limits.hedgeWriteMsMax, Math.max(limits.hedgeWriteMsMin, 4 * p95));
  }

  /** How long one pack may take: it has no other seeder beside it, so a coordinator that hangs is given up earlier than elsewhere. */
  get #packMs(): number {
    const p95 = this.#writes.p95();
    return p95 === undefined ? limits.requestTimeoutMs : Math.min(limits.requestTimeoutMs, Math.max(limits.packMsMin, 8 * p95));
  }

  /** Counts against a seeder what was noticed outside of a request: wrong bytes, being overtaken. */
  blame(seeder: SeederInfo): void {
    this.#health.set(seeder.id, afterFailure(this.#health.get(seeder.id) ?? unknownHealth, this.#clock.monotonicMs()));
  }

  async put(seeder: SeederInfo, chunk: PackedChunk, as: WriteAs, signal: AbortSignal): Promise<StoredChunk> {
    const path = pathTo('putChunk', { class: as.grant.storageClass, chunk: chunk.chunk });
    const message = { method: 'PUT', path, headers: this.#writeHeaders(as, bytesType), body: [chunk.bytes] } as const;
    const answer = await this.#exchange({ seeder, ms: limits.requestTimeoutMs, message, latency: this.#writes }, signal);
    return mustParse(answer, isStoredChunk, seeder.name);
  }

  async pack(seeder: SeederInfo, chunks: readonly PackedChunk[], as: WriteAs, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    const path = pathTo('pack', {}, { class: as.grant.storageClass });
    const message = { method: 'POST', path, headers: this.#writeHeaders(as, bytesType), body: encodePack(chunks) } as const;
    const answer = await this.#exchange({ seeder, ms: this.#packMs, message, latency: this.#writes }, signal);
    return mustParse(answer, isPackAnswer, seeder.name).stored;
  }

  /** Which of these the seeder holds durably, their stamps renewed; one element a chunk. */
  async touch(seeder: SeederInfo, chunks: readonly ChunkId[], as: WriteAs, signal: AbortSignal): Promise<readonly boolean[]> {
    const request: TouchRequest = { storageClass: as.grant.storageClass, stamp: as.grant.stamp, shard: 0, chunks };
    const message = { method: 'POST', path: pathTo('touch'), headers: this.#writeHeaders(as, jsonType), body: [encodeUtf8(JSON.stringify(request))] } as const;
    const answer = await this.#exchange({ seeder, ms: limits.touchMs, message }, signal);
    const { held } = mustParse(answer, isTouchAnswer, seeder.name);
    if (held.length !== chunks.length) throw new OffshoreError('bad-answer', { node: seeder.name, held: held.length, expected: chunks.length });
    return held;
  }

  /** The whole chunk, as it came: the caller verifies it. */
  async get(seeder: SeederInfo, chunk: { readonly storageClass: string; readonly chunk: ChunkId; readonly bytes: number }, signal: AbortSignal): Promise<Uint8Array> {
    const path = pathTo('getChunk', { class: chunk.storageClass, chunk: chunk.chunk });
    const message = { method: 'GET', path, headers: this.#identity.headers(), body: [] } as const;
    const answer = await this.#exchange({ seeder, ms: limits.requestTimeoutMs, message, latency: this.#reads }, signal);
    if (totalBytes(answer.body) !== chunk.bytes) throw new OffshoreError('chunk-corrupt', { chunk: chunk.chunk, node: seeder.name, bytes: totalBytes(answer.body) });
    return concatBytes(answer.body);
  }

  /** Whether the seeder has the chunk. */
  async has(seeder: SeederInfo, chunk: { readonly storageClass: string; readonly chunk: ChunkId }, signal: AbortSignal): Promise<boolean> {
    const path = pathTo('headChunk', { class: chunk.storageClass, chunk: chunk.chunk });
    const message: Message = { to: seeder.url, method: 'HEAD', path, headers: this.#identity.headers(), body: [] };
    // An answer to HEAD has no body, so its error has no code: the status is all there is.
    const answer = await sendWithin(message, limits.touchMs, { send: this.#send, clock: this.#clock }, signal);
    if (answer.status >= 400 && answer.status !== 404) throw new OffshoreError('bad-answer', { node: seeder.name, status: answer.status });
    return answer.status < 400;
  }

  async #exchange(exchange: Exchange, signal: AbortSignal): Promise<Answer> {
    const { seeder } = exchange;
    const startedMs = this.#clock.monotonicMs();
    try {
      const answer = await sendWithin({ to: seeder.url, ...exchange.message }, exchange.ms, { send: this.#send, clock: this.#clock }, signal);
      this.#identity.check(answer, seeder.name);
      mustSucceed(answer, seeder.name);
      const tookMs = this.#clock.monotonicMs() - startedMs;
      exchange.latency?.add(tookMs);
      this.#health.set(seeder.id, afterSuccess(this.#health.get(seeder.id) ?? unknownHealth, tookMs));
      return answer;
    } catch (error) {
      // Being stopped by the caller says nothing about the seeder, nor do answers that are in order.
      if (!signal.aborted && !isFairAnswer(error)) this.blame(seeder);
      throw error;
    }
  }

  #writeHeaders(as: WriteAs, contentType: string): Record<string, string> {
    return {
      ...this.#identity.headers(),
      [headerNames.contentType]: contentType,
      [headerNames.layout]: String(as.layout),
      [headerNames.stamp]: String(as.grant.stamp),
      [headerNames.relay]: 'all',
    };
  }
}

/** Refusals of a seeder that is well: the layout moved on, it never had the chunk, the others are away. */
function isFairAnswer(error: unknown): boolean {
  return isOffshoreError(error, 'layout-changed') || isOffshoreError(error, 'chunk-missing') || isOffshoreError(error, 'too-few-copies');
}
