import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { Coalesce } from './coalesce.ts';
import { sleep } from './sleep.ts';

const never = new AbortController().signal;

test('callers at the same time share one flight, later ones start another', async () => {
  const clock = new ManualClock();
  const coalesce = new Coalesce<string, number>();
  let flights = 0;
  const work = async (signal: AbortSignal): Promise<number> => {
    flights += 1;
    await sleep(10, clock, signal);
    return flights;
  };
  const both = Promise.all([coalesce.run('x', never, work), coalesce.run('x', never, work)]);
  await clock.advance(10);
  assert.equal(await both, [1, 1]);
  assert.is(coalesce.size, 0);
  const later = coalesce.run('x', never, work);
  await clock.advance(10);
  assert.is(await later, 2);
});

test('a caller that aborts leaves the others their flight', async () => {
  const clock = new ManualClock();
  const coalesce = new Coalesce<string, string>();
  const controller = new AbortController();
  const work = async (signal: AbortSignal): Promise<string> => sleep(10, clock, signal).then(() => 'landed');
  const leaving = coalesce.run('x', controller.signal, work).catch((error: unknown) => error);
  const staying = coalesce.run('x', never, work);
  controller.abort();
  assert.ok(isOffshoreError(await leaving, 'aborted'));
  await clock.advance(10);
  assert.is(await staying, 'landed');
});

test('the flight is aborted when the last caller has left', async () => {
  const clock = new ManualClock();
  const coalesce = new Coalesce<string, void>();
  const controller = new AbortController();
  const leaving = coalesce.run('x', controller.signal, (signal) => sleep(10, clock, signal)).catch((error: unknown) => error);
  controller.abort();
  await leaving;
  assert.is(clock.pending, 0);
  assert.is(coalesce.size, 0);
});

test('a failed flight fails for all its callers and is forgotten', async () => {
  const coalesce = new Coalesce<string, void>();
  const fail = (): Promise<void> => Promise.reject(new Error('crashed'));
  const outcomes = await Promise.allSettled([coalesce.run('x', never, fail), coalesce.run('x', never, fail)]);
  assert.equal(outcomes.map(({ status }) => status), ['rejected', 'rejected']);
  assert.is(coalesce.size, 0);
});

test.run();
