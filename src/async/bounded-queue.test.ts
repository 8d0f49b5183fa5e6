import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../base/errors.ts';
import { BoundedQueue } from './bounded-queue.ts';

const signal = new AbortController().signal;

function codeOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (isOffshoreError(error)) return error.code;
  }
  return 'none';
}

test('a full queue refuses with overloaded, by count and by bytes', () => {
  const byCount = new BoundedQueue<string>({ itemsMax: 1 });
  byCount.push('a');
  assert.is(codeOf(() => byCount.push('b')), 'overloaded');
  const byBytes = new BoundedQueue<string>({ itemsMax: 9, bytesMax: 3, bytesOf: (text) => text.length });
  byBytes.push('abcdef');
  assert.is(codeOf(() => byBytes.push('g')), 'overloaded');
  assert.is(byBytes.bytes, 6);
});

test('taking makes room', async () => {
  const queue = new BoundedQueue<string>({ itemsMax: 2, bytesMax: 3, bytesOf: (text) => text.length });
  queue.push('ab');
  queue.push('c');
  assert.equal(await queue.takeBatch(9, signal), ['ab', 'c']);
  assert.is(queue.bytes, 0);
  queue.push('xyz');
  assert.is(queue.size, 1);
});

test('the consumer gets all items in order, and its loop ends when the queue is closed', async () => {
  const queue = new BoundedQueue<number>({ itemsMax: 9 });
  const seen: number[] = [];
  const consumer = (async () => {
    for await (const item of queue.items(signal)) seen.push(item);
  })();
  queue.push(1);
  await Promise.resolve();
  queue.push(2);
  queue.push(3);
  queue.close();
  await consumer;
  assert.equal(seen, [1, 2, 3]);
  assert.is(codeOf(() => queue.push(4)), 'stopping');
});

test('an abort wakes the waiting consumer, and a later consumer loses nothing', async () => {
  const queue = new BoundedQueue<number>({ itemsMax: 9 });
  const controller = new AbortController();
  const waiting = queue.takeBatch(1, controller.signal).catch((error: unknown) => error);
  controller.abort();
  assert.ok(isOffshoreError(await waiting, 'aborted'));
  queue.push(5);
  assert.equal(await queue.takeBatch(1, signal), [5]);
});

test.run();
