// Duty of the leader: settle partitions (`architecture.md` 5, Placement). A partition whose `before` is not empty is settled once every
// seeder of `now` proved, at an index at or after `since`, that it holds exactly the live chunks, and only when its class is fully met.

import { limits } from '../../../base/limits.ts';
import { fromClassCode, widthOf } from '../../../model/storage-class.ts';
import type { ClassLayout } from '../../../model/layout.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import type { SettleItem, SettleProof } from '../../../storage/meta/core/command.ts';
import type { MetaQueries } from '../../../storage/meta/queries.ts';
import { compareInventory, type PartitionInventory } from '../inventory-view.ts';
import type { LayoutMemo } from '../layout-memo.ts';
import type { Proposer } from '../proposer.ts';
import type { Roster } from '../roster.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export class Settler implements Duty {
  readonly name = 'settle';
  readonly restMs = limits.settleRestMs;
  readonly #deps: { readonly raft: TrackerRaft; readonly proposer: Proposer; readonly roster: Roster; readonly layouts: LayoutMemo };

  constructor(deps: { readonly raft: TrackerRaft; readonly proposer: Proposer; readonly roster: Roster; readonly layouts: LayoutMemo }) {
    this.#deps = deps;
  }

  async round(leadership: Leadership, signal: AbortSignal): Promise<void> {
    this.#deps.roster.enter(leadership);
    const items = await readLocal(this.#deps.raft, (queries) => this.#provable(queries));
    for (let at = 0; at < items.length; at += limits.settleItemsMax) {
      await this.#deps.proposer.one({ kind: 'settle', items: items.slice(at, at + limits.settleItemsMax) }, signal, 'frees');
    }
  }

  async #provable(queries: MetaQueries): Promise<SettleItem[]> {
    const items: SettleItem[] = [];
    for (const each of (await this.#deps.layouts.read(queries)).classes) {
      const unsettled = each.partitions.flatMap((lists, partition) => (lists.before.length > 0 ? [partition] : []));
      const inventory = unsettled.length === 0 ? [] : await compareInventory(queries, this.#deps.roster, each, unsettled);
      for (const partition of inventory) items.push(...toItem(each, partition));
    }
    return items;
  }
}

function toItem(each: ClassLayout, { partition, lists, seeders }: PartitionInventory): SettleItem[] {
  if (lists.now.length < widthOf(fromClassCode(each.classCode))) return [];
  const proofs: SettleProof[] = [];
  for (const { seeder, comparison } of seeders) {
    if (comparison.kind !== 'equal' || comparison.report.deletionsPending > 0) return [];
    proofs.push({ seeder, index: comparison.report.index, deletionsPending: comparison.report.deletionsPending });
  }
  return [{ classCode: each.classCode, partition, since: lists.since, proofs }];
}
