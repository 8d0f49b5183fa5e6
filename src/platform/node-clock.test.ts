import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeClock } from './node-clock.ts';

test('a call comes no earlier than its delay, a cancelled one never', async () => {
  const startedMs = nodeClock.monotonicMs();
  let cancelledRan = false;
  const cancel = nodeClock.schedule(1, () => {
    cancelledRan = true;
  });
  cancel();
  cancel();
  await new Promise<void>((resolve) => nodeClock.schedule(5, resolve));
  assert.ok(nodeClock.monotonicMs() - startedMs >= 5);
  assert.not.ok(cancelledRan);
});

test('a delay beyond the range of setTimeout does not fire at once', async () => {
  let fired = false;
  const cancel = nodeClock.schedule(2 ** 40, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => nodeClock.schedule(10, resolve));
  cancel();
  assert.not.ok(fired);
});

test.run();
