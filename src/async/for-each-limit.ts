// Work on many items, a few at a time. The first error stops the rest, and nothing is still running when the promise settles.

import { assert } from '../base/assert.ts';
import { onAbort, toAbortError } from './abort.ts';

export type Items<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Throws the first error after those under way have ended. Items are taken only when there is a hand free for them; a source
 * that can wait for long must stop by `signal` itself.
 */
export async function forEachLimit<T>(
  items: Items<T>, limit: number, work: (item: T, signal: AbortSignal) => Promise<void>, signal: AbortSignal,
): Promise<void> {
  assert(limit > 0, 'at least one item is worked on at a time');
  const controller = new AbortController();
  const off = onAbort(signal, () => controller.abort(toAbortError(signal)));
  const running = new Set<Promise<void>>();
  const start = (item: T): void => {
    const task = work(item, controller.signal)
      .catch((error: unknown) => controller.abort(error))
      .finally(() => running.delete(task));
    running.add(task);
  };
  try {
    for await (const item of items) {
      if (controller.signal.aborted) break;
      start(item);
      if (running.size >= limit) await Promise.race(running);
      if (controller.signal.aborted) break;
    }
  } catch (error) {
    controller.abort(error);
  }
  await Promise.all(running);
  off();
  if (controller.signal.aborted) throw controller.signal.reason;
}

/** Like forEachLimit; the results in the order of the items. */
export async function mapLimit<T, R>(
  items: Items<T>, limit: number, work: (item: T, signal: AbortSignal) => Promise<R>, signal: AbortSignal,
): Promise<readonly R[]> {
  const results: R[] = [];
  await forEachLimit(
    numbered(items),
    limit,
    async ([number, item], innerSignal) => {
      results[number] = await work(item, innerSignal);
    },
    signal,
  );
  return results;
}

async function* numbered<T>(items: Items<T>): AsyncGenerator<readonly [number, T], void, undefined> {
  let number = 0;
  for await (const item of items) {
    yield [number, item];
    number += 1;
  }
}
