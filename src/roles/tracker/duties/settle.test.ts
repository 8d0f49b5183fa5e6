// Health and settling by proof: what counts as equal, and what settles.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { mustExist } from '../../../base/assert.ts';
import { partitionOf } from '../../../model/chunk.ts';
import type { PartitionLists } from '../../../model/layout.ts';
import { chunkedFile, chunkNamed, copies3, entriesOf } from '../../../../test/meta/state-world.ts';
import { never } from '../../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../../test/support/tracker-world.ts';
import { classHealth, compareInventory } from '../inventory-view.ts';
import { Settler } from './settle.ts';

const partition = partitionOf(chunkNamed('a'), 4);

/** Seeder 4 replaced seeder 1 in the partition of chunk `a`; that is not settled yet. */
async function moved(): Promise<TrackerWorld> {
  const world = await TrackerWorld.ready();
  await world.state.must(chunkedFile('/a', entriesOf('a'), world.state.index));
  await world.state.registerSeeder('s4');
  await setLists(world, [4, 2, 3]);
  await world.state.session();
  return world;
}

async function setLists(world: TrackerWorld, now: readonly number[]): Promise<void> {
  const { version } = await world.state.machine.queries.layout();
  await world.state.command({ kind: 'set-layout', classCode: copies3, partitions: 4, basedOn: version, moves: [{ partition, now: now as SeederId[] }] });
}

async function listsOf(world: TrackerWorld): Promise<PartitionLists> {
  return mustExist((await world.state.machine.queries.layout()).classes[0]?.partitions[partition], 'laid out');
}

function settle(world: TrackerWorld): Promise<void> {
  return new Settler(world).round(world.mustLead(), never);
}

async function health(world: TrackerWorld): Promise<string> {
  const layout = await world.state.machine.queries.layout();
  const { whole, behind, stale, belowClass } = await classHealth(world.state.machine.queries, world.roster, layout, mustExist(layout.classes[0], 'laid out'), 1);
  return `${whole} whole, ${behind} behind, ${stale} stale, ${belowClass} below`;
}

async function reportAll(world: TrackerWorld, seeders: readonly number[]): Promise<void> {
  const inventory = await Promise.all([0, 1, 2, 3].map((each) => world.trueReport(each)));
  for (const seeder of seeders) world.beat(seeder, { inventory });
}

test('a partition settles once every seeder of `now` proved that it holds exactly the live chunks', async () => {
  const world = await moved();
  await reportAll(world, [2, 3]);
  await settle(world);
  assert.equal((await listsOf(world)).before, [1, 2, 3], 'seeder 4 said nothing yet');

  await reportAll(world, [4]);
  await settle(world);

  assert.equal((await listsOf(world)).before, []);
  assert.is(world.entries.length, 1);
  await settle(world);
  assert.is(world.entries.length, 1, 'and nothing more is proposed');
});

test('a report that differs, from before the list, with deletions pending, or of a silent seeder proves nothing', async () => {
  const proposes = async (spoil: (world: TrackerWorld) => Promise<void>): Promise<number> => {
    const world = await moved();
    await reportAll(world, [2, 3, 4]);
    await spoil(world);
    await settle(world);
    return world.entries.length;
  };
  const spoiled = (change: object) => async (world: TrackerWorld): Promise<void> =>
    void world.beat(4, { inventory: [{ ...(await world.trueReport(partition)), ...change }] });

  assert.is(await proposes(() => Promise.resolve()), 1);
  assert.is(await proposes(spoiled({ count: 0 })), 0);
  assert.is(await proposes(spoiled({ digest: '0'.repeat(32) })), 0);
  assert.is(await proposes(spoiled({ deletionsPending: 1 })), 0);
  assert.is(await proposes(spoiled({ index: 1 as LogIndex })), 0);
  assert.is(await proposes(async (world) => {
    const { since } = await listsOf(world);
    const [then] = await world.state.machine.queries.partitionDigests([{ classCode: copies3, partition, atIndex: (since - 1) as LogIndex }]);
    if (then?.kind !== 'known') throw new Error('known');
    world.beat(4, { inventory: [{ ...(await world.trueReport(partition)), index: then.index }] });
  }), 0, 'equal, and one index too early');
  assert.is(await proposes(async (world) => {
    world.beat(2);
    world.beat(3);
    await world.clock.advance(limits.suspectMs - 1);
    world.beat(2);
    world.beat(3);
    await world.clock.advance(1);
  }), 0, 'silent');
  assert.is(await proposes((world) => Promise.resolve(world.lead(2))), 0, 'heard by an earlier leadership');
});

test('a report at a newer index than this state knows is unknown, not different', async () => {
  const world = await moved();
  await reportAll(world, [2, 3]);
  world.beat(4, { inventory: [{ ...(await world.trueReport(partition)), index: 900 as LogIndex }] });

  const layout = await world.state.machine.queries.layout();
  const [compared] = await compareInventory(world.state.machine.queries, world.roster, mustExist(layout.classes[0], 'laid out'), [partition]);

  assert.equal(compared?.seeders.map((each) => each.comparison.kind), ['unknown', 'equal', 'equal']);
});

test('short lists do not settle: the class must be fully met', async () => {
  const world = await TrackerWorld.founded();
  for (const name of ['s1', 's2', 's3']) await world.state.registerSeeder(name);
  const list = (now: readonly number[]) => world.state.command({
    kind: 'set-layout', classCode: copies3, partitions: 1, basedOn: world.state.index, moves: [{ partition: 0, now: now as SeederId[] }],
  });
  await list([1]);
  await list([2]);
  await world.state.session();
  world.beat(2, { inventory: [await world.trueReport(0)] });

  await settle(world);

  assert.is(world.entries.length, 0);
});

test('a report that comes while the state is asked does not confuse the comparison', async () => {
  const world = await moved();
  await reportAll(world, [1, 2, 3, 4]);
  const layout = await world.state.machine.queries.layout();
  const queries = { partitionDigests: async (requests: Parameters<typeof world.state.machine.queries.partitionDigests>[0]) => {
    await world.state.session();
    await reportAll(world, [1, 2, 3, 4]);
    return world.state.machine.queries.partitionDigests(requests);
  } };

  const compared = await compareInventory(queries, world.roster, mustExist(layout.classes[0], 'laid out'), [0, 1, 2, 3]);

  assert.ok(compared.every(({ seeders }) => seeders.every(({ comparison }) => comparison.kind === 'equal')));
});

test('health: whole, behind, stale and below class are told apart', async () => {
  const world = await TrackerWorld.ready();
  await world.state.must(chunkedFile('/a', entriesOf('a'), world.state.index));
  assert.is(await health(world), '0 whole, 0 behind, 4 stale, 0 below');
  await reportAll(world, [1, 2, 3]);
  assert.is(await health(world), '4 whole, 0 behind, 0 stale, 0 below');

  world.beat(3, { inventory: [{ ...(await world.trueReport(partition)), count: 0, digest: '0'.repeat(32) }] });
  assert.is(await health(world), '3 whole, 1 behind, 0 stale, 0 below');
  await world.proposer.one({ kind: 'seeder-state', seeder: 2 as SeederId, state: 'down' }, never);
  assert.is(await health(world), '3 whole, 1 behind, 0 stale, 4 below');
  world.roster.forgetReports(2 as SeederId);
  assert.is(await health(world), '0 whole, 1 behind, 3 stale, 4 below');
});

test.run();
