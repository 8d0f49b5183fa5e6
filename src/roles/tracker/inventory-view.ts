// Health from inventory, not from hope: compares what seeders reported with what the state says at the same index.

import { unreachable } from '../../base/assert.ts';
import type { LogIndex, SeederId } from '../../base/ids.ts';
import type { InventoryReport } from '../../model/feed.ts';
import type { ClassLayout, Layout, PartitionLists } from '../../model/layout.ts';
import { seederById } from '../../model/layout.ts';
import { formatStorageClass, fromClassCode, widthOf, type ClassCode } from '../../model/storage-class.ts';
import type { ClassHealth } from '../../protocol/tracker-api.ts';
import type { MetaQueries } from '../../storage/meta/queries.ts';
import type { Roster } from './roster.ts';

/** `equal`: exactly the live chunks as of `report.index`, which is not before the lists. `differs`: some are missing. `unknown`: no report, or none recent enough to compare. */
export type Comparison =
  | { readonly kind: 'equal'; readonly report: InventoryReport }
  | { readonly kind: 'differs' }
  | { readonly kind: 'unknown' };

export interface PartitionInventory {
  readonly partition: number;
  readonly lists: PartitionLists;
  readonly seeders: readonly { readonly seeder: SeederId; readonly comparison: Comparison }[];
}

/** One comparison a seeder of `now`, for the partitions given. */
export async function compareInventory(queries: Pick<MetaQueries, 'partitionDigests'>, roster: Roster, each: ClassLayout, partitions: readonly number[]): Promise<readonly PartitionInventory[]> {
  // Reports go on coming while the state is asked: what is compared is what was asked about.
  const asked = partitions.flatMap((partition) => {
    const lists = each.partitions[partition];
    return lists === undefined ? [] : [{ partition, lists, reports: lists.now.map((seeder) => ({ seeder, report: reportOf(roster, seeder, { classCode: each.classCode, partition, since: lists.since }) })) }];
  });
  const distinct = new Map(asked.flatMap(({ reports }) => reports.flatMap(({ report }) => (report === undefined ? [] : [[requestKey(report), report] as const]))));
  const digests = await queries.partitionDigests([...distinct.values()].map(({ classCode, partition, index }) => ({ classCode, partition, atIndex: index })));
  const known = new Map([...distinct.keys()].map((key, i) => [key, digests[i]]));
  return asked.map(({ partition, lists, reports }) => ({
    partition, lists,
    seeders: reports.map(({ seeder, report }) => ({ seeder, comparison: report === undefined ? { kind: 'unknown' as const } : compare(report, known.get(requestKey(report))) })),
  }));
}

/** A report from before the lists changed says nothing of what was released or listed since. */
function reportOf(roster: Roster, seeder: SeederId, partition: { readonly classCode: ClassCode; readonly partition: number; readonly since: LogIndex }): InventoryReport | undefined {
  const report = roster.report(seeder, partition);
  return report !== undefined && report.index >= partition.since ? report : undefined;
}

function compare(report: InventoryReport, digest: Awaited<ReturnType<MetaQueries['partitionDigests']>>[number] | undefined): Comparison {
  if (digest === undefined || digest.kind === 'stale') return { kind: 'unknown' };
  return digest.count === report.count && digest.digests[0] === report.digest ? { kind: 'equal', report } : { kind: 'differs' };
}

function requestKey(report: { readonly partition: number; readonly index: LogIndex }): string {
  return `${report.partition}@${report.index}`;
}

/** Partitions of a class by what was proved. `behind` and `stale` are never added to `whole`. */
export async function classHealth(queries: MetaQueries, roster: Roster, layout: Layout, each: ClassLayout, liveChunks: number): Promise<ClassHealth> {
  const storageClass = fromClassCode(each.classCode);
  const inventory = await compareInventory(queries, roster, each, each.partitions.map((_, partition) => partition));
  const counts = { whole: 0, behind: 0, stale: 0, belowClass: 0 };
  for (const partition of inventory) {
    const state = judge(partition);
    counts[state] += 1;
    const serving = partition.lists.now.filter((id) => isServing(layout, id)).length;
    if (serving < widthOf(storageClass)) counts.belowClass += 1;
  }
  return { storageClass: formatStorageClass(storageClass), partitions: each.partitions.length, ...counts, liveChunks };
}

function judge(partition: PartitionInventory): 'whole' | 'behind' | 'stale' {
  let state: 'whole' | 'stale' = 'whole';
  for (const { comparison } of partition.seeders) {
    switch (comparison.kind) {
      case 'equal': break;
      case 'differs': return 'behind';
      case 'unknown': state = 'stale'; break;
      default: return unreachable(comparison);
    }
  }
  return state;
}

function isServing(layout: Layout, id: SeederId): boolean {
  const state = seederById(layout, id)?.state;
  return state === 'up' || state === 'draining';
}
