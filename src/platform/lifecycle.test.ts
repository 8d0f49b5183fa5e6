import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { Lifecycle } from './lifecycle.ts';

/** Timers fire when told to. */
function handClock(): Clock & { fire(): void } {
  const calls = new Set<() => void>();
  return {
    monotonicMs: () => 0,
    wallMs: () => 0,
    schedule: (_, call) => {
      calls.add(call);
      return () => calls.delete(call);
    },
    fire: () => {
      for (const call of [...calls]) call();
    },
  };
}

test('resources stop in the opposite order, each after the one before', async () => {
  const lifecycle = new Lifecycle({ clock: handClock() });
  const stopped: string[] = [];
  for (const name of ['a', 'b', 'c']) lifecycle.own(name, name, async (it) => void (await Promise.resolve(), stopped.push(it)));

  const failures = await lifecycle.stop();

  assert.equal(stopped, ['c', 'b', 'a']);
  assert.equal(failures, []);
});

test('one that fails or hangs is reported and does not keep the others', async () => {
  const clock = handClock();
  const lifecycle = new Lifecycle({ clock });
  const stopped: string[] = [];
  lifecycle.own('last', 1, () => void stopped.push('last'));
  lifecycle.own('hangs', 1, () => {
    queueMicrotask(() => clock.fire());
    return new Promise<void>(() => {});
  });
  lifecycle.own('fails', 1, () => {
    throw new Error('no');
  });

  const failures = await lifecycle.stop();

  assert.equal(stopped, ['last']);
  assert.equal(failures, [{ resource: 'fails', reason: 'no' }, { resource: 'hangs', reason: `not stopped within ${limits.stopStepMsMax} ms` }]);
});

test('stopping twice stops once', async () => {
  const lifecycle = new Lifecycle({ clock: handClock() });
  let count = 0;
  lifecycle.own('a', 1, () => void (count += 1));

  await Promise.all([lifecycle.stop(), lifecycle.stop()]);

  assert.is(count, 1);
});

test.run();
