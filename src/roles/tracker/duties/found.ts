// Duty of the first leader: write the founding command into an empty state, so that the root directory and the settings exist.

import { limits } from '../../../base/limits.ts';
import { mustExist } from '../../../base/assert.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import { supportedLevel } from '../../../storage/meta/core/command.ts';
import type { Proposer } from '../proposer.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export class Founder implements Duty {
  readonly name = 'found';
  readonly restMs = limits.foundRestMs;
  readonly #deps: { readonly raft: TrackerRaft; readonly proposer: Proposer };
  #founded = false;

  constructor(deps: { readonly raft: TrackerRaft; readonly proposer: Proposer }) {
    this.#deps = deps;
  }

  async round(_: Leadership, signal: AbortSignal): Promise<void> {
    if (this.#founded) return;
    if (await readLocal(this.#deps.raft, (queries) => queries.facts()) === undefined) {
      const cluster = mustExist(this.#deps.raft.status().cluster, 'a leader knows its cluster');
      await this.#deps.proposer.one({ kind: 'found', cluster, level: supportedLevel, settings: [] }, signal);
    }
    this.#founded = true;
  }
}
