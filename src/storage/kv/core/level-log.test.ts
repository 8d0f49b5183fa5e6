import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkLog, readLog, writeLog } from './level-log.ts';

const block = 32 * 1024;

function records(...sizes: readonly number[]): readonly Uint8Array[] {
  return sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
}

function flipped(log: Uint8Array, at: number): Uint8Array {
  const damaged = new Uint8Array(log);
  damaged[at] = (damaged[at] as number) ^ 4;
  return damaged;
}

test('records of every size are read back, across blocks and with headers at their ends', () => {
  for (const sizes of [[], [0], [10, 0, 5], [100_000, 3], [block - 7, 1], [block - 14, 20], [block - 13, 20], [block - 8, 20]]) {
    const log = writeLog(records(...sizes));
    assert.equal(readLog(log), records(...sizes));
    assert.equal(checkLog(log), { kind: 'whole' });
  }
});

test('a log that ends too early is torn', () => {
  const log = writeLog(records(100, 200, 70_000));
  const start = 100 + 200 + 14;
  for (const end of [log.length - 1, start + 100, start + 7, start + 3, block, block + 3]) {
    assert.equal(checkLog(log.subarray(0, end)).kind, 'torn', `cut at ${end}`);
  }
  assert.equal(checkLog(log.subarray(0, start)), { kind: 'whole' });
});

test('a flipped bit anywhere before the last record is damage', () => {
  const log = writeLog(records(100, 40_000, 10, 10));
  for (const at of [0, 4, 6, 50, 107, 112, 5_000, block + 2, block + 6, block + 100, log.length - 20]) {
    assert.is(checkLog(flipped(log, at)).kind, 'damaged', `bit at ${at}`);
  }
});

test('a flipped bit in the last record looks like a torn one', () => {
  const log = writeLog(records(100, 10));
  assert.equal(checkLog(flipped(log, log.length - 1)), { kind: 'torn', at: 107 });
});

test.run();
