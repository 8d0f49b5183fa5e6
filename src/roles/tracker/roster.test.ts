// What a leader knows of seeders: only what it heard itself, and only while they live.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex, SeederId, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { InventoryReport } from '../../model/feed.ts';
import { copies3 } from '../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../test/support/tracker-world.ts';

const one = 1 as SeederId;
const report = (index: number, partition = 0): InventoryReport => ({ classCode: copies3, partition, index: index as LogIndex, count: 1, digest: '0'.repeat(32), others: 0, deletionsPending: 0 });

test('the first heartbeat to a leader is asked for everything, the next ones for changes', async () => {
  const world = await TrackerWorld.ready();
  assert.is(world.beat(1), 'full');
  assert.is(world.beat(1), 'changes');
  assert.is(world.beat(2), 'full');
});

test('a new term begins empty, also on the same tracker', async () => {
  const world = await TrackerWorld.ready();
  world.beat(1, { inventory: [report(5)] });
  world.lead(2);

  assert.is(world.beat(1), 'full');
  assert.is(world.roster.report(one, report(5)), undefined);
});

test('silence counts from the last heartbeat, or from the election when that is later', async () => {
  const world = await TrackerWorld.ready();
  await world.clock.advance(1_000);
  world.lead(2);
  world.roster.enter(world.mustLead());
  await world.clock.advance(300);
  assert.is(world.roster.silentMs(one), 300);
  world.beat(1);
  await world.clock.advance(70);

  assert.is(world.roster.silentMs(one), 70);
});

test('an election is no sign of life', async () => {
  const world = await TrackerWorld.ready();
  world.roster.enter(world.mustLead());
  assert.is(world.roster.isAlive(one), false);
  world.beat(1);
  assert.is(world.roster.isAlive(one), true);
  await world.clock.advance(limits.suspectMs);
  assert.is(world.roster.isAlive(one), false);
});

test('after a goodbye earlier heartbeats count no more; a later one does', async () => {
  const world = await TrackerWorld.ready();
  world.beat(1);
  world.roster.signOff(one);
  assert.is(world.roster.isAlive(one), false);

  world.beat(1);

  assert.is(world.roster.isAlive(one), true);
});

test('reports replace each other, and those of a seeder that is silent, gone or closed are none', async () => {
  const world = await TrackerWorld.ready();
  world.beat(1, { inventory: [report(5), report(5, 1)] });
  world.beat(1, { inventory: [report(8)] });
  assert.is(world.roster.report(one, report(0))?.index, 8);
  assert.is(world.roster.report(one, report(0, 1))?.index, 5);

  world.beat(1, { condition: 'closed' });
  assert.is(world.roster.report(one, report(0)), undefined);
  world.beat(1, { condition: 'full' });
  assert.is(world.roster.report(one, report(0))?.index, 8);
  await world.clock.advance(limits.suspectMs);
  assert.is(world.roster.report(one, report(0)), undefined);
});

test('a seeder that starts again reports anew', async () => {
  const world = await TrackerWorld.ready();
  world.beat(1, { inventory: [report(5)] });
  world.roster.forgetReports(one);

  assert.is(world.roster.report(one, report(0)), undefined);
  assert.is(world.roster.isAlive(one), true);
});

test('whoever leads no more knows nothing', async () => {
  const world = await TrackerWorld.ready();
  world.beat(1, { inventory: [report(5)] });
  world.roster.leave();
  assert.is(world.roster.space(one), undefined);

  world.roster.enter({ term: 1 as Term, sinceMs: 0 });

  assert.is(world.beat(1), 'full');
});

test.run();
