// One partition's inventory from the tallies: what is held and live by count and digest, and how much else is there.
// A chunk found damaged is no longer held, even when its removal could not be written.

import { sliceOf, slicesOf } from '../../model/chunk.ts';
import type { InventoryReport } from '../../model/feed.ts';
import { formatDigest } from '../../model/inventory-digest.ts';
import type { ChunkIndex } from './chunk-index.ts';
import { changeTally } from './core/inventory.ts';
import type { PartitionOf } from './liveness.ts';

export function inventoryOf(index: ChunkIndex, partition: PartitionOf & { readonly shard?: number }): InventoryReport {
  const { classCode, shard = 0 } = partition;
  const slices = slicesOf(partition.partition, partition.of);
  const sum = index.slices.sum({ classCode, shard, ...slices });
  let { tally } = sum;
  let foreign = sum.foreign;
  for (const { key, row } of index.lost()) {
    const slice = sliceOf(key.chunk);
    if (key.classCode !== classCode || slice < slices.first || slice >= slices.end) continue;
    if (key.shard === shard) tally = changeTally(tally, { before: row, after: undefined }, () => index.term(key));
    else foreign -= 1;
  }
  return {
    classCode,
    partition: partition.partition,
    index: index.cursor,
    count: tally.live,
    digest: formatDigest(tally.digest),
    others: tally.fresh + tally.condemned + foreign,
    deletionsPending: tally.condemned,
  };
}
