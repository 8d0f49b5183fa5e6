// How commands of this tracker enter the log.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../base/limits.ts';
import type { Incarnation, NodeName, SeederId, Term } from '../../base/ids.ts';
import type { Command } from '../../storage/meta/core/command.ts';
import { codeOf, never } from '../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../test/support/tracker-world.ts';
import { Proposer } from './proposer.ts';

const session: Command = { kind: 'register-session', user: 'ann' };

test('an entry carries wall time and cluster age, and its index and results come back', async () => {
  const world = await TrackerWorld.ready();
  await world.clock.advance(40);

  const { index, results } = await world.proposer.propose([session, session], never);

  assert.is(index, world.state.index);
  assert.equal(results.map((each) => each.kind), ['session', 'session']);
  assert.equal([world.entries[0]?.wallMs, world.entries[0]?.clusterAge], [1_040, 40]);
});

test('a refusal of the state is the error it names', async () => {
  const world = await TrackerWorld.ready();

  assert.is(await codeOf(world.proposer.one({ kind: 'seeder-state', seeder: 99 as SeederId, state: 'down' }, never)), 'not-found');
});

test('who does not lead points to the leader, or says that there is none', async () => {
  const world = await TrackerWorld.ready();
  world.leadership = undefined;
  assert.is(await codeOf(world.proposer.one(session, never)), 'no-leader');
  world.leader = { name: 't2', url: 'http://t2' };

  let details: unknown;
  await world.proposer.one(session, never).catch((error: { readonly details: unknown }) => { details = error.details; });

  assert.equal(details, { leader: 'http://t2', name: 't2' });
});

test('a leader whose state is not current yet waits for that before it proposes', async () => {
  const world = await TrackerWorld.ready();
  world.leadership = undefined;
  let barriers = 0;
  const raft = Object.assign(Object.create(world.raft) as typeof world.raft, {
    isLeader: () => true,
    readBarrier: () => {
      barriers += 1;
      world.leadership = { term: 4 as Term, sinceMs: 0 };
      return Promise.resolve(world.state.index);
    },
  });

  await new Proposer({ raft, clock: world.clock }).one(session, never);

  assert.is(barriers, 1);
});

test('an entry above the bound is refused before it is proposed', async () => {
  const world = await TrackerWorld.ready();
  const register: Command = { kind: 'register-seeder', name: 'n' as NodeName, incarnation: 'i' as Incarnation, url: 'u'.repeat(10_000), zone: '', host: '', capacityBytes: 1 };

  assert.is(await codeOf(world.proposer.propose(Array.from({ length: Math.ceil(limits.entryBytesMax / 10_000) }, () => register), never)), 'body-too-large');
  assert.is(world.entries.length, 0);
});

test.run();
