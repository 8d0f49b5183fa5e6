import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settle } from '../../test/support/manual-clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { KeyedLock } from './keyed-lock.ts';

const signal = new AbortController().signal;

test('equal keys wait for each other, different ones do not', async () => {
  const lock = new KeyedLock<string>({ waitersMax: 9 });
  const events: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} in`);
    await settle();
    events.push(`${name} out`);
  };
  await Promise.all([lock.run('x', signal, work('x1')), lock.run('x', signal, work('x2')), lock.run('y', signal, work('y'))]);
  assert.ok(events.indexOf('y in') < events.indexOf('x1 out'));
  assert.ok(events.indexOf('x1 out') < events.indexOf('x2 in'));
});

test('a key that nobody holds is forgotten, after failures and aborts too', async () => {
  const lock = new KeyedLock<string>({ waitersMax: 9 });
  const controller = new AbortController();
  const holding = lock.run('x', signal, settle);
  const waiting = lock.run('x', controller.signal, settle).catch((error: unknown) => error);
  const failing = lock.run('z', signal, () => Promise.reject(new Error('no'))).catch(() => {});
  controller.abort();
  assert.ok(isOffshoreError(await waiting, 'aborted'));
  await Promise.all([holding, failing]);
  assert.is(lock.size, 0);
});

test.run();
