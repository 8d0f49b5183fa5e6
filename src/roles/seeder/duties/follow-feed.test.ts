// What a seeder believes to be live, against a real state machine: whatever happens between its questions, it ends with the truth.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex, SeederId } from '../../../base/ids.ts';
import { randomInt, seededRng } from '../../../base/rng.ts';
import { OffshoreError } from '../../../base/errors.ts';
import { partitionOf } from '../../../model/chunk.ts';
import { MemoryChunkStore } from '../../../storage/chunks/memory-chunk-store.ts';
import { FeedWorld, type FeedWorldOptions } from '../../../../test/support/feed-world.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { MemoryFileIo } from '../../../../test/support/memory-file-io.ts';
import { chunkNamed, clusterId, copies3 } from '../../../../test/meta/state-world.ts';
import { codeOf, never, sha256 } from '../../../../test/support/seeder-world.ts';
import { LayoutView } from '../layout-view.ts';
import { PartitionLedger } from '../partition-ledger.ts';
import { FeedFollower } from './follow-feed.ts';

const self = 1 as SeederId;

interface Seat {
  readonly world: FeedWorld;
  readonly files: MemoryFileIo;
  readonly store: MemoryChunkStore;
  readonly layout: LayoutView;
  follower: FeedFollower;
  restart(): Promise<void>;
  round(): Promise<void>;
}

async function seat(options: FeedWorldOptions = {}): Promise<Seat> {
  const world = await FeedWorld.ready(options);
  const files = new MemoryFileIo();
  await files.makeFolder('d');
  const store = new MemoryChunkStore({ cluster: clusterId }, { clock: new ManualClock(), sha256 });
  const layout = new LayoutView({ stopping: never, read: async (signal) => (await world.layout.call(world)).layout ?? signal });
  const open = async (): Promise<FeedFollower> => new FeedFollower({ self: () => self }, { store, layout, trackers: world, ledger: await PartitionLedger.open('d/partitions', files) });
  const made: Seat = {
    world, files, store, layout, follower: await open(),
    restart: async () => { made.follower = await open(); },
    round: async () => {
      await layout.refresh(never);
      await made.follower.round(never);
    },
  };
  return made;
}

async function hold({ store }: Seat, ...names: readonly string[]): Promise<void> {
  await store.put(names.map((name) => ({ key: { classCode: copies3, chunk: chunkNamed(name), shard: 0 }, parts: [new Uint8Array(100)], blockCrcs: new Uint32Array([0]), stamp: 1 as never })));
}

async function wantedNames({ store }: Seat, among: readonly string[]): Promise<string[]> {
  const wanted = new Set((await store.wanted(undefined, 1000)).map(({ chunk }) => chunk));
  return among.filter((name) => wanted.has(chunkNamed(name)));
}

/** Equal to what the state says, partition by partition, at the index reported. */
async function proves(at: Seat): Promise<number> {
  const reports = await at.store.inventory(at.follower.reportable());
  const digests = await at.world.state.machine.queries.partitionDigests(reports.map(({ classCode, partition, index }) => ({ classCode, partition, atIndex: index })));
  reports.forEach((report, i) => {
    const known = digests[i];
    assert.is(known?.kind === 'known' ? `${known.count} ${known.digests[0]}` : 'stale', `${report.count} ${report.digest}`, `partition ${report.partition}`);
  });
  return reports.length;
}

test('a new seeder lists its partitions, then follows; what it lacks is wanted', async () => {
  const at = await seat();
  await at.world.publish('a', 'b');
  await hold(at, 'a');

  await at.round();

  assert.equal(await wantedNames(at, ['a', 'b']), ['b']);
  assert.is(at.store.cursor(), at.world.state.index);
  assert.is(at.follower.reportable().length, 4);
});

test('nothing is reportable before the first round of this process', async () => {
  const at = await seat();
  await at.round();
  await at.restart();

  assert.is(at.follower.reportable().length, 0);
  await at.round();
  assert.is(at.follower.reportable().length, 4);
});

