// When the layout changes, and when it is left alone.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { silentLog } from '../../../observe/log.ts';
import type { PartitionLists } from '../../../model/layout.ts';
import { classCode } from '../../../model/storage-class.ts';
import { copies3 } from '../../../../test/meta/state-world.ts';
import { codeOf, never, watch } from '../../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../../test/support/tracker-world.ts';
import { Rebalancer } from './rebalance.ts';

function rebalancerOf(world: TrackerWorld): Rebalancer {
  return new Rebalancer({ raft: world.raft, proposer: world.proposer, layouts: world.layouts, clock: world.clock, log: silentLog });
}

async function partitionsOf(world: TrackerWorld): Promise<readonly PartitionLists[]> {
  return (await world.state.machine.queries.layout()).classes[0]?.partitions ?? [];
}

async function round(world: TrackerWorld, rebalancer: Rebalancer): Promise<void> {
  await rebalancer.round(world.mustLead(), never);
}

test('a first layout waits a moment for as many seeders as the class is wide', async () => {
  const world = await TrackerWorld.founded();
  await world.state.registerSeeder('s1');
  const asked = watch(rebalancerOf(world).layOut(copies3, never));
  await world.clock.advance(1_000);
  assert.is(asked.state(), 'pending');
  await world.state.registerSeeder('s2');
  await world.state.registerSeeder('s3');
  await world.clock.advance(limits.foundRestMs);

  assert.is(asked.state(), 'done');
  const partitions = await partitionsOf(world);
  assert.is(partitions.length, limits.partitionsInitial);
  assert.ok(partitions.every((lists) => lists.now.length === 3));
});

test('with fewer it goes on after the moment, and with none it says so', async () => {
  const few = await TrackerWorld.founded();
  await few.state.registerSeeder('s1');
  const asked = watch(rebalancerOf(few).layOut(copies3, never));
  await few.clock.advance(limits.gatherSeedersMs + limits.foundRestMs);
  assert.is(asked.state(), 'done');
  assert.ok((await partitionsOf(few)).every((lists) => lists.now.length === 1));

  const none = await TrackerWorld.founded();
  const failing = codeOf(rebalancerOf(none).layOut(copies3, never));
  await none.clock.advance(limits.gatherSeedersMs + limits.foundRestMs);
  assert.is(await failing, 'too-few-copies');
});

test('two who ask at once make one layout; a client that hangs up waits no more', async () => {
  const world = await TrackerWorld.founded();
  for (const name of ['s1', 's2', 's3']) await world.state.registerSeeder(name);
  const rebalancer = rebalancerOf(world);
  await Promise.all([rebalancer.layOut(copies3, never), rebalancer.layOut(copies3, never)]);
  assert.is((await world.state.machine.queries.layout()).classes.length, 1);

  const gone = new AbortController();
  const waiting = codeOf(rebalancer.layOut(classCode({ kind: 'copies', copies: 5 }), gone.signal));
  await world.clock.advance(100);
  gone.abort();
  assert.is(await waiting, 'aborted');
});

test('a class that nobody asked for is not laid out by rounds', async () => {
  const world = await TrackerWorld.founded();
  for (const name of ['s1', 's2', 's3']) await world.state.registerSeeder(name);
  await round(world, rebalancerOf(world));

  assert.equal((await world.state.machine.queries.layout()).classes, []);
});

test('a seeder that joins gets its share, and the next rounds change nothing', async () => {
  const world = await TrackerWorld.ready(64);
  const rebalancer = rebalancerOf(world);
  await round(world, rebalancer);
  assert.is(world.entries.length, 0);
  await world.state.registerSeeder('s4');

  await round(world, rebalancer);
  assert.is(world.entries.length, 1);
  await round(world, rebalancer);
  await round(world, rebalancer);

  assert.is(world.entries.length, 1);
  const share = (await partitionsOf(world)).filter((lists) => lists.now.includes(4 as SeederId)).length;
  assert.ok(share >= 44 && share <= 52, `${share} of 64`);
  assert.ok((await partitionsOf(world)).every((lists) => lists.now.length === 3 && new Set(lists.now).size === 3));
});

test('a seeder that is away keeps its places; one that is down is replaced, and takes them back when it returns in time', async () => {
  const world = await TrackerWorld.founded();
  for (const name of ['s1', 's2', 's3', 's4']) await world.state.registerSeeder(name);
  const rebalancer = rebalancerOf(world);
  await rebalancer.layOut(copies3, never);
  await round(world, rebalancer);
  const states = (seeder: number, state: 'up' | 'down' | 'maintenance') => world.state.command({ kind: 'seeder-state', seeder: seeder as SeederId, state });
  const places = async (): Promise<number> => (await partitionsOf(world)).filter((lists) => lists.now.includes(1 as SeederId)).length;
  const before = await places();
  await states(1, 'maintenance');
  await round(world, rebalancer);
  assert.is(await places(), before);

  await states(1, 'down');
  await round(world, rebalancer);
  assert.is(await places(), 0);
  await states(1, 'up');
  await round(world, rebalancer);

  assert.is(await places(), before);
});

test('without another seeder the lists of one that is down stay as they are', async () => {
  const world = await TrackerWorld.ready(16);
  await world.state.command({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'down' });
  await round(world, rebalancerOf(world));

  assert.ok((await partitionsOf(world)).every((lists) => lists.now.length === 3));
});

test('a round that failed is done again', async () => {
  const world = await TrackerWorld.ready(64);
  await world.state.registerSeeder('s4');
  const rebalancer = rebalancerOf(world);
  const leadership = world.mustLead();
  world.leadership = undefined;
  assert.is(await codeOf(rebalancer.round(leadership, never)), 'no-leader');
  world.lead(2);

  await round(world, rebalancer);

  assert.is(world.entries.length, 1);
});

test.run();
