import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { sleep } from './sleep.ts';

test('sleep lasts as long as it says', async () => {
  const clock = new ManualClock();
  let awake = false;
  const sleeping = sleep(10, clock, new AbortController().signal).then(() => {
    awake = true;
  });
  await clock.advance(9);
  assert.not.ok(awake);
  await clock.advance(1);
  assert.ok(awake);
  await sleeping;
});

test('an abort ends it at once and leaves no timer', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const sleeping = sleep(10, clock, controller.signal).catch((error: unknown) => error);
  controller.abort();
  assert.ok(isOffshoreError(await sleeping, 'aborted'));
  assert.is(clock.pending, 0);
});

test('a signal that has aborted before lets nobody sleep', async () => {
  const clock = new ManualClock();
  assert.ok(isOffshoreError(await sleep(10, clock, AbortSignal.abort()).catch((error: unknown) => error), 'aborted'));
  assert.is(clock.pending, 0);
});

test.run();
