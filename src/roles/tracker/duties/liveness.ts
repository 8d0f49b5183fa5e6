// Duty of the leader: what silence and heartbeats mean for the state of a seeder (`architecture.md` 6, Repair). Heartbeats are not
// entries; `down` and `up` are. Many seeders falling silent at once look like a network, not like dead disks: then nobody is declared down for a while.

import type { Clock } from '../../../base/clock.ts';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { SeederInfo, SeederState } from '../../../model/layout.ts';
import type { Logger } from '../../../observe/log.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import type { Proposer } from '../proposer.ts';
import type { Roster } from '../roster.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export interface LivenessDeps {
  readonly raft: TrackerRaft;
  readonly proposer: Proposer;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Liveness implements Duty {
  readonly name = 'liveness';
  readonly restMs = limits.dutyRestMs;
  readonly #deps: LivenessDeps;
  #massSilenceSinceMs: number | undefined;

  constructor(deps: LivenessDeps) {
    this.#deps = deps;
  }

  async round(leadership: Leadership, signal: AbortSignal): Promise<void> {
    const { raft, roster } = this.#deps;
    roster.enter(leadership);
    const seeders = await readLocal(raft, (queries) => queries.seeders());
    const hold = this.#holdsBack(seeders);
    for (const seeder of seeders) {
      const state = this.#judge(seeder, hold);
      if (state !== undefined) await this.#propose(seeder, state, signal);
    }
  }

  #judge(seeder: SeederInfo, hold: 'hold' | 'act'): SeederState | undefined {
    const silentMs = this.#deps.roster.silentMs(seeder.id);
    const heard = this.#deps.roster.isAlive(seeder.id);
    switch (seeder.state) {
      case 'up': return silentMs >= limits.downMs && hold === 'act' ? 'down' : undefined;
      case 'maintenance': return heard ? 'up' : silentMs >= limits.maintenanceMs && hold === 'act' ? 'down' : undefined;
      case 'down': return heard ? 'up' : undefined;
      case 'draining':
      case 'removed': return undefined;
      default: return seeder.state satisfies never;
    }
  }

  /** More than max(2, 20 %) silent at once: wait before anything is declared down. */
  #holdsBack(seeders: readonly SeederInfo[]): 'hold' | 'act' {
    const expected = seeders.filter((seeder) => seeder.state === 'up');
    const silent = expected.filter((seeder) => this.#deps.roster.silentMs(seeder.id) >= limits.suspectMs);
    const now = this.#deps.clock.monotonicMs();
    if (silent.length <= Math.max(2, expected.length * limits.massSilenceShare)) {
      this.#massSilenceSinceMs = undefined;
      return 'act';
    }
    this.#massSilenceSinceMs ??= now;
    return now - this.#massSilenceSinceMs < limits.massSilenceMs ? 'hold' : 'act';
  }

  async #propose(seeder: SeederInfo, state: SeederState, signal: AbortSignal): Promise<void> {
    await this.#deps.proposer.one({ kind: 'seeder-state', seeder: seeder.id as SeederId, state }, signal, 'frees');
    this.#deps.log.info('seeder.state-changed', { seeder: seeder.id, name: seeder.name, state, silentMs: Math.round(this.#deps.roster.silentMs(seeder.id)) });
  }
}
