import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GiB, limits, MiB } from '../../../base/limits.ts';
import { floorBytesFor, segmentBytesFor, segmentsCreatable, segmentToCompact, type SegmentUse } from './segment-plan.ts';

function segment(slot: number, heldBytes: number, quarantinedBytes = 0): SegmentUse {
  return { slot, generation: slot, bytes: 1000, heldBytes, quarantinedBytes };
}

test('segments are a 32nd of the disk, within bounds', () => {
  assert.is(segmentBytesFor(64 * MiB), limits.segmentBytesMin);
  assert.is(segmentBytesFor(1 * GiB), 32 * MiB);
  assert.is(segmentBytesFor(1000 * GiB), limits.segmentBytes);
});

test('the floor is a share of the disk, within bounds', () => {
  assert.is(floorBytesFor(64 * MiB), limits.storeFloorBytesMin);
  assert.is(floorBytesFor(10 * GiB), 512 * MiB);
  assert.is(floorBytesFor(1000 * GiB), limits.storeFloorBytesMax);
});

test('no segment is made below the floor', () => {
  assert.is(segmentsCreatable({ freeBytes: 35, floorBytes: 10, segmentBytes: 10 }), 2);
  assert.is(segmentsCreatable({ freeBytes: 5, floorBytes: 10, segmentBytes: 10 }), 0);
});

test('compaction takes the segment least in use, and none that is half in use', () => {
  assert.is(segmentToCompact([segment(1, 400), segment(2, 300, 50), segment(3, 100, 300)])?.slot, 2);
  assert.is(segmentToCompact([segment(1, 500), segment(2, 100, 400)]), undefined);
});

test('a segment with nothing to move is left to recycling', () => {
  assert.is(segmentToCompact([segment(1, 0), segment(2, 0, 100)]), undefined);
});

test.run();
