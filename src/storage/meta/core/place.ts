// The planner: from seeders and present lists to next lists (`architecture.md` 5, Placement). Pure; the leader proposes what it says.
// Zones first, then hosts, then load; as few moves as that takes; a partition that is not settled is changed only out of need.

import { mustExist } from '../../../base/assert.ts';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ClassLayout, Layout, SeederInfo } from '../../../model/layout.ts';
import { type ClassCode, fromClassCode, type StorageClass, widthOf } from '../../../model/storage-class.ts';
import type { LayoutMove } from './command.ts';
import { quotas } from './quota.ts';
import { Rack } from './rack.ts';

export interface PlanOptions {
  /** Seeders that just came back: put where they were, if the partition has not settled without them. */
  readonly returned?: readonly SeederId[];
  /** Lists that may change for balance alone. */
  readonly optionalMovesMax?: number;
}

export interface LayoutPlan {
  readonly partitions: number;
  /** Only lists that change; all of them for a class without a layout. */
  readonly moves: readonly LayoutMove[];
  /** `split`: some seeder has too few slots to be balanced by whole slots. `too-few-seeders`: nothing can be placed yet. */
  readonly advice: 'none' | 'split' | 'too-few-seeders';
}

export function planLayout(layout: Layout, classCode: ClassCode, options: PlanOptions = {}): LayoutPlan {
  const storageClass = fromClassCode(classCode);
  const width = widthOf(storageClass);
  const present = layout.classes.find((each) => each.classCode === classCode);
  const partitions = present?.partitions.length ?? limits.partitionsInitial;
  // A seeder in maintenance is expected back: it keeps what it has, and gets nothing new.
  const members = layout.seeders.filter((seeder) => seeder.state === 'up' || seeder.state === 'maintenance');
  const up = members.filter((seeder) => seeder.state === 'up');
  if (up.length === 0 || (storageClass.kind === 'ec' && present === undefined && up.length < width)) return { partitions, moves: [], advice: 'too-few-seeders' };
  const quota = quotas(members, partitions, width);
  const rack = new Rack({ seeders: layout.seeders, quota, lists: listsOf(present, partitions), movable: movableOf(present, partitions) });
  if (present !== undefined) putBack(rack, present, new Set(options.returned ?? []));
  fill(rack, { layout, present, storageClass, width });
  balance(rack, options.optionalMovesMax ?? partitions);
  const least = Math.min(...members.map((seeder) => quota.get(seeder.id) ?? 0));
  return { partitions, moves: movesOf(rack, present, storageClass), advice: least < limits.slotsPerSeederMin && partitions < limits.partitionsMax ? 'split' : 'none' };
}

function listsOf(present: ClassLayout | undefined, partitions: number): SeederId[][] {
  return Array.from({ length: partitions }, (_, i) => [...(present?.partitions[i]?.now ?? [])]);
}

/** A partition with former seeders still in play is not moved for balance: `before` stays short. */
function movableOf(present: ClassLayout | undefined, partitions: number): boolean[] {
  return Array.from({ length: partitions }, (_, i) => (present?.partitions[i]?.before.length ?? 0) === 0);
}

/** A seeder that is back takes the place of one that joined since the partition last settled: it has the chunks already. */
function putBack(rack: Rack, present: ClassLayout, returned: ReadonlySet<SeederId>): void {
  present.partitions.forEach((lists, partition) => {
    for (const seeder of lists.before) {
      if (!returned.has(seeder) || !rack.isUp(seeder) || rack.list(partition).includes(seeder)) continue;
      const position = rack.list(partition).findIndex((each) => !lists.before.includes(each));
      if (position >= 0) rack.replace(partition, position, seeder);
    }
  });
}

interface FillTask {
  readonly layout: Layout;
  readonly present: ClassLayout | undefined;
  readonly storageClass: StorageClass;
  readonly width: number;
}

/** Need: every place of a seeder that is gone or going gets another, and short lists grow. Without a candidate a list stays as it is. */
function fill(rack: Rack, task: FillTask): void {
  const state = new Map(task.layout.seeders.map((seeder) => [seeder.id, seeder.state]));
  for (let partition = 0; partition < rack.partitions; partition += 1) {
    const holders = task.present?.partitions[partition]?.before ?? [];
    for (let position = 0; position < rack.list(partition).length; position += 1) {
      const seeder = mustExist(rack.list(partition)[position], 'inside the list');
      if (isKept(state.get(seeder))) continue;
      const target = rack.bestTarget(partition, position, holders);
      if (target !== undefined) rack.replace(partition, position, target);
    }
    // Positions are shard numbers for ec, so only lists of copies close a gap.
    if (task.storageClass.kind === 'copies') dropRemoved(rack, partition, state);
    while (rack.list(partition).length < task.width) {
      const target = rack.bestTarget(partition, rack.list(partition).length, holders);
      if (target === undefined) break;
      rack.replace(partition, rack.list(partition).length, target);
    }
  }
}

function isKept(state: SeederInfo['state'] | undefined): boolean {
  return state === 'up' || state === 'maintenance';
}

function dropRemoved(rack: Rack, partition: number, state: ReadonlyMap<SeederId, SeederInfo['state']>): void {
  for (let position = rack.list(partition).length - 1; position >= 0 && rack.list(partition).length > 1; position -= 1) {
    const seeder = rack.list(partition)[position];
    if (seeder !== undefined && state.get(seeder) === 'removed') rack.drop(partition, position);
  }
}

/** Wish: better spread first, then loads within 5 % of the quota, while the budget lasts. */
function balance(rack: Rack, movesMax: number): void {
  let moves = 0;
  for (let partition = 0; partition < rack.partitions && moves < movesMax; partition += 1) {
    while (moves < movesMax && rack.improveSpread(partition)) moves += 1;
  }
  const stuck = new Set<SeederId>();
  while (moves < movesMax) {
    const seeder = rack.mostUneven(stuck);
    if (seeder === undefined) return;
    const made = rack.relieve(seeder);
    if (made === 0) stuck.add(seeder);
    moves += made;
  }
}

function movesOf(rack: Rack, present: ClassLayout | undefined, storageClass: StorageClass): LayoutMove[] {
  const moves: LayoutMove[] = [];
  for (let partition = 0; partition < rack.partitions; partition += 1) {
    const now = rack.list(partition);
    const old = present?.partitions[partition]?.now;
    const same = old !== undefined && old.length === now.length && old.every((seeder, i) => seeder === now[i]);
    if (!same && (storageClass.kind === 'copies' || now.length === widthOf(storageClass))) moves.push({ partition, now });
  }
  return moves;
}
