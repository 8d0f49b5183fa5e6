// Counts and digests per slice: what the inventory is made of. A tally changes only together with the rows it counts;
// the digest covers chunks that are held and live, nothing else.

import type { ChunkKey } from '../../../model/chunk.ts';
import { sliceOf } from '../../../model/chunk.ts';
import { addToDigest, subtractFromDigest, zeroDigest, type InventoryDigest } from '../../../model/inventory-digest.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import type { Mark } from './mark.ts';

export interface SliceRef {
  readonly classCode: ClassCode;
  readonly shard: number;
  readonly slice: number;
}

export interface SliceTally {
  readonly live: number;
  readonly fresh: number;
  readonly condemned: number;
  /** Bodies of all three. */
  readonly bytes: number;
  /** Sum of the terms of the live ones. */
  readonly digest: InventoryDigest;
}

export const emptyTally: SliceTally = { live: 0, fresh: 0, condemned: 0, bytes: 0, digest: zeroDigest };

export function isEmptyTally(tally: SliceTally): boolean {
  return tally.live === 0 && tally.fresh === 0 && tally.condemned === 0;
}

export function sliceRefOf(key: ChunkKey): SliceRef {
  return { classCode: key.classCode, shard: key.shard, slice: sliceOf(key.chunk) };
}

interface Member {
  readonly mark: Mark;
  readonly bytes: number;
}

/** The tally after one chunk changed; undefined stands for not held. `term` is asked for only when the live set changes. */
export function changeTally(tally: SliceTally, change: { readonly before: Member | undefined; readonly after: Member | undefined }, term: () => InventoryDigest): SliceTally {
  const { before, after } = change;
  const wasLive = before?.mark.kind === 'live';
  const isLive = after?.mark.kind === 'live';
  const count = (kind: Mark['kind']): number => (after?.mark.kind === kind ? 1 : 0) - (before?.mark.kind === kind ? 1 : 0);
  return {
    live: tally.live + count('live'),
    fresh: tally.fresh + count('fresh'),
    condemned: tally.condemned + count('condemned'),
    bytes: tally.bytes + (after?.bytes ?? 0) - (before?.bytes ?? 0),
    digest: wasLive === isLive ? tally.digest : isLive ? addToDigest(tally.digest, term()) : subtractFromDigest(tally.digest, term()),
  };
}

/** Every tally of the store, in memory; the index writes the rows. */
export class SliceTable {
  readonly #byShard = new Map<number, Map<number, SliceTally>>();

  get(ref: SliceRef): SliceTally {
    return this.#byShard.get(shardKey(ref))?.get(ref.slice) ?? emptyTally;
  }

  set(ref: SliceRef, tally: SliceTally): void {
    let slices = this.#byShard.get(shardKey(ref));
    if (slices === undefined) {
      slices = new Map();
      this.#byShard.set(shardKey(ref), slices);
    }
    if (isEmptyTally(tally)) slices.delete(ref.slice);
    else slices.set(ref.slice, tally);
  }

  /** All slices [first, end) of one class and slot in one tally; `foreign` counts chunks of other slots there. */
  sum(range: { readonly classCode: ClassCode; readonly shard: number; readonly first: number; readonly end: number }): { readonly tally: SliceTally; readonly foreign: number } {
    let tally = emptyTally;
    let foreign = 0;
    for (const [key, slices] of this.#byShard) {
      if (Math.floor(key / 256) !== range.classCode) continue;
      for (let slice = range.first; slice < range.end; slice += 1) {
        const each = slices.get(slice);
        if (each === undefined) continue;
        if (key === shardKey(range)) tally = addTallies(tally, each);
        else foreign += each.live + each.fresh + each.condemned;
      }
    }
    return { tally, foreign };
  }

  totals(): { readonly chunks: number; readonly bytes: number } {
    let chunks = 0;
    let bytes = 0;
    for (const slices of this.#byShard.values()) {
      for (const each of slices.values()) {
        chunks += each.live + each.fresh + each.condemned;
        bytes += each.bytes;
      }
    }
    return { chunks, bytes };
  }
}

function shardKey(ref: { readonly classCode: ClassCode; readonly shard: number }): number {
  return ref.classCode * 256 + ref.shard;
}

function addTallies(left: SliceTally, right: SliceTally): SliceTally {
  return {
    live: left.live + right.live,
    fresh: left.fresh + right.fresh,
    condemned: left.condemned + right.condemned,
    bytes: left.bytes + right.bytes,
    digest: addToDigest(left.digest, right.digest),
  };
}