test('after a restart nothing is listed again, only followed', async () => {
  const at = await seat();
  await at.round();
  await at.restart();
  at.world.calls.length = 0;
  await at.world.publish('later');

  await at.round();

  assert.equal(at.world.calls, ['layout', 'index', 'feed']);
  assert.equal(await wantedNames(at, ['later']), ['later']);
});

test('an idle round asks one small question', async () => {
  const at = await seat();
  await at.round();
  at.world.calls.length = 0;

  await at.follower.round(never);

  assert.equal(at.world.calls, ['index']);
});

test('the whole backlog is followed in one round, however much of it is about other seeders', async () => {
  const at = await seat({ partitions: 4, feedPage: 2 });
  await at.round();
  for (const partition of [0, 1, 2]) await leave(at, partition);
  await at.round();
  const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
  for (const name of names) await at.world.publish(name);

  await at.round();

  assert.is(at.store.cursor(), at.world.state.index);
  assert.is((await at.store.wanted(undefined, 100)).length, names.filter((name) => partitionOf(chunkNamed(name), 4) === 3).length);
});

test('a changed list makes a partition be listed again, and not be reported until then', async () => {
  const at = await seat();
  await at.round();
  await at.world.setLists([{ partition: 2, now: [2, 1, 3] }]);
  await at.layout.refresh(never);
  assert.equal(at.follower.reportable().map((row) => row.partition), [0, 1, 3]);
  at.world.calls.length = 0;

  await at.round();

  assert.is(at.world.calls.filter((call) => call === 'live').length, 1);
  const since = (await at.world.state.machine.queries.layout()).classes[0]?.partitions[2]?.since ?? 0;
  assert.ok(at.follower.reportable().some((row) => row.partition === 2 && row.completeAt >= since));
});

test('a partition left behind is forgotten: not wanted, not reported', async () => {
  const at = await seat();
  await at.world.publish('a');
  await at.round();
  const partition = partitionOf(chunkNamed('a'), 4);
  assert.equal(await wantedNames(at, ['a']), ['a']);
  await at.world.setLists([{ partition, now: [2, 3] }]);
  // A list never shrinks for nothing: seeder 1 is still its own.
  await at.round();
  assert.equal(await wantedNames(at, ['a']), ['a']);
  await leave(at, partition);

  await at.round();

  assert.equal(await wantedNames(at, ['a']), []);
  assert.not.ok(at.follower.reportable().some((row) => row.partition === partition));
});

/** Seeder 4 comes in, and every seeder of the list is said to hold everything. */
async function leave({ world }: Seat, partition: number): Promise<void> {
  await world.state.registerSeeder('s4');
  await world.setLists([{ partition, now: [2, 3, 4] }]);
  const since = (await world.state.machine.queries.layout()).classes[0]?.partitions[partition]?.since ?? (0 as LogIndex);
  const proofs = [2, 3, 4].map((seeder) => ({ seeder: seeder as SeederId, index: since, deletionsPending: 0 }));
  assert.equal(await world.state.command({ kind: 'settle', items: [{ classCode: copies3, partition, since, proofs }] }), { kind: 'counted', accepted: 1, skipped: 0 });
}

test('an event of a partition marks its row, also when what is held stays the same', async () => {
  const at = await seat();
  await at.round();
  const before = at.follower.reportable();
  await at.world.publish('missing');
  const partition = partitionOf(chunkNamed('missing'), 4);

  await at.round();

  const changed = at.follower.reportable().filter((row, i) => row.touchedAt !== before[i]?.touchedAt);
  assert.equal(changed.map((row) => row.partition), [partition]);
});

