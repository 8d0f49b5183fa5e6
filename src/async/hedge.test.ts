import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import { hedge, type Alternative } from './hedge.ts';
import { sleep } from './sleep.ts';

const never = new AbortController().signal;

/** An alternative that takes its time and then answers or fails; it notes what happened to it. */
function slow(clock: ManualClock, log: string[], name: string, ms: number, failure?: Error): Alternative<string> {
  return async (signal) => {
    log.push(`${name} asked at ${clock.monotonicMs()}`);
    try {
      await sleep(ms, clock, signal);
    } catch (error) {
      log.push(`${name} aborted`);
      throw error;
    }
    if (failure !== undefined) throw failure;
    return name;
  };
}

test('a quick first answer asks nobody else', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const answer = hedge([slow(clock, log, 'a', 5), slow(clock, log, 'b', 5)], { delayMs: 10 }, clock, never);
  await clock.advance(100);
  assert.is(await answer, 'a');
  assert.equal(log, ['a asked at 0']);
  assert.is(clock.pending, 0);
});

test('after the delay the next is asked, and the loser is aborted', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const answer = hedge([slow(clock, log, 'a', 50), slow(clock, log, 'b', 5)], { delayMs: 10 }, clock, never);
  await clock.advance(100);
  assert.is(await answer, 'b');
  assert.equal(log, ['a asked at 0', 'b asked at 10', 'a aborted']);
  assert.is(clock.pending, 0);
});

test('a failure asks the next at once', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const answer = hedge([slow(clock, log, 'a', 1, new Error('a')), slow(clock, log, 'b', 5)], { delayMs: 10 }, clock, never);
  await clock.advance(100);
  assert.is(await answer, 'b');
  assert.equal(log, ['a asked at 0', 'b asked at 1']);
});

test('when all fail the last error is told', async () => {
  const clock = new ManualClock();
  const failing = (name: string, ms: number): Alternative<string> => slow(clock, [], name, ms, new OffshoreError('chunk-missing', { name }));
  const answer = hedge([failing('a', 30), failing('b', 5)], { delayMs: 10 }, clock, never).catch((error: unknown) => error);
  await clock.advance(100);
  const error = await answer;
  assert.ok(isOffshoreError(error, 'chunk-missing') && error.details['name'] === 'a');
});

test('an abort aborts all that run and leaves no timer', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const controller = new AbortController();
  const answer = hedge([slow(clock, log, 'a', 50), slow(clock, log, 'b', 50)], { delayMs: 10 }, clock, controller.signal)
    .catch((error: unknown) => error);
  await clock.advance(20);
  controller.abort();
  assert.ok(isOffshoreError(await answer, 'aborted'));
  await clock.advance(0);
  assert.equal(log.slice(2), ['a aborted', 'b aborted']);
  assert.is(clock.pending, 0);
});

test('a signal that has aborted before asks nobody', async () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const answer = await hedge([slow(clock, log, 'a', 1)], { delayMs: 1 }, clock, AbortSignal.abort()).catch((error: unknown) => error);
  assert.ok(isOffshoreError(answer, 'aborted'));
  assert.equal(log, []);
});

test.run();
