// Turns committed entries into what the state machine gets: commands as they are, entry 1 and membership changes as configurations.
// A change that was committed but must have no effect is void here, on every tracker alike (`cluster-config.ts`).

import { emptyBytes } from '../../base/bytes.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { confChangeOf } from '../core/conf-change-codec.ts';
import type { ConfChange, ConfChangeV2, ConfState, Entry } from '../core/types.ts';
import { afterChange, encodeClusterConfig, foundingConfig, objection, type ClusterConfig } from './cluster-config.ts';
import type { PreparedEntry } from './applier.ts';
import { decodeFounding } from './member-codec.ts';

/** What the driver does about an entry beside applying it. `void`: a membership change without effect. */
export type EntryNote =
  | { readonly kind: 'command' }
  | { readonly kind: 'configured'; readonly config: ClusterConfig }
  | { readonly kind: 'void'; readonly because: OffshoreError };

export interface EntryPreparerDeps {
  /** The core's half of a membership change. */
  readonly applyConfChange: (change: ConfChange | ConfChangeV2) => ConfState;
  readonly changed: (config: ClusterConfig, index: LogIndex) => void;
}

export class EntryPreparer {
  readonly #deps: EntryPreparerDeps;
  #config: ClusterConfig;

  constructor(options: { readonly config: ClusterConfig }, deps: EntryPreparerDeps) {
    this.#config = options.config;
    this.#deps = deps;
  }

  get config(): ClusterConfig {
    return this.#config;
  }

  /** A snapshot brought its own. */
  restore(config: ClusterConfig, index: LogIndex): void {
    this.#config = config;
    this.#deps.changed(config, index);
  }

  prepare(entry: Entry): PreparedEntry<EntryNote> {
    const place = { index: entry.index as LogIndex, term: entry.term as Term };
    if (entry.index === 1) return this.#configured(place, foundingConfig(decodeFounding(entry.data)));
    const change = confChangeOf(entry);
    if (change === undefined) return { entry: { ...place, data: entry.data }, note: { kind: 'command' } };
    const because = objection(this.#config, change);
    if (because !== undefined) {
      return { entry: { ...place, data: emptyBytes }, note: { kind: 'void', because: new OffshoreError('precondition-failed', { because }) } };
    }
    return this.#configured(place, afterChange(this.#config, change, this.#deps.applyConfChange(change)));
  }

  #configured(place: { readonly index: LogIndex; readonly term: Term }, config: ClusterConfig): PreparedEntry<EntryNote> {
    this.restore(config, place.index);
    return { entry: { ...place, data: emptyBytes, confState: encodeClusterConfig(config) }, note: { kind: 'configured', config } };
  }
}
