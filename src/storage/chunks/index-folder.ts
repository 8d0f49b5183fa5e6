// Which folder holds the index of a store. A damaged index is never opened again: the next start uses a folder of the next
// number, rebuilds, and removes the others.

import { isOffshoreError } from '../../base/errors.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import type { FileIo } from '../file-io.ts';
import type { Kv, OpenKv } from '../kv/kv.ts';
import type { ChunkIndex } from './chunk-index.ts';

export class IndexFolder {
  readonly #folder: string;
  readonly #io: FileIo;
  readonly #open: OpenKv;
  #number = 0;

  constructor(options: { readonly folder: string }, deps: { readonly io: FileIo; readonly openIndex: OpenKv }) {
    this.#folder = options.folder;
    this.#io = deps.io;
    this.#open = deps.openIndex;
  }

  /** A damaged or incomplete index is as good as none: the one that is opened instead is `new`, to be filled from the segments. */
  async open(load: (kv: Kv) => Promise<ChunkIndex>): Promise<{ readonly index: ChunkIndex; readonly state: 'new' | 'known' }> {
    const text = await this.#io.readFile(this.#pointer());
    const recorded = text === undefined ? 0 : Number(decodeUtf8(text));
    this.#number = Number.isSafeInteger(recorded) ? Math.abs(recorded) : 0;
    // A negative number asks for a rebuild.
    if (recorded > 0) {
      const known = await this.#maybeOpen(load);
      if (known !== undefined) return { index: known, state: 'known' };
    }
    this.#number += 1;
    // What an interrupted rebuild left there may be anything.
    await this.#io.removeFolder(this.#path(this.#number));
    return { index: await load(await this.#open(this.#path(this.#number))), state: 'new' };
  }

  /** The index holds everything now: from here on it is the one to open. */
  async settle(): Promise<void> {
    await this.#io.replaceFile(this.#pointer(), encodeUtf8(String(this.#number)));
    if (this.#number > 1) await this.#io.removeFolder(this.#path(this.#number - 1));
  }

  /** Asks the next start to rebuild. */
  async condemn(): Promise<void> {
    await this.#io.replaceFile(this.#pointer(), encodeUtf8(String(-this.#number)));
  }

  async #maybeOpen(load: (kv: Kv) => Promise<ChunkIndex>): Promise<ChunkIndex | undefined> {
    let kv: Kv | undefined;
    try {
      kv = await this.#open(this.#path(this.#number));
      const index = await load(kv);
      if (index.complete) return index;
      await kv.close();
      return undefined;
    } catch (error) {
      await kv?.close();
      if (isOffshoreError(error, 'state-damaged')) return undefined;
      throw error;
    }
  }

  #path(number: number): string {
    return `${this.#folder}/index-${number}`;
  }

  #pointer(): string {
    return `${this.#folder}/index.current`;
  }
}
