import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { within, withTimeout } from './deadline.ts';

const never = new AbortController().signal;

test('a deadline aborts with timeout when its time is up', () => {
  const clock = new ManualClock();
  const deadline = withTimeout(never, 100, clock);
  clock.advanceNow(99);
  assert.not.ok(deadline.signal.aborted);
  assert.is(deadline.remainingMs(), 1);
  clock.advanceNow(1);
  assert.ok(isOffshoreError(deadline.signal.reason, 'timeout'));
  assert.is(deadline.remainingMs(), 0);
});

test('a deadline aborts with the outer signal and for its reason', () => {
  const outer = new AbortController();
  const deadline = withTimeout(outer.signal, 100, new ManualClock());
  outer.abort('why');
  assert.is(deadline.signal.reason, 'why');
});

test('an aborted outer signal leaves no timer', () => {
  const clock = new ManualClock();
  const deadline = withTimeout(AbortSignal.abort(), 100, clock);
  assert.ok(deadline.signal.aborted);
  assert.is(clock.pending, 0);
});

test('a disposed deadline holds nothing and never aborts', () => {
  const clock = new ManualClock();
  const outer = new AbortController();
  const deadline = withTimeout(outer.signal, 100, clock);
  deadline[Symbol.dispose]();
  assert.is(clock.pending, 0);
  outer.abort();
  assert.not.ok(deadline.signal.aborted);
});

test('within disposes of its deadline when the work ends', async () => {
  const clock = new ManualClock();
  assert.is(await within(never, 50, clock, async () => 7), 7);
  assert.is(clock.pending, 0);
});

test.run();
