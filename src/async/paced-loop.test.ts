import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { pacedLoop } from './paced-loop.ts';
import { sleep } from './sleep.ts';

test('it rests in proportion to the work, within bounds, at the pace of the moment', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const pace = { restFactor: 2, restMsMin: 5, restMsMax: 100 };
  const starts: number[] = [];
  const durations = [10, 1, 90, 10];
  const loop = pacedLoop(
    async (signal) => {
      starts.push(clock.monotonicMs());
      if (starts.length === 4) pace.restFactor = 0;
      await sleep(durations[starts.length - 1] ?? 1, clock, signal);
    },
    pace, clock, controller.signal,
  );
  await clock.advance(250);
  controller.abort();
  await loop;
  assert.equal(starts.slice(0, 5), [0, 30, 36, 226, 241]);
  assert.is(clock.pending, 0);
});

test('an abort is its normal end', async () => {
  const controller = new AbortController();
  controller.abort();
  await pacedLoop(() => Promise.reject(new Error('never run')), { restFactor: 1, restMsMin: 1, restMsMax: 1 }, new ManualClock(), controller.signal);
});

test('an error of a step ends it', async () => {
  const failing = (): Promise<void> => Promise.reject(new Error('broken'));
  const loop = pacedLoop(failing, { restFactor: 1, restMsMin: 1, restMsMax: 1 }, new ManualClock(), new AbortController().signal);
  assert.is(await loop.catch((error: unknown) => (error as Error).message), 'broken');
});

test.run();
