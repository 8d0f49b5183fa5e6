import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backoffMs } from './backoff.ts';

const backoff = { baseMs: 100, capMs: 1000 };

test('it doubles up to its cap, jittered down to a half', () => {
  const range = [0, 1, 2, 3, 4, 99].map((failures) => [backoffMs(backoff, failures, () => 0), backoffMs(backoff, failures, () => 1)]);
  assert.equal(range, [[50, 100], [100, 200], [200, 400], [400, 800], [500, 1000], [500, 1000]]);
});

test.run();
