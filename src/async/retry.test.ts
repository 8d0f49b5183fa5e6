import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { AssertionError } from '../base/assert.ts';
import type { ErrorCodeName } from '../base/error-codes.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import { retry, type Attempt, type RetryOptions } from './retry.ts';
import { sleep } from './sleep.ts';

const options: RetryOptions = { attemptsMax: 4, deadlineMs: 10_000, backoff: { baseMs: 100, capMs: 1000 } };
const never = new AbortController().signal;

/** Runs attempts that fail with these errors and then succeed; returns the outcome and when each attempt began. */
async function run(failures: readonly Error[], changed: Partial<RetryOptions> = {}): Promise<{ outcome: unknown; times: number[]; ways: unknown[] }> {
  const clock = new ManualClock();
  const times: number[] = [];
  const ways: unknown[] = [];
  const attempt = async ({ number, previous }: Attempt): Promise<string> => {
    times.push(clock.monotonicMs());
    ways.push(previous?.way);
    const failure = failures[number - 1];
    if (failure !== undefined) throw failure;
    return 'done';
  };
  const running = retry(attempt, { ...options, ...changed }, { clock, rng: () => 1 }, never).catch((error: unknown) => error);
  await clock.advance(60_000);
  assert.is(clock.pending, 0);
  return { outcome: await running, times, ways };
}

function errors(...codes: readonly ErrorCodeName[]): OffshoreError[] {
  return codes.map((code) => new OffshoreError(code));
}

test('a success needs one attempt', async () => {
  const { outcome, times } = await run([]);
  assert.is(outcome, 'done');
  assert.equal(times, [0]);
});

test('later waits with doubled pauses', async () => {
  const { outcome, times, ways } = await run(errors('overloaded', 'no-leader', 'unreachable'));
  assert.is(outcome, 'done');
  assert.equal(times, [0, 100, 300, 700]);
  assert.equal(ways, [undefined, 'later', 'later', 'later']);
});

test('another place is tried at once, the second time in a row after a pause', async () => {
  const { times, ways } = await run(errors('not-leader', 'not-leader', 'chunk-missing'));
  assert.equal(times, [0, 0, 200, 200]);
  assert.equal(ways, [undefined, 'leader', 'leader', 'other-copy']);
});

test('never is final', async () => {
  const { outcome, times } = await run(errors('not-found'));
  assert.ok(isOffshoreError(outcome, 'not-found'));
  assert.is(times.length, 1);
});

test('a way that the caller cannot go is final', async () => {
  const { outcome, times } = await run(errors('chunk-missing'), { ways: ['later', 'leader'] });
  assert.ok(isOffshoreError(outcome, 'chunk-missing'));
  assert.is(times.length, 1);
});

test('an error outside the table is a bug and passes through', async () => {
  const { outcome, times } = await run([new AssertionError('broken')]);
  assert.instance(outcome, AssertionError);
  assert.is(times.length, 1);
});

test('the last attempt\'s error is the answer when attempts run out', async () => {
  const { outcome, times } = await run(errors('overloaded', 'overloaded', 'overloaded', 'no-leader', 'starting'));
  assert.ok(isOffshoreError(outcome, 'no-leader'));
  assert.is(times.length, 4);
});

test('no pause is begun that would outlast the deadline', async () => {
  const { outcome, times } = await run(errors('overloaded', 'overloaded'), { deadlineMs: 250 });
  assert.ok(isOffshoreError(outcome, 'overloaded'));
  assert.equal(times, [0, 100]);
});

test('the pause is at least what the server asked for', async () => {
  const { times } = await run([new OffshoreError('overloaded', { retryAfterMs: 3000 })]);
  assert.equal(times, [0, 3000]);
});

test('at the deadline the attempt is aborted, and the error before it is told', async () => {
  const clock = new ManualClock();
  const attempt = async ({ number, signal }: Attempt): Promise<void> => {
    if (number === 1) throw new OffshoreError('no-leader');
    await sleep(99_000, clock, signal);
  };
  const running = retry(attempt, options, { clock, rng: () => 1 }, never).catch((error: unknown) => error);
  await clock.advance(10_000);
  assert.ok(isOffshoreError(await running, 'no-leader'));
  assert.is(clock.pending, 0);
});

test('an abort ends attempts and pauses with aborted', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const attempt = (): Promise<void> => Promise.reject(new OffshoreError('no-leader'));
  const running = retry(attempt, options, { clock, rng: () => 1 }, controller.signal).catch((error: unknown) => error);
  await clock.advance(50);
  controller.abort();
  assert.ok(isOffshoreError(await running, 'aborted'));
  assert.is(clock.pending, 0);
});

test.run();
