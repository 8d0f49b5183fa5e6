// What silence and heartbeats make of a seeder's state.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { silentLog } from '../../../observe/log.ts';
import { never } from '../../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../../test/support/tracker-world.ts';
import { Liveness } from './liveness.ts';

interface Desk {
  readonly world: TrackerWorld;
  round(): Promise<void>;
  /** Time passes in steps of a duty's rest; these seeders send heartbeats. */
  pass(ms: number, ...beating: readonly number[]): Promise<void>;
}

async function deskOf(seeders = 3): Promise<Desk> {
  const world = await TrackerWorld.ready();
  for (let id = 4; id <= seeders; id += 1) await world.state.registerSeeder(`s${id}`);
  const duty = new Liveness({ ...world, raft: world.raft, proposer: world.proposer, roster: world.roster, clock: world.clock, log: silentLog });
  const round = (): Promise<void> => duty.round(world.mustLead(), never);
  return {
    world, round,
    pass: async (ms, ...beating) => {
      for (let passed = 0; passed < ms; passed += limits.heartbeatMs) {
        for (const seeder of beating) world.beat(seeder);
        await round();
        await world.clock.advance(limits.heartbeatMs);
      }
      await round();
    },
  };
}

test('a silent seeder is down after the time, not before, and nobody else', async () => {
  const { world, pass } = await deskOf();
  await pass(limits.downMs - 2 * limits.heartbeatMs, 1, 2);
  assert.is(await world.stateOf(3), 'up');
  await pass(3 * limits.heartbeatMs, 1, 2);

  assert.equal([await world.stateOf(1), await world.stateOf(2), await world.stateOf(3)], ['up', 'up', 'down']);
});

test('a seeder that is down is up with its first heartbeat', async () => {
  const { world, pass } = await deskOf();
  await pass(limits.downMs + 2_000, 1, 2);
  await pass(1_000, 1, 2, 3);

  assert.is(await world.stateOf(3), 'up');
});

test('a new leader counts silence from its election: it has heard nobody yet', async () => {
  const { world, round, pass } = await deskOf();
  await pass(limits.downMs - 1_000, 1, 2);
  world.lead(2);
  await round();
  await pass(limits.downMs - 2_000, 1, 2);
  assert.is(await world.stateOf(3), 'up');
  await pass(3_000, 1, 2);

  assert.is(await world.stateOf(3), 'down');
});

test('the last heartbeat before a goodbye does not undo the maintenance; the next one does', async () => {
  const { world, round, pass } = await deskOf();
  await pass(2_000, 1, 2, 3);
  world.roster.signOff(3 as SeederId);
  await world.proposer.one({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'maintenance' }, never);

  await round();
  await pass(2_000, 1, 2);
  assert.is(await world.stateOf(3), 'maintenance');

  await pass(1_000, 1, 2, 3);
  assert.is(await world.stateOf(3), 'up');
});

test('maintenance has its own, longer patience', async () => {
  const { world, pass } = await deskOf();
  await world.proposer.one({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'maintenance' }, never);
  await pass(limits.maintenanceMs - 2_000, 1, 2);
  assert.is(await world.stateOf(3), 'maintenance');
  await pass(3_000, 1, 2);

  assert.is(await world.stateOf(3), 'down');
});

test('draining and removed seeders are none of its business', async () => {
  const { world, pass } = await deskOf();
  await world.proposer.one({ kind: 'seeder-state', seeder: 2 as SeederId, state: 'draining' }, never);
  await world.proposer.one({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'removed' }, never);
  await pass(limits.downMs + 2_000, 1);

  assert.equal([await world.stateOf(2), await world.stateOf(3)], ['draining', 'removed']);
});

test('many silent at once look like a network: nobody is down for a while, and then they are', async () => {
  const { world, pass } = await deskOf(5);
  await pass(limits.downMs + 10_000, 1, 2);
  assert.equal([await world.stateOf(3), await world.stateOf(4), await world.stateOf(5)], ['up', 'up', 'up']);

  await pass(limits.massSilenceMs, 1, 2);

  assert.equal([await world.stateOf(1), await world.stateOf(3), await world.stateOf(4), await world.stateOf(5)], ['up', 'down', 'down', 'down']);
});

test('two silent ones are no mass, also of three', async () => {
  const { world, pass } = await deskOf();
  await pass(limits.downMs + 2_000, 1);

  assert.equal([await world.stateOf(2), await world.stateOf(3)], ['down', 'down']);
});

test('a mass silence that ended is forgotten: the next one has its own patience', async () => {
  const { world, pass } = await deskOf(5);
  await pass(limits.massSilenceMs - 60_000, 1, 2);
  await pass(10_000, 1, 2, 3, 4, 5);
  await pass(limits.massSilenceMs - 60_000, 1, 2);

  assert.is(await world.stateOf(5), 'up');
});

test('a settled cluster proposes nothing', async () => {
  const { world, pass } = await deskOf();
  await pass(20_000, 1, 2, 3);

  assert.is(world.entries.length, 0);
});

test.run();