test('a feed that no longer reaches back makes the seeder list everything and go on from there', async () => {
  const at = await seat();
  await at.round();
  await at.world.publish('a');
  const feed = at.world.feed.bind(at.world);
  at.world.feed = async () => {
    at.world.feed = feed;
    throw new OffshoreError('pruned', { oldest: at.world.state.index });
  };
  at.world.calls.length = 0;

  await at.round();

  assert.is(at.world.calls.filter((call) => call === 'live').length, 4);
  assert.equal(await wantedNames(at, ['a']), ['a']);
  await hold(at, 'a');
  await at.round();
  assert.is(at.store.cursor(), at.world.state.index);
  assert.is(await proves(at), 4);
});

test('a listing that fails keeps those that succeeded', async () => {
  const at = await seat();
  await at.world.publish('a', 'b', 'c', 'd', 'e', 'f');
  const live = at.world.live.bind(at.world);
  at.world.live = async (request) => {
    if (request.partition === 3) throw new OffshoreError('timeout');
    return live(request);
  };
  assert.is(await codeOf(at.round()), 'timeout');
  at.world.live = live;
  at.world.calls.length = 0;
  await at.restart();

  await at.round();

  assert.ok(at.world.calls.filter((call) => call === 'live').length < 4);
  await hold(at, 'a', 'b', 'c', 'd', 'e', 'f');
  assert.is(await proves(at), 4);
});

test('a tracker that answers the feed from the past is not believed', async () => {
  const at = await seat();
  await at.round();
  await at.world.publish('a');
  at.world.feed = async ({ after }) => ({ after, index: after, events: [] });

  assert.is(await codeOf(at.round()), 'bad-answer');
});

test('empty partitions of a new class cost no writes', async () => {
  const at = await seat();
  let relists = 0;
  const relist = at.store.relist.bind(at.store);
  at.store.relist = async (listing) => {
    relists += 1;
    return relist(listing);
  };
  await at.round();

  assert.is(relists, 0);
  assert.is(at.follower.reportable().length, 4);
});

test('listing and following converge whatever happens in between, and never list below the cursor', async () => {
  for (let seed = 1; seed <= 8; seed += 1) await converges(seed);
});

async function converges(seed: number): Promise<void> {
  const rng = seededRng(seed);
  const at = await seat({ partitions: 2, livePage: 3, feedPage: 2 });
  const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
  const someNames = (): string[] => names.filter(() => rng() < 0.15);
  const uploads: { readonly id: string; readonly chunks: readonly string[] }[] = [];
  let made = 0;
  let acts = 60;
  const act = async (): Promise<void> => {
    if (acts <= 0 || rng() < 0.4) return;
    acts -= 1;
    const chunks = someNames();
    const kind = randomInt(rng, 0, 4);
    if (kind === 0 && chunks.length > 0) await at.world.publish(...chunks);
    if (kind === 1 && chunks.length > 0) {
      made += 1;
      const id = made.toString(16).padStart(32, '0');
      await at.world.stage(id, ...chunks);
      uploads.push({ id, chunks });
    }
    const dropped = kind === 2 ? uploads.shift() : undefined;
    if (dropped !== undefined) await at.world.drop(dropped.id, ...dropped.chunks);
    if (kind === 3) await at.world.setLists([{ partition: randomInt(rng, 0, 1), now: rng() < 0.5 ? [1, 2, 3] : [3, 1, 2] }]);
    if (kind === 4) await hold(at, ...chunks);
  };
  // Entries come one after the other, however many questions are under way.
  let last = Promise.resolve();
  at.world.between = () => {
    last = last.then(act);
    return last;
  };
  for (let round = 0; round < 40; round += 1) {
    await at.round();
    if (rng() < 0.2) await at.restart();
  }
  at.world.between = () => Promise.resolve();
  await at.round();
  const wanted = await at.store.wanted(undefined, 1000);
  for (const key of wanted) await hold(at, ...names.filter((name) => chunkNamed(name) === key.chunk));
  await at.round();

  assert.is(await proves(at), 2, `seed ${seed}`);
  assert.is((await at.store.wanted(undefined, 10)).length, 0);
}

test.run();
