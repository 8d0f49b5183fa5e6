// Duty: a live chunk that this seeder should hold and does not is fetched from another copy, verified, stored and read back
// (`architecture.md` 6). That is how a write that reached only `min` seeders becomes whole, and how a returning seeder catches up.

import { concatBytes, equalBytes } from '../../../base/bytes.ts';
import type { Clock } from '../../../base/clock.ts';
import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import type { ClusterId, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { forEachLimit } from '../../../async/for-each-limit.ts';
import type { ChunkHasher } from '../../../client/chunk-hasher.ts';
import { sliceOf, type ChunkKey } from '../../../model/chunk.ts';
import { listsOf, seederById, type Layout, type SeederInfo } from '../../../model/layout.ts';
import { formatStorageClass, fromClassCode } from '../../../model/storage-class.ts';
import { errorFields, type Logger } from '../../../observe/log.ts';
import { headerNames } from '../../../protocol/headers.ts';
import { fromProblemAnswer } from '../../../protocol/problem.ts';
import { pathTo } from '../../../protocol/routes.ts';
import type { Send } from '../../../protocol/send.ts';
import type { ChunkStore } from '../../../storage/chunks/chunk-store.ts';
import type { LayoutView } from '../layout-view.ts';

type Wanted = ChunkKey & { readonly bytes: number };

/** When a chunk is fetched next, and how often that failed. */
interface Plan {
  readonly dueMs: number;
  readonly failures: number;
}

export interface FetcherDeps {
  readonly store: ChunkStore;
  readonly layout: LayoutView;
  readonly hasher: ChunkHasher;
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Logger;
}

export class WantedFetcher {
  readonly #options: { readonly self: () => SeederId; readonly cluster: () => ClusterId };
  readonly #deps: FetcherDeps;
  /** A relay under way usually brings a wanted chunk before a fetch would; one that nobody could give is tried less and less often. */
  #plans = new Map<string, Plan>();

  constructor(options: { readonly self: () => SeederId; readonly cluster: () => ClusterId }, deps: FetcherDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** One pass over what is wanted; answers how many chunks came. Throws what the store throws: without it nothing more can come. */
  async round(signal: AbortSignal): Promise<number> {
    const plans = new Map<string, Plan>();
    let fetched = 0;
    let after: ChunkKey | undefined;
    for (;;) {
      // A pass may take long: the layout of its beginning is not the layout of its end.
      const layout = this.#deps.layout.current();
      if (layout === undefined || this.#deps.store.condition() !== 'open') return fetched;
      const page = await this.#deps.store.wanted(after, limits.wantedPageMax);
      const due = page.filter((wanted) => this.#isDue(wanted, layout, plans));
      await forEachLimit(due, limits.fetchesInFlight, async (wanted, each) => {
        if (await this.#fetch(wanted, layout, each)) fetched += 1;
        else this.#postpone(wanted, plans);
      }, signal);
      after = page.at(-1);
      if (after === undefined || page.length < limits.wantedPageMax) break;
    }
    this.#plans = plans;
    return fetched;
  }

  #isDue(wanted: Wanted, layout: Layout, plans: Map<string, Plan>): boolean {
    const lists = listsOf(layout, wanted.classCode, wanted.chunk);
    if (lists === undefined || !lists.now.includes(this.#options.self())) return false;
    const now = this.#deps.clock.monotonicMs();
    const plan = this.#plans.get(planKey(wanted)) ?? { dueMs: now + limits.relayGraceMs, failures: 0 };
    if (plans.size < limits.wantedRememberedMax) plans.set(planKey(wanted), plan);
    return now >= plan.dueMs;
  }

  #postpone(wanted: Wanted, plans: Map<string, Plan>): void {
    const failures = (plans.get(planKey(wanted))?.failures ?? 0) + 1;
    const restMs = Math.min(limits.fetchRestMsMax, limits.dutyRestMs * 2 ** Math.min(failures, 16));
    if (plans.has(planKey(wanted))) plans.set(planKey(wanted), { dueMs: this.#deps.clock.monotonicMs() + restMs, failures });
  }

  /** False when no copy could be read now. */
  async #fetch(wanted: Wanted, layout: Layout, signal: AbortSignal): Promise<boolean> {
    if (this.#deps.store.lookup(wanted) !== undefined) return true;
    const startMs = this.#deps.clock.monotonicMs();
    let failure: unknown = new OffshoreError('chunk-unreachable', { chunk: wanted.chunk });
    for (const source of this.#sources(wanted, layout)) {
      try {
        await this.#copy(wanted, source, signal);
        this.#deps.log.info('chunk.fetched', { chunk: wanted.chunk, from: source.name, bytes: wanted.bytes, ms: Math.round(this.#deps.clock.monotonicMs() - startMs) });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        // What this disk cannot take from one seeder it cannot take from another.
        if (!isOffshoreError(error) || error.code === 'disk-full' || error.code === 'store-closed') throw error;
        failure = error;
      }
    }
    this.#deps.log.warn('chunk.fetch-failed', { chunk: wanted.chunk, ...errorFields(failure) });
    return false;
  }

  /** Everybody who may have it: present seeders first, each chunk beginning with another one, so that a catch-up loads all of them. */
  #sources(wanted: Wanted, layout: Layout): SeederInfo[] {
    const lists = listsOf(layout, wanted.classCode, wanted.chunk);
    const isOther = (id: SeederId): boolean => id !== this.#options.self();
    const now = (lists?.now ?? []).filter(isOther);
    const before = (lists?.before ?? []).filter((id) => isOther(id) && !now.includes(id));
    const first = now.length === 0 ? 0 : sliceOf(wanted.chunk) % now.length;
    const ids = [...now.slice(first), ...now.slice(0, first), ...before];
    return ids.flatMap((id) => seederById(layout, id) ?? []).filter((seeder) => seeder.state !== 'down' && seeder.state !== 'removed');
  }

  async #copy(wanted: Wanted, source: SeederInfo, signal: AbortSignal): Promise<void> {
    const params = { class: formatStorageClass(fromClassCode(wanted.classCode)), chunk: wanted.chunk };
    const answer = await this.#deps.send(
      { to: source.url, method: 'GET', path: pathTo('getChunk', params), headers: { [headerNames.cluster]: this.#options.cluster() }, body: [] }, signal);
    if (answer.status !== 200) throw fromProblemAnswer(answer, source.name);
    const bytes = concatBytes(answer.body);
    const hashed = await this.#deps.hasher.hash(bytes);
    if (hashed.chunk !== wanted.chunk) throw new OffshoreError('chunk-mismatch', { expected: wanted.chunk, actual: hashed.chunk, node: source.name });
    // The cursor is an index at which the feed said live: a stamp that no earlier condemnation can override.
    await this.#deps.store.put([{ key: wanted, parts: [bytes], blockCrcs: hashed.blockCrcs, stamp: this.#deps.store.cursor() }]);
    if (!equalBytes(await this.#deps.store.read(wanted), bytes)) throw new OffshoreError('chunk-corrupt', { chunk: wanted.chunk });
  }
}

function planKey(wanted: ChunkKey): string {
  return `${wanted.classCode}/${wanted.chunk}`;
}
