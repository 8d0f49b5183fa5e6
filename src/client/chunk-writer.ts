// Makes chunks durable: asks every seeder of a chunk's list whether it holds it, and sends what too few hold to a coordinator.
// A copy counts only when its seeder, or the coordinator for it, said that it is durable under this grant.

import { forEachLimit } from '../async/for-each-limit.ts';
import { retry, type Attempt, type RetryOptions } from '../async/retry.ts';
import { mustExist } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import type { ChunkId, NodeName } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { listsOf, type Layout, type SeederInfo } from '../model/layout.ts';
import { fromClassCode, minDurable } from '../model/storage-class.ts';
import type { PackedChunk, StoredChunk } from '../protocol/seeder-api.ts';
import { askHedged, moreTelling } from './ask-hedged.ts';
import { failedLately, rankCoordinators, writersOf } from './core/copy-rank.ts';
import { planPacks } from './core/pack-plan.ts';
import type { LayoutCache, WriteGrant } from './layout-cache.ts';
import type { SeederClient, WriteAs } from './seeder-client.ts';

/** Seeders that hold a chunk durably. */
export type Holders = ReadonlySet<NodeName>;

/** What became of one chunk of many. */
export type WriteResult = { readonly kind: 'durable'; readonly holders: Holders } | { readonly kind: 'failed'; readonly error: OffshoreError };

export interface ChunkWriterDeps {
  readonly layouts: LayoutCache;
  readonly seeders: SeederClient;
  readonly clock: Clock;
  readonly rng: Rng;
}

export class ChunkWriter {
  readonly #retry: RetryOptions;
  readonly #layouts: LayoutCache;
  readonly #seeders: SeederClient;
  readonly #clock: Clock;
  readonly #rng: Rng;

  constructor(options: { readonly timeoutMs: number; readonly retries: number }, deps: ChunkWriterDeps) {
    // Twice the time of a request: one that hangs must leave time for another.
    this.#retry = { attemptsMax: options.retries + 1, deadlineMs: 2 * options.timeoutMs, backoff: { baseMs: 200, capMs: 8000 } };
    this.#layouts = deps.layouts;
    this.#seeders = deps.seeders;
    this.#clock = deps.clock;
    this.#rng = deps.rng;
  }

