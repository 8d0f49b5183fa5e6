// Sizes and choices of segments: how big they are, how much stays free, which one compaction takes. Numbers in, numbers out.

import { limits, MiB } from '../../../base/limits.ts';

/** Segment size for a disk: a 32nd of it, within bounds, in whole MiB. */
export function segmentBytesFor(totalBytes: number): number {
  const share = Math.floor(totalBytes / limits.segmentsPerDisk / MiB) * MiB;
  return Math.min(limits.segmentBytes, Math.max(limits.segmentBytesMin, share));
}

/** Bytes of the disk that segments never take: the index, and whoever else writes there, live on them. */
export function floorBytesFor(totalBytes: number): number {
  return Math.min(limits.storeFloorBytesMax, Math.max(limits.storeFloorBytesMin, Math.floor(totalBytes * limits.storeFloorShare)));
}

/** Segments that may still be made without going below the floor. */
export function segmentsCreatable(disk: { readonly freeBytes: number; readonly floorBytes: number; readonly segmentBytes: number }): number {
  return Math.max(0, Math.floor((disk.freeBytes - disk.floorBytes) / disk.segmentBytes));
}

export interface SegmentUse {
  readonly slot: number;
  readonly generation: number;
  readonly bytes: number;
  readonly heldBytes: number;
  readonly quarantinedBytes: number;
}

/**
 * The sealed segment whose rewriting frees most: less than half in use, with something to move. Quarantined bytes stay where
 * they are; a segment that has only those is not chosen, it is recycled when quarantine is emptied.
 */
export function segmentToCompact(sealed: readonly SegmentUse[]): SegmentUse | undefined {
  let best: SegmentUse | undefined;
  for (const each of sealed) {
    const used = each.heldBytes + each.quarantinedBytes;
    if (each.heldBytes === 0 || used * 2 >= each.bytes) continue;
    if (best === undefined || used < best.heldBytes + best.quarantinedBytes) best = each;
  }
  return best;
}
