// Gathers the touches of one upload: while one request is under way, the chunks that come wait and go together with the next.
// Without load nothing waits; with load one request speaks for many chunks.

import { Mutex } from '../async/mutex.ts';
import { assert } from '../base/assert.ts';
import type { ChunkId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { ChunkWriter, Holders } from './chunk-writer.ts';
import type { WriteGrant } from './layout-cache.ts';

interface Waiting {
  readonly chunk: ChunkId;
  result: { readonly kind: 'open' } | { readonly kind: 'held'; readonly holders: Holders } | { readonly kind: 'failed'; readonly error: unknown };
}

export class TouchQueue {
  readonly #writer: ChunkWriter;
  readonly #grant: () => WriteGrant;
  readonly #turn = new Mutex({ waitersMax: limits.touchChunksMax });
  #waiting: Waiting[] = [];

  constructor(deps: { readonly writer: ChunkWriter; readonly grant: () => WriteGrant }) {
    this.#writer = deps.writer;
    this.#grant = deps.grant;
  }

  async touch(chunk: ChunkId, signal: AbortSignal): Promise<Holders> {
    const own: Waiting = { chunk, result: { kind: 'open' } };
    this.#waiting.push(own);
    await this.#turn.run(signal, async () => {
      if (own.result.kind === 'open') await this.#ask(signal);
    });
    if (own.result.kind === 'failed') throw own.result.error;
    assert(own.result.kind === 'held', 'a turn answers everyone who waits');
    return own.result.holders;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const held = await this.#writer.touch(batch.map((each) => each.chunk), this.#grant(), signal);
      for (const each of batch) each.result = { kind: 'held', holders: held.get(each.chunk) ?? new Set() };
    } catch (error) {
      for (const each of batch) each.result = { kind: 'failed', error };
    }
  }
}
