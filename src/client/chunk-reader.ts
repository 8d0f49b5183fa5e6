// Reads one chunk from the best copy that gives the right bytes. What it returns has been compared with the chunk's id;
// it never says that a chunk is gone before it has asked every seeder of a fresh layout.

import { within } from '../async/deadline.ts';
import { retry, type Attempt, type RetryOptions } from '../async/retry.ts';
import type { Clock } from '../base/clock.ts';
import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import type { ChunkId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { listsOf, type Layout, type SeederInfo } from '../model/layout.ts';
import { classCode, parseStorageClass } from '../model/storage-class.ts';
import { askHedged } from './ask-hedged.ts';
import type { ChunkHasher } from './chunk-hasher.ts';
import type { ClientLog } from './client-log.ts';
import { rankCopies, readersOf } from './core/copy-rank.ts';
import type { LayoutCache } from './layout-cache.ts';
import type { SeederClient } from './seeder-client.ts';

/** A chunk as a manifest names it. */
export interface ChunkToRead {
  readonly path: string;
  readonly storageClass: string;
  readonly chunk: ChunkId;
  readonly bytes: number;
}

export interface ChunkReaderDeps {
  readonly layouts: LayoutCache;
  readonly seeders: SeederClient;
  readonly hasher: ChunkHasher;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log?: ClientLog;
}

/** What the tries for one chunk found. */
interface Tries {
  readonly seeders: Set<string>;
  others: number;
  wrong: number;
}

export class ChunkReader {
  readonly #zone: string | undefined;
  readonly #retry: RetryOptions;
  readonly #deps: ChunkReaderDeps;

  constructor(options: { readonly zone?: string; readonly timeoutMs: number; readonly retries: number }, deps: ChunkReaderDeps) {
    this.#zone = options.zone;
    this.#retry = { attemptsMax: options.retries + 1, deadlineMs: options.timeoutMs, backoff: { baseMs: 100, capMs: 4000 } };
    this.#deps = deps;
  }

  /** Verified bytes. Throws `chunk-unreachable` when no copy could be read, `chunk-corrupt` when every copy was wrong. */
  async read(chunk: ChunkToRead, signal: AbortSignal): Promise<Uint8Array> {
    const tries: Tries = { seeders: new Set(), others: 0, wrong: 0 };
    const { clock, rng } = this.#deps;
    try {
      return await retry((attempt) => this.#attempt(chunk, tries, attempt), this.#retry, { clock, rng }, signal);
    } catch (error) {
      if (!isOffshoreError(error) || signal.aborted) throw error;
      const code = tries.wrong > 0 && tries.others === 0 ? 'chunk-corrupt' : 'chunk-unreachable';
      throw new OffshoreError(code, { path: chunk.path, chunk: chunk.chunk, seeders: [...tries.seeders] }, { cause: error });
    }
  }

  /** The seeders that may have a chunk, best first. */
  copiesOf(chunk: Pick<ChunkToRead, 'storageClass' | 'chunk'>, layout: Layout): readonly SeederInfo[] {
    const parsed = parseStorageClass(chunk.storageClass);
    const lists = parsed === undefined ? undefined : listsOf(layout, classCode(parsed), chunk.chunk);
    if (lists === undefined) return [];
    const { seeders, clock } = this.#deps;
    const zone = this.#zone === undefined ? {} : { zone: this.#zone };
    return rankCopies(readersOf(layout, lists), { chunk: chunk.chunk, ...zone, nowMs: clock.monotonicMs(), healthOf: seeders.healthOf });
  }

  async #attempt(chunk: ChunkToRead, tries: Tries, attempt: Attempt): Promise<Uint8Array> {
    const layout = await this.#layoutFor(attempt);
    const copies = this.copiesOf(chunk, layout);
    if (copies.length === 0) throw new OffshoreError('chunk-missing', { chunk: chunk.chunk });
    const { seeders, clock } = this.#deps;
    const ask = (copy: SeederInfo, signal: AbortSignal): Promise<Uint8Array> => this.#fetch(copy, chunk, tries, signal);
    return askHedged(copies, ask, { delayMs: seeders.hedgeReadMs }, { client: seeders, clock }, attempt.signal);
  }

  async #fetch(copy: SeederInfo, chunk: ChunkToRead, tries: Tries, signal: AbortSignal): Promise<Uint8Array> {
    tries.seeders.add(copy.name);
    try {
      const bytes = await this.#deps.seeders.get(copy, chunk, signal);
      if ((await this.#deps.hasher.hash(bytes)).chunk === chunk.chunk) return bytes;
      this.#deps.seeders.blame(copy);
      throw new OffshoreError('chunk-corrupt', { chunk: chunk.chunk, node: copy.name });
    } catch (error) {
      if (signal.aborted) throw error;
      if (isOffshoreError(error, 'chunk-corrupt')) {
        tries.wrong += 1;
        this.#deps.log?.warn('chunk.wrong-bytes', { chunk: chunk.chunk, seeder: copy.name });
      } else {
        tries.others += 1;
      }
      throw error;
    }
  }

  /** The known layout first, then a fresh one; without trackers the known one has to do. */
  async #layoutFor(attempt: Attempt): Promise<Layout> {
    const { layouts, clock } = this.#deps;
    const known = layouts.peek();
    if (known === undefined) return layouts.refresh(attempt.signal);
    if (attempt.number === 1) return known;
    try {
      return await within(attempt.signal, limits.layoutPatienceMs, clock, (signal) => layouts.refresh(signal));
    } catch (error) {
      if (!isOffshoreError(error) || attempt.signal.aborted) throw error;
      return known;
    }
  }
}
