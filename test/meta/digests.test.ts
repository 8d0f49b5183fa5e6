import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, LogIndex, SeederId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { Sha256 } from '../../src/model/chunk.ts';
import type { Operation } from '../../src/model/operation.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import type { Kv } from '../../src/storage/kv/kv.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { MetaMachine } from '../../src/storage/meta/machine.ts';
import { pinnedView } from '../../src/storage/meta/pinned-view.ts';
import { partitionDigests } from '../../src/storage/meta/query-feed.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { clusterId, copies3, sha256, StateWorld } from './state-world.ts';

const upload = 'ab'.repeat(16);
const perPage = limits.pageEntriesMax;
let drawn = 0;

/** Different ones, spread over all partitions, without the cost of hashing a name. */
function nextChunk(): ChunkId {
  drawn += 1;
  return (((drawn * 40_503) % 65_536).toString(16).padStart(4, '0') + drawn.toString(16).padStart(60, '0')) as ChunkId;
}

interface Counted {
  readonly world: StateWorld;
  readonly kv: Kv;
  hashed(): number;
}

/** A state that counts what it hashes. */
async function countedWorld(partitions: number): Promise<Counted> {
  let hashed = 0;
  const counting: Sha256 = (parts) => {
    hashed += 1;
    return sha256(parts);
  };
  const disk = new MemoryKvDisk();
  const kv = await openGuardedKv(disk.open, 'state');
  const world = new StateWorld(disk, await MetaMachine.open({ group: 1, cacheBytes: 1 << 20 }, { kv, sha256: counting, clock: new ManualClock() }));
  await world.entry([{ kind: 'found', cluster: clusterId, level: 1, settings: [] }]);
  await world.registerSeeder('s1');
  const moves = Array.from({ length: partitions }, (_, partition) => ({ partition, now: [1] as SeederId[] }));
  await world.entry([{ kind: 'set-layout', classCode: copies3, partitions, basedOn: world.index, moves }]);
  await world.must({ kind: 'open-upload', upload });
  return { world, kv, hashed: () => hashed };
}

/** So many pages of chunks become live in one entry. */
async function stagePages(world: StateWorld, pages: number): Promise<void> {
  const operations = Array.from({ length: pages }, (): Operation => ({
    kind: 'stage', upload, storageClass: 'copies=3', stamp: world.index, entries: Array.from({ length: perPage }, () => ({ kind: 'chunk', chunk: nextChunk(), bytes: 1 })),
  }));
  for (const outcome of await world.run(operations)) assert.ok(outcome.ok);
}

test('one report from long ago makes no other report stale', async () => {
  const { world, kv } = await countedWorld(4);
  const eventsMax = 3 * perPage - 1;
  const ask = (atIndex: number) => ({ classCode: copies3, partition: 0, atIndex: atIndex as LogIndex });
  for (let entry = 0; entry < 4; entry += 1) await stagePages(world, 1);
  const last = world.index;
  const exact = await world.machine.queries.partitionDigests([ask(last - 3), ask(last - 2), ask(last - 1), ask(last)]);
  const requests = [ask(0), ask(last - 3), ask(last - 2), ask(last - 1), ask(last)];
  const answers = await partitionDigests(pinnedView(kv, 1), { requests, eventsMax }, sha256);
  assert.equal(answers.map((each) => each.kind), ['stale', 'stale', 'known', 'known', 'known'], 'the entry that the scan ends in is not taken out');
  assert.equal(answers.slice(2), exact.slice(1));
});

test('an event is hashed once, however many partitions and indexes are asked about', async () => {
  const partitions = 64;
  const { world, hashed } = await countedWorld(partitions);
  const first = world.index;
  for (let entry = 0; entry < 8; entry += 1) await stagePages(world, 1);
  const requests = Array.from({ length: partitions }, (_, partition) => Array.from({ length: 9 }, (_, back) => ({ classCode: copies3, partition, atIndex: (first + back) as LogIndex }))).flat();
  const start = hashed();
  const answers = await world.machine.queries.partitionDigests(requests);
  assert.is(hashed() - start, 8 * perPage);
  const countAt = (index: number): number => answers.reduce((sum, each) => sum + (each.kind === 'known' && each.index === index ? each.count : 0), 0);
  for (let back = 0; back <= 8; back += 1) assert.is(countAt(first + back), back * perPage);
});

test.run();
