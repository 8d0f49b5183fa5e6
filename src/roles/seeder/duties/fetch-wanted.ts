// Duty: a live chunk that this seeder should hold and does not is fetched from another copy, verified, stored and read back
// (`architecture.md` 6). That is how a write that reached only `min` seeders becomes whole, and how a returning seeder catches up.

import { concatBytes, equalBytes } from '../../../base/bytes.ts';
import type { Clock } from '../../../base/clock.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { ChunkId, ClusterId, NodeName, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { forEachLimit } from '../../../async/for-each-limit.ts';
import type { ChunkHasher } from '../../../client/chunk-hasher.ts';
import type { ChunkKey } from '../../../model/chunk.ts';
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

export class WantedFetcher {
  readonly #options: { readonly self: () => SeederId; readonly name: NodeName; readonly cluster: () => ClusterId };
  readonly #deps: { readonly store: ChunkStore; readonly layout: LayoutView; readonly hasher: ChunkHasher; readonly send: Send; readonly clock: Clock; readonly log: Logger };
  /** When a wanted chunk was first seen: a relay under way usually brings it before a fetch would. */
  #firstSeen = new Map<ChunkId, number>();

  constructor(
    options: { readonly self: () => SeederId; readonly name: NodeName; readonly cluster: () => ClusterId },
    deps: { readonly store: ChunkStore; readonly layout: LayoutView; readonly hasher: ChunkHasher; readonly send: Send; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#options = options;
    this.#deps = deps;
  }

  /** One pass over what is wanted; answers how many chunks came. */
  async round(signal: AbortSignal): Promise<number> {
    const layout = this.#deps.layout.current();
    if (layout === undefined || this.#deps.store.condition() !== 'open') return 0;
    const seen = new Map<ChunkId, number>();
    let fetched = 0;
    let after: ChunkKey | undefined;
    for (;;) {
      const page = await this.#deps.store.wanted(after, limits.wantedPageMax);
      const due = page.filter((wanted) => this.#isDue(wanted, layout, seen));
      await forEachLimit(due, limits.fetchesInFlight, async (wanted, each) => {
        if (await this.#fetch(wanted, layout, each)) fetched += 1;
      }, signal);
      after = page.at(-1);
      if (after === undefined || page.length < limits.wantedPageMax) break;
    }
    this.#firstSeen = seen;
    return fetched;
  }

  #isDue(wanted: Wanted, layout: Layout, seen: Map<ChunkId, number>): boolean {
    const lists = listsOf(layout, wanted.classCode, wanted.chunk);
    if (lists === undefined || !lists.now.includes(this.#options.self())) return false;
    const now = this.#deps.clock.monotonicMs();
    const first = this.#firstSeen.get(wanted.chunk) ?? now;
    if (seen.size < limits.wantedRememberedMax) seen.set(wanted.chunk, first);
    return now - first >= limits.relayGraceMs;
  }

  /** False when no copy could be read now; the next round tries again. */
  async #fetch(wanted: Wanted, layout: Layout, signal: AbortSignal): Promise<boolean> {
    if (this.#deps.store.lookup(wanted) !== undefined) return true;
    const startMs = this.#deps.clock.monotonicMs();
    let failure: unknown;
    for (const source of this.#sources(wanted, layout)) {
      try {
        await this.#copy(wanted, source, signal);
        this.#deps.log.info('chunk.fetched', { chunk: wanted.chunk, from: source.name, bytes: wanted.bytes, ms: Math.round(this.#deps.clock.monotonicMs() - startMs) });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    this.#deps.log.warn('chunk.fetch-failed', { chunk: wanted.chunk, ...errorFields(failure ?? new OffshoreError('chunk-unreachable')) });
    return false;
  }

  #sources(wanted: Wanted, layout: Layout): SeederInfo[] {
    const lists = listsOf(layout, wanted.classCode, wanted.chunk);
    const ids = new Set([...(lists?.now ?? []), ...(lists?.before ?? [])]);
    ids.delete(this.#options.self());
    return [...ids].flatMap((id) => seederById(layout, id) ?? []).filter((seeder) => seeder.state !== 'down');
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
