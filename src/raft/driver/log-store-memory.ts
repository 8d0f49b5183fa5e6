// The log store without a disk, for tests and the simulator: what a write changed is "durable" as soon as it resolves.

import { assert, mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import type { Entry, HardState } from '../core/types.ts';
import { LogBlocks } from './log-blocks.ts';
import type { InstalledState, LogChange, LogIdentity, LogPlace, LogStore } from './log-store.ts';
import { emptyHardState, logStart } from './log-start.ts';

export class MemoryLogStore implements LogStore {
  readonly #blocks = new LogBlocks({ boundary: logStart, cacheBytesMax: Infinity }, neverLoaded);
  #identity: LogIdentity | undefined;
  #state: InstalledState | undefined;
  #hardState: HardState = emptyHardState;
  #poison: unknown;
  #failNext: unknown;

  /** The next write fails with this error and poisons the store. */
  failNext(error: unknown): void {
    this.#failNext = error;
  }

  identity(): LogIdentity | undefined {
    return this.#identity;
  }

  hardState(): HardState {
    return this.#hardState;
  }

  state(): InstalledState {
    return mustExist(this.#state, 'a log is created before it is used');
  }

  boundary(): LogPlace {
    return this.#blocks.boundary;
  }

  last(): LogPlace {
    return this.#blocks.last;
  }

  term(index: LogIndex): Term | undefined {
    return this.#blocks.term(index);
  }

  entries(range: { readonly from: LogIndex; readonly to: LogIndex }, bytesMax: number): readonly Entry[] {
    return this.#blocks.entries(range, bytesMax);
  }

  indexWithTail(bytesMax: number): LogIndex {
    return this.#blocks.indexWithTail(bytesMax);
  }

  async write(change: LogChange): Promise<void> {
    this.#poison ??= this.#failNext;
    if (this.#poison !== undefined) throw new OffshoreError('local-io', {}, { cause: this.#poison });
    assert((change.create === undefined) === (this.#identity !== undefined), 'a log is created once, before anything else');
    this.#blocks.commit(this.#blocks.plan(change));
    this.#identity ??= change.create?.identity;
    this.#state = change.install ?? change.create?.state ?? this.#state;
    this.#hardState = change.hardState ?? this.#hardState;
  }

  async close(): Promise<void> {}
}

function neverLoaded(): never {
  assert(false, 'a log in memory is never loaded');
}
