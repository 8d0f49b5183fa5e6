import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settle } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { Semaphore } from './semaphore.ts';

const signal = new AbortController().signal;

test('permits go out in the order of asking, and a large request is not overtaken', async () => {
  const semaphore = new Semaphore({ permits: 3, waitersMax: 9 });
  const order: string[] = [];
  const first = await semaphore.acquire(signal, 2);
  const large = semaphore.acquire(signal, 3).then((release) => (order.push('large'), release));
  const small = semaphore.acquire(signal, 1).then((release) => (order.push('small'), release));
  await settle();
  assert.equal(order, []);
  first();
  (await large)();
  (await small)();
  assert.equal(order, ['large', 'small']);
  assert.is(semaphore.free, 3);
});

test('releasing twice gives back once', async () => {
  const semaphore = new Semaphore({ permits: 1, waitersMax: 9 });
  const release = await semaphore.acquire(signal);
  release();
  release();
  assert.is(semaphore.free, 1);
});

test('more waiters than allowed are refused with overloaded', async () => {
  const semaphore = new Semaphore({ permits: 1, waitersMax: 1 });
  const release = await semaphore.acquire(signal);
  const waiting = semaphore.acquire(signal);
  assert.ok(isOffshoreError(await semaphore.acquire(signal).catch((error: unknown) => error), 'overloaded'));
  release();
  (await waiting)();
});

test('a waiter that aborts makes room for those behind it', async () => {
  const semaphore = new Semaphore({ permits: 2, waitersMax: 9 });
  await semaphore.acquire(signal);
  const controller = new AbortController();
  const large = semaphore.acquire(controller.signal, 2).catch((error: unknown) => error);
  const small = semaphore.acquire(signal, 1);
  controller.abort();
  assert.ok(isOffshoreError(await large, 'aborted'));
  (await small)();
  assert.is(semaphore.waiting, 0);
});

test('run gives the permit back when the work fails', async () => {
  const semaphore = new Semaphore({ permits: 1, waitersMax: 0 });
  await semaphore.run(signal, () => Promise.reject(new Error('no'))).catch(() => {});
  assert.is(semaphore.free, 1);
});

test.run();
