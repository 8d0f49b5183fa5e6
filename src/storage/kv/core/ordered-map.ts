// An immutable map from byte keys to byte values in key order: a treap whose priorities are hashes of the keys, so that its
// shape depends on the contents alone. Every change returns a new root and shares the rest: a pinned view costs nothing.

import { compareBytes } from '../../../base/bytes.ts';
import { crc32c } from '../../../base/crc32c.ts';

interface MapNode {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly priority: number;
  readonly left: OrderedMap;
  readonly right: OrderedMap;
}

/** Undefined is the empty map. */
export type OrderedMap = MapNode | undefined;

export function mapGet(map: OrderedMap, key: Uint8Array): Uint8Array | undefined {
  let node = map;
  while (node !== undefined) {
    const order = compareBytes(key, node.key);
    if (order === 0) return node.value;
    node = order < 0 ? node.left : node.right;
  }
  return undefined;
}

/** The map keeps `key` and `value` themselves: whoever calls must not change them afterwards. */
export function mapPut(map: OrderedMap, key: Uint8Array, value: Uint8Array): MapNode {
  if (map === undefined) return { key, value, priority: crc32c(key), left: undefined, right: undefined };
  const order = compareBytes(key, map.key);
  if (order === 0) return { ...map, value };
  if (order < 0) {
    const left = mapPut(map.left, key, value);
    if (left.priority <= map.priority) return { ...map, left };
    return { ...left, right: { ...map, left: left.right } };
  }
  const right = mapPut(map.right, key, value);
  if (right.priority <= map.priority) return { ...map, right };
  return { ...right, left: { ...map, right: right.left } };
}

export function mapDelete(map: OrderedMap, key: Uint8Array): OrderedMap {
  if (map === undefined) return undefined;
  const order = compareBytes(key, map.key);
  if (order === 0) return join(map.left, map.right);
  if (order < 0) {
    const left = mapDelete(map.left, key);
    return left === map.left ? map : { ...map, left };
  }
  const right = mapDelete(map.right, key);
  return right === map.right ? map : { ...map, right };
}

/** Both maps as one; every key of `low` is below every key of `high`. */
function join(low: OrderedMap, high: OrderedMap): OrderedMap {
  if (low === undefined) return high;
  if (high === undefined) return low;
  return low.priority >= high.priority
    ? { ...low, right: join(low.right, high) }
    : { ...high, left: join(low, high.left) };
}

export interface MapRange {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
}

/** Entries with `from` <= key < `to`, ascending. */
export function* mapAscending(map: OrderedMap, range: MapRange): Generator<MapNode, void> {
  if (map === undefined) return;
  const { from, to } = range;
  const reached = from === undefined || compareBytes(map.key, from) >= 0;
  const before = to === undefined || compareBytes(map.key, to) < 0;
  if (reached) yield* mapAscending(map.left, range);
  if (reached && before) yield map;
  if (before) yield* mapAscending(map.right, range);
}

/** Entries with `from` <= key < `to`, descending. */
export function* mapDescending(map: OrderedMap, range: MapRange): Generator<MapNode, void> {
  if (map === undefined) return;
  const { from, to } = range;
  const reached = from === undefined || compareBytes(map.key, from) >= 0;
  const before = to === undefined || compareBytes(map.key, to) < 0;
  if (before) yield* mapDescending(map.right, range);
  if (reached && before) yield map;
  if (reached) yield* mapDescending(map.left, range);
}
