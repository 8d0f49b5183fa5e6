import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settle } from '../../test/support/manual-clock.ts';
import { Mutex } from './mutex.ts';

test('one at a time, in the order of asking', async () => {
  const mutex = new Mutex({ waitersMax: 9 });
  const signal = new AbortController().signal;
  const events: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} in`);
    await settle();
    events.push(`${name} out`);
  };
  const all = Promise.all([mutex.run(signal, work('a')), mutex.run(signal, work('b'))]);
  assert.ok(mutex.locked);
  await all;
  assert.equal(events, ['a in', 'a out', 'b in', 'b out']);
  assert.not.ok(mutex.locked);
});

test.run();
