import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, Term } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Operation } from '../../../model/operation.ts';
import { StateWorld } from '../../../../test/meta/state-world.ts';
import { Expiry } from './expire.ts';

const leadership = { term: 1 as Term, sinceMs: 0 };
const upload = 'ab'.repeat(16);

/** The duty over a state machine; what it proposes is applied at once. */
function dutyOf(world: StateWorld) {
  const proposed: string[] = [];
  const duty = new Expiry({
    raft: { useMachine: async (use) => use(world.machine) },
    proposer: {
      one: async (command) => {
        proposed.push(command.kind);
        return { index: world.index, results: await world.command(command) };
      },
    },
  });
  return { proposed, round: () => duty.round(leadership, new AbortController().signal) };
}

function stagePage(world: StateWorld, page: number): Operation {
  const chunk = (entry: number) => (page * limits.pageEntriesMax + entry).toString(16).padStart(64, '0') as ChunkId;
  const entries = Array.from({ length: limits.pageEntriesMax }, (_, entry) => ({ kind: 'chunk' as const, chunk: chunk(entry), bytes: 1 }));
  return { kind: 'stage', upload, storageClass: 'copies=3', entries, stamp: world.index };
}

test('a round that finds more than one command can name goes on until all is done', async () => {
  const world = await StateWorld.ready(1);
  for (const sessions of [limits.expireItemsMax, limits.expireItemsMax, 1]) {
    await world.entry(Array.from({ length: sessions }, () => ({ kind: 'register-session', user: 'u' }) as const));
  }
  await world.must({ kind: 'open-upload', upload });
  const pages = limits.feedPageMax / limits.pageEntriesMax + 1;
  for (let page = 0; page < pages; page += 1) await world.must(stagePage(world, page));
  world.age = limits.feedAgeMsMax;
  await world.mkdir('/tick');
  await dutyOf(world).round();
  const totals = await world.machine.queries.totals();
  assert.equal([totals.sessions, totals.feedEvents, totals.uploads], [0, 0, 0]);
});

test('a round that finds nothing proposes nothing, and one that finds little looks once', async () => {
  const world = await StateWorld.ready(1);
  await world.session();
  const { round, proposed } = dutyOf(world);
  await round();
  assert.equal(proposed, []);
  world.age = limits.sessionAgeMsMax;
  await world.mkdir('/tick');
  await round();
  assert.equal(proposed, ['expire-sessions']);
});

test.run();
