import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { forEachLimit, mapLimit } from './for-each-limit.ts';
import { sleep } from './sleep.ts';

const never = new AbortController().signal;

test('results are in the order of the items, and never more than the limit run', async () => {
  const clock = new ManualClock();
  let running = 0;
  let peak = 0;
  const mapped = mapLimit([40, 10, 30, 20], 2, async (ms, signal) => {
    running += 1;
    peak = Math.max(peak, running);
    await sleep(ms, clock, signal);
    running -= 1;
    return ms + 1;
  }, never);
  await clock.advance(100);
  assert.equal(await mapped, [41, 11, 31, 21]);
  assert.is(peak, 2);
});

test('items are taken from a source only when there is a hand free', async () => {
  const clock = new ManualClock();
  let taken = 0;
  async function* source(): AsyncGenerator<number> {
    for (let i = 0; i < 5; i += 1) {
      taken += 1;
      yield i;
    }
  }
  const loop = forEachLimit(source(), 2, (_, signal) => sleep(10, clock, signal), never);
  await clock.advance(5);
  assert.is(taken, 2);
  await clock.advance(100);
  await loop;
  assert.is(taken, 5);
});

test('the first error stops the rest and is thrown after they ended', async () => {
  const clock = new ManualClock();
  const ended: number[] = [];
  const started: number[] = [];
  const loop = forEachLimit([1, 2, 3, 4], 2, async (item, signal) => {
    started.push(item);
    try {
      await sleep(item * 10, clock, signal);
      if (item === 1) throw new Error('first');
    } finally {
      ended.push(item);
    }
  }, never).catch((error: unknown) => error);
  await clock.advance(100);
  assert.is(((await loop) as Error).message, 'first');
  assert.equal([started, ended], [[1, 2], [1, 2]]);
  assert.is(clock.pending, 0);
});

test('an abort stops all', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const loop = forEachLimit([1, 2, 3], 2, (_, signal) => sleep(10, clock, signal), controller.signal).catch((error: unknown) => error);
  await clock.advance(5);
  controller.abort();
  assert.ok(isOffshoreError(await loop, 'aborted'));
  assert.is(clock.pending, 0);
});

test('an error of the source is thrown after those under way ended', async () => {
  function* source(): Generator<number> {
    yield 1;
    throw new Error('source');
  }
  const outcome = await forEachLimit(source(), 4, () => Promise.resolve(), never).catch((error: unknown) => error);
  assert.is((outcome as Error).message, 'source');
});

test.run();
