// Changes of the partition lists. The planner proposes (`place.ts`); here stands what no plan may do, looked at again when it is applied.
// The rules were searched as a model (`architecture.md` 5): do not simplify one away.

import { mustExist } from '../../../base/assert.ts';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { PartitionLists } from '../../../model/layout.ts';
import { type ClassCode, fromClassCode, widthOf } from '../../../model/storage-class.ts';
import type { Command, CommandResult, LayoutMove, SettleItem } from './command.ts';
import { type Context, refusal } from './context.ts';
import { seederTable } from './records-cluster.ts';
import { layoutFact } from './records-facts.ts';
import { classTable, partitionTable } from './records-data.ts';

type SetLayout = Extract<Command, { kind: 'set-layout' }>;

export function setLayout(context: Context, command: SetLayout): CommandResult {
  const row = context.draft.get(classTable, command.classCode);
  if (row === undefined) return createLayout(context, command);
  if (row.partitions !== command.partitions) throw refusal('layout-changed', { partitions: row.partitions });
  let accepted = 0;
  for (const move of command.moves) {
    if (changeLists(context, command, move)) accepted += 1;
  }
  if (accepted > 0) bumpVersion(context);
  return { kind: 'counted', accepted, skipped: command.moves.length - accepted };
}

function createLayout(context: Context, command: SetLayout): CommandResult {
  const { draft } = context;
  const { classCode, partitions, moves } = command;
  const fits = partitions >= 1 && partitions <= limits.partitionsMax && limits.slices % partitions === 0 && moves.length === partitions;
  if (!fits) throw refusal('bad-request', { reason: 'a first layout names every partition', partitions, moves: moves.length });
  draft.put(classTable, classCode, { partitions, chunks: 0, bytes: 0 });
  moves.forEach((move, i) => {
    if (move.partition !== i || !isList(context, classCode, move.now)) throw refusal('bad-request', { reason: 'lists of a first layout', partition: move.partition });
    draft.put(partitionTable, { classCode, partition: i }, { now: move.now, since: context.index, before: [] });
  });
  const fact = mustExist(draft.get(layoutFact, 'only'), 'a founded state has a layout');
  draft.put(layoutFact, 'only', { version: context.index, classes: [...fact.classes, classCode] });
  return { kind: 'counted', accepted: moves.length, skipped: 0 };
}

function changeLists(context: Context, command: SetLayout, move: LayoutMove): boolean {
  const { draft } = context;
  const name = { classCode: command.classCode, partition: move.partition };
  const old = draft.get(partitionTable, name);
  if (old === undefined || old.since > command.basedOn || sameList(old.now, move.now)) return false;
  if (!isList(context, command.classCode, move.now) || !mayShrink(context, old, move.now)) return false;
  const before = union(old.before, old.now);
  if (before.length > limits.partitionBeforeMax) return false;
  draft.put(partitionTable, name, { now: move.now, since: context.index, before });
  return true;
}

/** Distinct seeders that still belong to the cluster; as many as the class has slots, or fewer for copies. */
function isList(context: Context, classCode: ClassCode, list: readonly SeederId[]): boolean {
  const storageClass = fromClassCode(classCode);
  const width = widthOf(storageClass);
  const long = storageClass.kind === 'ec' ? list.length === width : list.length >= 1 && list.length <= width;
  if (!long || new Set(list).size !== list.length) return false;
  return list.every((seeder) => {
    const info = context.draft.get(seederTable, seeder);
    return info !== undefined && info.state !== 'removed';
  });
}

/** A list gets shorter only by seeders that an administrator removed: silence alone never lowers what a write must reach. */
function mayShrink(context: Context, old: PartitionLists, next: readonly SeederId[]): boolean {
  if (next.length >= old.now.length) return true;
  return old.now.every((seeder) => next.includes(seeder) || context.draft.get(seederTable, seeder)?.state === 'removed');
}

/** Empties `before` of partitions whose every present seeder proved that it holds all. */
export function settle(context: Context, items: readonly SettleItem[]): CommandResult {
  let accepted = 0;
  for (const item of items) {
    const row = context.draft.get(partitionTable, item);
    if (row === undefined || row.before.length === 0 || !isProven(context, item, row)) continue;
    context.draft.put(partitionTable, { classCode: item.classCode, partition: item.partition }, { ...row, before: [] });
    accepted += 1;
  }
  if (accepted > 0) bumpVersion(context);
  return { kind: 'counted', accepted, skipped: items.length - accepted };
}

/** Class fully met, and from each seeder an equal inventory at an index at or after `since`, with no deletion pending. */
function isProven(context: Context, item: SettleItem, row: PartitionLists): boolean {
  if (row.since !== item.since || row.now.length !== widthOf(fromClassCode(item.classCode))) return false;
  return row.now.every((seeder) => item.proofs.some((proof) =>
    proof.seeder === seeder && proof.index >= row.since && proof.index < context.index && proof.deletionsPending === 0));
}

export function bumpVersion(context: Context): void {
  const fact = mustExist(context.draft.get(layoutFact, 'only'), 'a founded state has a layout');
  context.draft.put(layoutFact, 'only', { ...fact, version: context.index });
}

function union(left: readonly SeederId[], right: readonly SeederId[]): SeederId[] {
  return [...new Set([...left, ...right])];
}

function sameList(left: readonly SeederId[], right: readonly SeederId[]): boolean {
  return left.length === right.length && left.every((seeder, i) => seeder === right[i]);
}
