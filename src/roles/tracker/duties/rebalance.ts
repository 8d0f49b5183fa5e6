// Duty of the leader: keep the layout what the planner says it should be. Plans are pure (`storage/meta/core/place.ts`); this duty
// only asks for one when seeders or lists changed, and proposes it. A class that nobody used gets its first layout when it is asked for.

import { sleep } from '../../../async/sleep.ts';
import type { Clock } from '../../../base/clock.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { LogIndex, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Layout } from '../../../model/layout.ts';
import { formatStorageClass, fromClassCode, widthOf, type ClassCode } from '../../../model/storage-class.ts';
import type { Logger } from '../../../observe/log.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import { planLayout } from '../../../storage/meta/core/place.ts';
import type { LayoutMemo } from '../layout-memo.ts';
import type { Proposer } from '../proposer.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export interface RebalancerDeps {
  readonly raft: TrackerRaft;
  readonly proposer: Proposer;
  readonly layouts: LayoutMemo;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Rebalancer implements Duty {
  readonly name = 'rebalance';
  readonly restMs = limits.dutyRestMs;
  readonly #deps: RebalancerDeps;
  /** Version that the last complete round looked at: every change of seeders and lists makes a new one. */
  #seen: LogIndex | undefined;
  /** Seeders that were down when this leader last looked. */
  #down: ReadonlySet<SeederId> = new Set();

  constructor(deps: RebalancerDeps) {
    this.#deps = deps;
  }

  async round(_: Leadership, signal: AbortSignal): Promise<void> {
    const layout = await readLocal(this.#deps.raft, (queries) => this.#deps.layouts.read(queries));
    if (layout.version === this.#seen) return;
    const returned = layout.seeders.filter((seeder) => seeder.state === 'up' && this.#down.has(seeder.id)).map((seeder) => seeder.id);
    for (const { classCode } of layout.classes) await this.#improve(layout, classCode, returned, signal);
    this.#seen = layout.version;
    this.#down = new Set(layout.seeders.filter((seeder) => seeder.state === 'down').map((seeder) => seeder.id));
  }

  /** Makes the first layout of a class; waits a moment for more seeders than are there, so that its first lists are full ones. */
  async layOut(classCode: ClassCode, signal: AbortSignal): Promise<void> {
    const { raft, clock, layouts } = this.#deps;
    const deadlineMs = clock.monotonicMs() + limits.gatherSeedersMs;
    for (;;) {
      const layout = await readLocal(raft, (queries) => layouts.read(queries));
      if (layout.classes.some((each) => each.classCode === classCode)) return;
      const up = layout.seeders.filter((seeder) => seeder.state === 'up').length;
      if (up >= widthOf(fromClassCode(classCode)) || (up > 0 && clock.monotonicMs() >= deadlineMs)) {
        await this.#improve(layout, classCode, [], signal);
        return;
      }
      if (clock.monotonicMs() >= deadlineMs) throw new OffshoreError('too-few-copies', { storageClass: formatStorageClass(fromClassCode(classCode)), seeders: up });
      await sleep(limits.foundRestMs, clock, signal);
    }
  }

  async #improve(layout: Layout, classCode: ClassCode, returned: readonly SeederId[], signal: AbortSignal): Promise<void> {
    const plan = planLayout(layout, classCode, { returned });
    if (plan.moves.length === 0) return;
    const { index } = await this.#deps.proposer.one({ kind: 'set-layout', classCode, partitions: plan.partitions, basedOn: layout.version, moves: plan.moves }, signal, 'frees');
    this.#deps.log.info('layout.changed', { storageClass: formatStorageClass(fromClassCode(classCode)), version: index, moves: plan.moves.length, partitions: plan.partitions });
  }
}
