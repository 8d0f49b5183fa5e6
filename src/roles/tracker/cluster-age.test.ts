// Cluster age never goes back, whoever leads, and counts only while somebody leads.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterAge, Term } from '../../base/ids.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { ClusterAgeCounter } from './cluster-age.ts';

const at = (term: number, sinceMs: number) => ({ term: term as Term, sinceMs });
const age = (ms: number): ClusterAge => ms as ClusterAge;

test('it goes on from the largest age in the state, by the monotonic clock since the election', async () => {
  const clock = new ManualClock();
  await clock.advance(500);
  const counter = new ClusterAgeCounter({ clock });
  assert.is(counter.now(at(1, 500), age(10_000)), 10_000);
  await clock.advance(250);

  assert.is(counter.now(at(1, 500), age(10_000)), 10_250);
});

test('what it applied itself in a term does not move it', async () => {
  const clock = new ManualClock();
  const counter = new ClusterAgeCounter({ clock });
  counter.now(at(1, 0), age(100));
  await clock.advance(50);

  assert.is(counter.now(at(1, 0), age(5_000)), 150);
});

test('it is monotone across terms and leaders, and time without a leader does not count', async () => {
  const clocks = [new ManualClock(), new ManualClock()];
  const counters = clocks.map((clock) => new ClusterAgeCounter({ clock }));
  let applied = age(0);
  let last = -1;
  for (let term = 1; term <= 20; term += 1) {
    const who = term % 2;
    await clocks[who]?.advance(100_000);
    const sinceMs = clocks[who]?.monotonicMs() ?? 0;
    for (let step = 0; step < 3; step += 1) {
      await clocks[who]?.advance(7);
      const now = counters[who]?.now(at(term, sinceMs), applied) ?? age(0);
      assert.ok(now >= last, `term ${term}: ${now} after ${last}`);
      last = now;
      applied = now;
    }
  }
  assert.is(last, 20 * 21);
});

test('a wall clock that jumps is not noticed, and fractions of a millisecond are cut', () => {
  const clock = new ManualClock();
  const counter = new ClusterAgeCounter({ clock });
  counter.now(at(1, 0), age(7));
  clock.jumpWall(-1_000_000);

  assert.is(counter.now(at(1, -0.7), age(7)), 7);
});

test.run();
