// Work ahead of a reader: a few items under way at once, results in the order of the items. Nothing is still running when the
// iteration has ended, however it ends.

import { onAbort, toAbortError } from '../async/abort.ts';

type Settled<R> = { readonly kind: 'done'; readonly value: R } | { readonly kind: 'failed'; readonly error: unknown };

export async function* inOrder<T, R>(
  items: Iterable<T>, limit: number, work: (item: T, signal: AbortSignal) => Promise<R>, signal: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const controller = new AbortController();
  const off = onAbort(signal, () => controller.abort(toAbortError(signal)));
  const ahead: Promise<Settled<R>>[] = [];
  const rest = items[Symbol.iterator]();
  const start = async (item: T): Promise<Settled<R>> => {
    try {
      return { kind: 'done', value: await work(item, controller.signal) };
    } catch (error) {
      return { kind: 'failed', error };
    }
  };
  try {
    for (;;) {
      while (ahead.length < limit) {
        const next = rest.next();
        if (next.done === true) break;
        ahead.push(start(next.value));
      }
      const head = ahead.shift();
      if (head === undefined) return;
      const result = await head;
      if (result.kind === 'failed') throw result.error;
      yield result.value;
    }
  } finally {
    off();
    controller.abort();
    await Promise.all(ahead);
  }
}
