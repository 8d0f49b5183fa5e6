// The manifest pages of one open file version: fetched a few at a time when needed, a few kept. It stays on its version:
// when that is pruned or replaced without history it answers `changed`, never pages of another version.

import { Coalesce } from '../async/coalesce.ts';
import { mustExist } from '../base/assert.ts';
import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ManifestEntry } from '../model/manifest.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { ManifestAnswer } from '../protocol/tracker-api.ts';
import { isManifestAnswer } from '../protocol/validate.ts';
import { isRegularPage, pageOfChunk } from './core/chunk-plan.ts';
import type { TrackerClient } from './tracker-client.ts';

export type ChunkedContent = Extract<ManifestAnswer['content'], { kind: 'chunked' }>;
type Page = readonly ManifestEntry[];

export class ManifestPages {
  readonly #path: string;
  readonly #node: NodeInfo;
  readonly #content: Omit<ChunkedContent, 'pages' | 'firstPage'>;
  readonly #trackers: TrackerClient;
  /** In the order of their last use. */
  readonly #kept = new Map<number, Page>();
  readonly #fetches = new Coalesce<number, void>();

  constructor(options: { readonly path: string; readonly node: NodeInfo; readonly content: ChunkedContent }, deps: { readonly trackers: TrackerClient }) {
    this.#path = options.path;
    this.#node = options.node;
    this.#content = options.content;
    this.#trackers = deps.trackers;
    this.#keep(options.content);
  }

  get chunkBytes(): number {
    return this.#content.chunkBytes;
  }

  get storageClass(): string {
    return this.#content.storageClass;
  }

  /** The entry of the chunk with this number. */
  async entry(number: number, signal: AbortSignal): Promise<ManifestEntry> {
    const { page: pageNumber, entry } = pageOfChunk(number);
    const page = await this.#page(pageNumber, signal);
    return mustExist(page[entry], 'a regular page has the entry');
  }

  /** Throws `changed` when the version is not there any more. */
  async check(signal: AbortSignal): Promise<void> {
    await this.#fetch(0, signal);
  }

  async #page(number: number, signal: AbortSignal): Promise<Page> {
    if (!this.#kept.has(number)) await this.#fetches.run(number, signal, (inner) => this.#fetch(number, inner));
    const page = this.#kept.get(number);
    if (page === undefined) throw new OffshoreError('bad-answer', { path: this.#path, page: number });
    this.#kept.delete(number);
    this.#kept.set(number, page);
    return page;
  }

  async #fetch(number: number, signal: AbortSignal): Promise<void> {
    const query = { path: this.#path, version: this.#node.version, page: number, pages: limits.manifestPagesPerRead };
    const answer = await this.#read(query, signal);
    const { content } = answer;
    if (answer.node.version !== this.#node.version || content.kind !== 'chunked') throw new OffshoreError('changed', { path: this.#path });
    this.#keep(content);
  }

  async #read(query: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<ManifestAnswer> {
    try {
      return await this.#trackers.read('manifest', query, isManifestAnswer, signal);
    } catch (error) {
      const gone = isOffshoreError(error) && (error.code === 'pruned' || error.code === 'not-found' || error.code === 'precondition-failed' || error.code === 'is-a-directory' || error.code === 'not-a-directory');
      throw gone ? new OffshoreError('changed', { path: this.#path }, { cause: error }) : error;
    }
  }

  #keep(content: ChunkedContent): void {
    content.pages.forEach((page, i) => {
      const number = content.firstPage + i;
      const at = { page: number, fileBytes: this.#node.bytes, chunkBytes: this.#content.chunkBytes };
      if (!isRegularPage(page, at)) throw new OffshoreError('bad-answer', { path: this.#path, page: number, reason: 'irregular manifest' });
      this.#kept.set(number, page);
    });
    for (const number of this.#kept.keys()) {
      if (this.#kept.size <= limits.manifestPagesKept) return;
      this.#kept.delete(number);
    }
  }
}
