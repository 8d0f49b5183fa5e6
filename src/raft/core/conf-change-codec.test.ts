import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../base/bytes.ts';
import { DecodeError } from '../../base/codec.ts';
import { confChangeOf, encodeConfChange, leaveJointChange, toV2 } from './conf-change-codec.ts';
import type { ConfChange, ConfChangeSingle, ConfChangeV2 } from './types.ts';

const single = fc.record<ConfChangeSingle>({
  type: fc.constantFrom('add-node', 'add-learner', 'remove-node', 'update-node'),
  nodeId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
}).map((record) => ({ ...record }));
const v1 = fc.record<ConfChange>({
  kind: fc.constant('conf-change'), type: single.map((change) => change.type), nodeId: single.map((change) => change.nodeId),
  context: fc.uint8Array({ maxLength: 40 }),
});
const v2 = fc.record<ConfChangeV2>({
  kind: fc.constant('conf-change-v2'), transition: fc.constantFrom('auto', 'joint-implicit', 'joint-explicit'),
  changes: fc.array(single, { maxLength: 6 }), context: fc.uint8Array({ maxLength: 40 }),
});
const change = fc.oneof(v1, v2);

test('a membership change survives encoding', () => {
  fc.assert(fc.property(change, (original) => {
    const decoded = confChangeOf({ type: original.kind, data: encodeConfChange(original) });
    assert.equal(decoded && { ...decoded, context: toHex(decoded.context) }, { ...original, context: toHex(original.context) });
  }));
});

test('damaged bytes give another change or a DecodeError, never a crash', () => {
  fc.assert(fc.property(change, fc.nat(), fc.nat({ max: 7 }), fc.nat(), (original, at, bit, cut) => {
    const data = encodeConfChange(original).slice();
    const index = at % data.length;
    data[index] = (data[index] ?? 0) ^ (1 << bit);
    for (const bytes of [data, data.subarray(0, cut % data.length)]) {
      try {
        confChangeOf({ type: original.kind, data: bytes });
      } catch (error) {
        assert.instance(error, DecodeError);
      }
    }
  }));
});

test('the bytes of version 1 are frozen', () => {
  const context = new Uint8Array([7]);
  assert.is(toHex(encodeConfChange({ kind: 'conf-change', type: 'add-learner', nodeId: 300, context })), '0103ac020107');
  const changes = [{ type: 'remove-node', nodeId: 1 }, { type: 'add-node', nodeId: 2 }] as const;
  assert.is(toHex(encodeConfChange({ kind: 'conf-change-v2', transition: 'joint-explicit', changes, context })), '010202010100020107');
});

test('empty data of a V2 entry leaves the joint configuration; a normal entry carries no change', () => {
  assert.is(confChangeOf({ type: 'conf-change-v2', data: new Uint8Array(0) }), leaveJointChange);
  assert.is(confChangeOf({ type: 'normal', data: new Uint8Array([1, 2]) }), undefined);
});

test('a V1 change is the V2 change of one member', () => {
  const context = new Uint8Array([1]);
  assert.equal(toV2({ kind: 'conf-change', type: 'add-node', nodeId: 4, context }), {
    kind: 'conf-change-v2', transition: 'auto', changes: [{ type: 'add-node', nodeId: 4 }], context,
  });
});

test.run();