  /** Copies among `holders` that count, and whether they are enough, by the newest layout known. */
  judge(chunk: ChunkId, holders: Holders, grant: WriteGrant): { readonly copies: number; readonly enough: boolean } {
    const layout = mustExist(this.#layouts.peek(), 'a grant came with a layout');
    const writers = writersOf(layout, mustHaveLists(layout, chunk, grant));
    const copies = writers.filter((seeder) => holders.has(seeder.name)).length;
    return { copies, enough: copies >= minDurable(fromClassCode(grant.classCode), writers.length) };
  }

  /**
   * Who holds each of the chunks durably, stamps renewed. A seeder that does not answer, or failed lately, counts as holding
   * nothing: the price is bytes that travel again.
   */
  async touch(chunks: readonly ChunkId[], grant: WriteGrant, signal: AbortSignal): Promise<ReadonlyMap<ChunkId, Holders>> {
    return this.#retried(async (attempt) => {
      const layout = await this.#layoutFor(attempt);
      const holders = new Map<ChunkId, Set<NodeName>>(chunks.map((chunk) => [chunk, new Set()]));
      const questions = this.#questions(layout, [...holders.keys()], grant);
      await forEachLimit(questions, Math.max(1, questions.size), async ([seeder, asked], inner) => {
        const held = await this.#touchOne(seeder, asked, { grant, layout: layout.version }, inner);
        asked.forEach((chunk, i) => held[i] === true && holders.get(chunk)?.add(seeder.name));
      }, attempt.signal);
      return holders;
    }, signal);
  }

  /** Sends one chunk to the first coordinator that makes it durable; a slow one is joined by the next (a PUT may safely run twice). */
  async send(chunk: PackedChunk, grant: WriteGrant, signal: AbortSignal): Promise<Holders> {
    return this.#retried(async (attempt) => {
      const layout = await this.#layoutFor(attempt);
      const ranked = this.#coordinators(layout, chunk.chunk, grant);
      const as = { grant, layout: layout.version };
      const ask = (seeder: SeederInfo, inner: AbortSignal): Promise<StoredChunk> => this.#seeders.put(seeder, chunk, as, inner);
      const deps = { client: this.#seeders, clock: this.#clock };
      const stored = await askHedged(ranked, ask, { delayMs: this.#seeders.hedgeWriteMs }, deps, attempt.signal);
      return new Set(stored.seeders);
    }, signal);
  }

  /** Sends many small chunks in packs by coordinator. One that cannot be stored does not stop the others. */
  async sendMany(chunks: readonly PackedChunk[], grant: WriteGrant, signal: AbortSignal): Promise<ReadonlyMap<ChunkId, WriteResult>> {
    const results = new Map<ChunkId, WriteResult>();
    try {
      await this.#retried(async (attempt) => {
        const layout = await this.#layoutFor(attempt);
        const left = chunks.filter((each) => results.get(each.chunk)?.kind !== 'durable');
        const failure = await this.#sendPacks(left, { grant, layout }, results, attempt.signal);
        if (failure !== undefined) throw failure;
      }, signal);
    } catch (error) {
      if (!isOffshoreError(error) || signal.aborted) throw error;
      for (const { chunk } of chunks) if (!results.has(chunk)) results.set(chunk, { kind: 'failed', error });
    }
    return results;
  }

  /** Every pack is sent once; answers the last failure, after all of them have ended. */
  async #sendPacks(
    chunks: readonly PackedChunk[], to: { readonly grant: WriteGrant; readonly layout: Layout }, results: Map<ChunkId, WriteResult>, signal: AbortSignal,
  ): Promise<OffshoreError | undefined> {
    const as = { grant: to.grant, layout: to.layout.version };
    const packs = planPacks(chunks, (each) => mustExist(this.#coordinators(to.layout, each.chunk, to.grant)[0], 'a granted list has seeders'));
    let failure: OffshoreError | undefined;
    await forEachLimit(packs, limits.packsInFlight, async (pack, inner) => {
      try {
        for (const stored of await this.#seeders.pack(pack.target, pack.items, as, inner)) {
          results.set(stored.chunk, { kind: 'durable', holders: new Set(stored.seeders) });
        }
      } catch (error) {
        if (!isOffshoreError(error) || inner.aborted) throw error;
        failure = moreTelling(failure, error);
      }
    }, signal);
    return failure;
  }

  async #touchOne(seeder: SeederInfo, chunks: readonly ChunkId[], as: WriteAs, signal: AbortSignal): Promise<readonly boolean[]> {
    try {
      return await this.#seeders.touch(seeder, chunks, as, signal);
    } catch (error) {
      if (!isOffshoreError(error) || error.code === 'layout-changed' || signal.aborted) throw error;
      return [];
    }
  }

  #questions(layout: Layout, chunks: readonly ChunkId[], grant: WriteGrant): Map<SeederInfo, ChunkId[]> {
    const questions = new Map<SeederInfo, ChunkId[]>();
    const nowMs = this.#clock.monotonicMs();
    for (const chunk of chunks) {
      for (const seeder of writersOf(layout, mustHaveLists(layout, chunk, grant))) {
        if (failedLately(this.#seeders.healthOf(seeder.id), nowMs)) continue;
        const asked = questions.get(seeder);
        if (asked === undefined) questions.set(seeder, [chunk]);
        else asked.push(chunk);
      }
    }
    return questions;
  }

  #coordinators(layout: Layout, chunk: ChunkId, grant: WriteGrant): readonly SeederInfo[] {
    const writers = writersOf(layout, mustHaveLists(layout, chunk, grant));
    if (writers.length === 0) throw new OffshoreError('too-few-copies', { chunk, storageClass: grant.storageClass });
    return rankCoordinators(writers, { chunk, nowMs: this.#clock.monotonicMs(), healthOf: this.#seeders.healthOf });
  }

  /** The known layout first; a fresh one when a seeder said so, or when two tries with the known one failed. */
  async #layoutFor(attempt: Attempt): Promise<Layout> {
    const known = await this.#layouts.current(attempt.signal);
    const stale = attempt.previous?.way === 'fresh-layout' || attempt.number > 2;
    return stale ? this.#layouts.newerThan(known.version, attempt.signal) : known;
  }

  #retried<T>(work: (attempt: Attempt) => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(work, this.#retry, { clock: this.#clock, rng: this.#rng }, signal);
  }
}

function mustHaveLists(layout: Layout, chunk: ChunkId, grant: WriteGrant): NonNullable<ReturnType<typeof listsOf>> {
  return mustExist(listsOf(layout, grant.classCode, chunk), 'a granted class has a layout');
}
