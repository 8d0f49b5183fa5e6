import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, toHex } from '../../../base/bytes.ts';
import { mapAscending, mapDelete, mapDescending, mapGet, mapPut, type OrderedMap } from './ordered-map.ts';

const key = fc.uint8Array({ maxLength: 2, max: 7 });
const change = fc.record({ key, remove: fc.boolean() });

test('it holds what a plain map holds, in order, and older roots stay as they were', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), key, key, (changes, from, to) => {
      let map: OrderedMap;
      const model = new Map<string, Uint8Array>();
      const roots: { readonly map: OrderedMap; readonly size: number }[] = [];
      for (const { key: changed, remove } of changes) {
        map = remove ? mapDelete(map, changed) : mapPut(map, changed, changed);
        if (remove) model.delete(toHex(changed));
        else model.set(toHex(changed), changed);
        roots.push({ map, size: model.size });
        assert.is(mapGet(map, changed), remove ? undefined : changed);
      }
      const sorted = [...model.values()].sort(compareBytes).filter((each) => compareBytes(each, from) >= 0 && compareBytes(each, to) < 0);
      assert.equal([...mapAscending(map, { from, to })].map((node) => node.value), sorted);
      assert.equal([...mapDescending(map, { from, to })].map((node) => node.value), sorted.reverse());
      for (const root of roots) assert.is([...mapAscending(root.map, {})].length, root.size);
    }),
  );
});

test('its depth stays near the logarithm of its size for sorted input', () => {
  let map: OrderedMap;
  for (let i = 0; i < 4096; i += 1) map = mapPut(map, Uint8Array.of(i >> 8, i & 255), Uint8Array.of(1));
  assert.ok(depthOf(map) < 48);
});

function depthOf(map: OrderedMap): number {
  return map === undefined ? 0 : 1 + Math.max(depthOf(map.left), depthOf(map.right));
}

test.run();
