import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from './manual-clock.ts';

test('timers run at their own times, in order, those they make included', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const note = (name: string) => (): void => void log.push(`${name} ${clock.monotonicMs()}`);
  clock.schedule(20, note('late'));
  clock.schedule(10, () => {
    note('first')();
    clock.schedule(5, note('made'));
  });
  clock.schedule(10, note('second'));
  clock.schedule(10, note('cancelled'))();
  await clock.advance(30);
  assert.equal(log, ['first 10', 'second 10', 'made 15', 'late 20']);
  assert.equal([clock.monotonicMs(), clock.pending], [30, 0]);
});

test('the wall clock jumps, the monotonic one does not', () => {
  const clock = new ManualClock({ wallMs: 1000 });
  clock.advanceNow(5);
  clock.jumpWall(-500);
  assert.equal([clock.monotonicMs(), clock.wallMs()], [5, 505]);
});

test.run();
