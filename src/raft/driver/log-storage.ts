// The core's view of what is durable: the log store, the configuration that goes with the applied state, and states held for followers.

import type { LogIndex } from '../../base/ids.ts';
import { CompactedError, SnapshotTemporarilyUnavailableError, UnavailableError } from '../core/errors.ts';
import type { ConfState, Entry, HardState, Snapshot, Storage } from '../core/types.ts';
import { decodeClusterConfig } from './cluster-config.ts';
import type { LogStore } from './log-store.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import { encodeTicket } from './snapshot-ticket.ts';

export interface LogStorageOptions {
  readonly store: LogStore;
  /** As of `applied`. */
  readonly confState: ConfState;
  readonly applied: LogIndex;
  readonly snapshots: Pick<SnapshotSender, 'offer'>;
}

export class LogStorage implements Storage {
  readonly #options: LogStorageOptions;

  constructor(options: LogStorageOptions) {
    this.#options = options;
  }

  /** The commit index on disk may lag: whatever was applied was committed (pitfall P28). */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    const { store, applied, confState } = this.#options;
    const hardState = store.hardState();
    return { hardState: { ...hardState, commit: Math.max(hardState.commit, applied) }, confState };
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    const { store } = this.#options;
    if (low <= store.boundary().index) throw new CompactedError();
    if (high > store.last().index + 1) throw new UnavailableError();
    return store.entries({ from: low as LogIndex, to: high as LogIndex }, maxBytes);
  }

  term(index: number): number {
    const { store } = this.#options;
    const term = store.term(index as LogIndex);
    if (term !== undefined) return term;
    throw index < store.boundary().index ? new CompactedError() : new UnavailableError();
  }

  firstIndex(): number {
    return this.#options.store.boundary().index + 1;
  }

  lastIndex(): number {
    return this.#options.store.last().index;
  }

  snapshot(): Snapshot {
    const offered = this.#options.snapshots.offer(this.#options.store.boundary().index);
    if (offered === undefined) throw new SnapshotTemporarilyUnavailableError();
    const { index, term, confState } = offered.pin.progress;
    return {
      meta: { index, term, confState: decodeClusterConfig(confState).confState },
      data: encodeTicket({ id: offered.id, config: confState }),
    };
  }
}
