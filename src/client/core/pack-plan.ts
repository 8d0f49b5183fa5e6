// Groups small chunks into packs: by coordinator, within the bounds of one pack. Pure; order inside a pack is that of the input.

import { limits } from '../../base/limits.ts';

export interface PackBounds {
  readonly bytes: number;
  readonly chunks: number;
}

/** Room for the pack's own framing: a header and, per chunk, its id and length. */
const framingBytes = limits.packChunksMax * 40 + 16;

export const packBounds: PackBounds = { bytes: limits.packBytesMax - framingBytes, chunks: limits.packChunksMax };

export interface Pack<Target, Item> {
  readonly target: Target;
  readonly items: readonly Item[];
}

/** One target may get several packs; an item larger than a pack gets one of its own. */
export function planPacks<Target, Item extends { readonly bytes: Uint8Array }>(
  items: readonly Item[], targetOf: (item: Item) => Target, bounds: PackBounds = packBounds,
): readonly Pack<Target, Item>[] {
  const open = new Map<Target, { items: Item[]; bytes: number }>();
  const packs: Pack<Target, Item>[] = [];
  for (const item of items) {
    const target = targetOf(item);
    const pack = open.get(target);
    if (pack !== undefined && pack.bytes + item.bytes.length <= bounds.bytes && pack.items.length < bounds.chunks) {
      pack.items.push(item);
      pack.bytes += item.bytes.length;
      continue;
    }
    const started = { items: [item], bytes: item.bytes.length };
    open.set(target, started);
    packs.push({ target, items: started.items });
  }
  return packs;
}
