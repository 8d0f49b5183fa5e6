import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { day, hour, limits } from '../../src/base/limits.ts';
import type { LogIndex, SeederId } from '../../src/base/ids.ts';
import { addToDigest, digestSalt, digestTerm, formatDigest, zeroDigest } from '../../src/model/inventory-digest.ts';
import { toPages } from '../../src/model/manifest.ts';
import type { Operation } from '../../src/model/operation.ts';
import type { SettleItem } from '../../src/storage/meta/core/command.ts';
import { chunked, chunkedFile, chunkNamed, clusterId, copies3, entriesOf, sha256, StateWorld } from './state-world.ts';

const upload = 'ab'.repeat(16);
const s = (...ids: number[]): SeederId[] => ids as SeederId[];

async function counted(world: StateWorld, command: Parameters<StateWorld['command']>[0]): Promise<readonly [number, number]> {
  const result = await world.command(command);
  if (result.kind !== 'counted') throw new Error(JSON.stringify(result));
  return [result.accepted, result.skipped];
}

function partitionOfName(name: string, partitions: number): number {
  return Math.floor((Number.parseInt(chunkNamed(name).slice(0, 4), 16) * partitions) / 65_536);
}

/** Removes the only references to a chunk, by way of an upload that is closed. */
async function abandon(world: StateWorld, name: string): Promise<void> {
  await world.must({ kind: 'open-upload', upload });
  await world.must({ kind: 'stage', upload, storageClass: 'copies=3', entries: entriesOf(name), stamp: world.index });
  await world.must({ kind: 'close-upload', upload });
}

test('publishing makes chunks live: feed event, digest, totals', async () => {
  const world = await StateWorld.ready();
  const before = world.index;
  await world.must(chunkedFile('/f', entriesOf('a', 'b', 'a'), world.index));
  const page = await world.machine.queries.feed(before, 10, 1 as SeederId);
  assert.equal(page.events.map((event) => [event.chunk, event.liveness, event.bytes]), [[chunkNamed('a'), 'live', 100], [chunkNamed('b'), 'live', 100]]);
  assert.is(page.index, world.index);
  const { classes } = await world.machine.queries.totals();
  assert.equal([classes[0]?.chunks, classes[0]?.bytes], [2, 200]);
  const partition = partitionOfName('a', 4);
  const [now, past] = await world.machine.queries.partitionDigests([
    { classCode: copies3, partition, atIndex: world.index }, { classCode: copies3, partition, atIndex: before },
  ]);
  const inside = ['a', 'b'].filter((name) => partitionOfName(name, 4) === partition);
  const sum = inside.reduce((all, name) => addToDigest(all, digestTerm({ salt: digestSalt(clusterId), classCode: copies3, chunk: chunkNamed(name), shard: 0 }, sha256)), zeroDigest);
  assert.equal(now, { kind: 'known', index: world.index, count: inside.length, digests: [formatDigest(sum)] });
  assert.equal(past, { kind: 'known', index: before, count: 0, digests: ['0'.repeat(32)] });
  const live = await world.machine.queries.live({ classCode: copies3, partition, limit: 10 });
  assert.equal(new Set(live.chunks.map((each) => each.chunk)), new Set(inside.map(chunkNamed)));
});

test('the feed shows a seeder only its own partitions, whole entries at a time', async () => {
  const world = await StateWorld.ready(1);
  await world.registerSeeder('s4');
  const start = world.index;
  await world.must(chunkedFile('/f', entriesOf('a', 'b', 'c'), world.index));
  await world.must(chunkedFile('/g', entriesOf('d'), world.index));
  const first = await world.machine.queries.feed(start, 2, 1 as SeederId);
  assert.equal([first.events.length, first.index], [3, start + 1]);
  assert.is((await world.machine.queries.feed(first.index, 2, 1 as SeederId)).events.length, 1);
  const other = await world.machine.queries.feed(start, 100, 4 as SeederId);
  assert.equal([other.events.length, other.index], [0, world.index]);
});

test('publish is refused with reupload when its stamp does not vouch for the chunks', async () => {
  const world = await StateWorld.ready(1);
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), world.index + 1)), 'reupload', 'stamp at its own index');
  const early = world.index;
  await world.command({ kind: 'set-layout', classCode: copies3, partitions: 1, basedOn: world.index, moves: [{ partition: 0, now: s(1, 3, 2) }] });
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), early)), 'reupload', 'partition changed after the stamp');
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), world.index)), 'ok');
  assert.is(await world.code({ ...chunkedFile('/g', entriesOf('a'), world.index), content: { ...chunked(entriesOf('a'), world.index), storageClass: 'copies=2' } } as Operation), 'reupload', 'class without layout');
});

test('a chunk condemned at or after the stamp must be sent again', async () => {
  const world = await StateWorld.ready(1);
  const early = world.index;
  const chunk = { classCode: copies3, chunk: chunkNamed('a'), bytes: 100 };
  assert.equal(await counted(world, { kind: 'condemn', chunks: [chunk], grace: 'kept' }), [1, 0]);
  const condemned = world.index;
  assert.equal(await world.machine.queries.verdicts(copies3, [chunkNamed('a'), chunkNamed('b')]), [{ kind: 'condemned', index: condemned }, { kind: 'unknown' }]);
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), early)), 'reupload');
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), condemned)), 'reupload', 'condemned at the stamp itself');
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), world.index)), 'ok');
  assert.equal(await world.machine.queries.verdicts(copies3, [chunkNamed('a')]), [{ kind: 'live' }]);
  assert.is(await world.code(chunkedFile('/g', entriesOf('a'), condemned)), 'reupload', 'remembered although it is live again');
});

test('a stamp older than the horizon is refused', async () => {
  const world = await StateWorld.ready(1);
  const early = world.index;
  world.age = limits.stampHorizonMs + 2 * hour;
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), early)), 'reupload');
  assert.is(await world.code(chunkedFile('/f', entriesOf('a'), world.index)), 'ok');
});

test('condemn skips what is referenced and what is unreferenced for less than the grace', async () => {
  const world = await StateWorld.ready(1);
  await world.must(chunkedFile('/f', entriesOf('a'), world.index));
  await abandon(world, 'b');
  const both = ['a', 'b'].map((name) => ({ classCode: copies3, chunk: chunkNamed(name), bytes: 100 }));
  assert.equal(await counted(world, { kind: 'condemn', chunks: both, grace: 'kept' }), [0, 2]);
  assert.equal(await world.machine.queries.condemnable(10, 'kept'), []);
  world.age += day;
  await world.mkdir('/tick');
  assert.equal(await world.machine.queries.condemnable(10, 'kept'), [both[1]]);
  const before = world.index;
  assert.equal(await counted(world, { kind: 'condemn', chunks: both, grace: 'kept' }), [1, 1]);
  const { events } = await world.machine.queries.feed(before, 10, 1 as SeederId);
  assert.equal(events.map((event) => [event.chunk, event.liveness]), [[chunkNamed('b'), 'condemned']]);
  assert.is((await world.machine.queries.totals()).classes[0]?.chunks, 1);
});

test('a digest of an older index takes events back, also condemnations of chunks that were never live', async () => {
  const world = await StateWorld.ready(1);
  await abandon(world, 'a');
  const at = world.index;
  const [then] = await world.machine.queries.partitionDigests([{ classCode: copies3, partition: 0, atIndex: at }]);
  await world.command({ kind: 'condemn', chunks: ['a', 'never'].map((name) => ({ classCode: copies3, chunk: chunkNamed(name), bytes: 100 })), grace: 'skipped' });
  await world.must(chunkedFile('/f', entriesOf('c'), world.index));
  const [later] = await world.machine.queries.partitionDigests([{ classCode: copies3, partition: 0, atIndex: at }]);
  assert.equal(later, then);
  const { slices } = await world.machine.queries.sliceDigests(copies3, 0);
  assert.equal(slices.map((slice) => slice.count), [1]);
});

test('a condemnation is forgotten only beyond the horizon', async () => {
  const world = await StateWorld.ready(1);
  const chunk = { classCode: copies3, chunk: chunkNamed('a') };
  await world.command({ kind: 'condemn', chunks: [{ ...chunk, bytes: 1 }], grace: 'kept' });
  assert.equal(await counted(world, { kind: 'forget-condemned', chunks: [chunk] }), [0, 1]);
  world.age = limits.stampHorizonMs + 2 * hour;
  await world.mkdir('/tick');
  assert.equal(await world.machine.queries.forgettable(10), [chunk]);
  assert.equal(await counted(world, { kind: 'forget-condemned', chunks: [chunk] }), [1, 0]);
  assert.equal(await world.machine.queries.verdicts(copies3, [chunk.chunk]), [{ kind: 'unknown' }]);
});

test('pages sent ahead are held by the upload, then by the file', async () => {
  const world = await StateWorld.ready(1);
  const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
  const entries = entriesOf(...names);
  const [first, second] = toPages(entries);
  await world.must({ kind: 'open-upload', upload });
  const pages = [];
  for (const page of [first, second]) pages.push((await world.must({ kind: 'stage', upload, storageClass: 'copies=3', entries: page ?? [], stamp: world.index })).page);
  const content = { ...chunked(entries, world.index), pages: pages.map((page) => ({ kind: 'staged', page: page ?? '' as never }) as const), upload };
  await world.must({ kind: 'publish', path: '/big', parents: 'must-exist', attributes: {}, content });
  await world.must({ kind: 'close-upload', upload });
  assert.equal(await world.machine.queries.condemnable(10, 'skipped'), []);
  const { body } = await world.machine.queries.manifest({ kind: 'path', path: '/big' }, { fromPage: 1, pages: 5 });
  assert.equal(body.kind === 'chunked' ? [body.pageCount, body.pages[0]?.length] : [], [2, 44]);
  assert.is((await world.machine.queries.totals()).uploads, 0);
});

test('a page nobody holds cannot be named, and a lapsed upload cannot be staged into', async () => {
  const world = await StateWorld.ready(1);
  const content = { ...chunked(entriesOf('a'), world.index), pages: [{ kind: 'staged', page: 'ff'.repeat(32) as never } as const] };
  assert.is(await world.code({ kind: 'publish', path: '/f', parents: 'must-exist', attributes: {}, content }), 'reupload');
  assert.is(await world.code({ kind: 'stage', upload, storageClass: 'copies=3', entries: entriesOf('a'), stamp: world.index }), 'reupload');
});

test('an upload past its lease is emptied, and not before', async () => {
  const world = await StateWorld.ready(1);
  await world.must({ kind: 'open-upload', upload });
  await world.must({ kind: 'stage', upload, storageClass: 'copies=3', entries: entriesOf('a'), stamp: world.index });
  assert.equal(await counted(world, { kind: 'expire-uploads', uploads: [upload] }), [0, 1]);
  world.age += limits.uploadLeaseMs;
  await world.mkdir('/tick');
  assert.equal(await world.machine.queries.uploadsDue(10), [upload]);
  assert.equal(await counted(world, { kind: 'expire-uploads', uploads: [upload] }), [1, 0]);
  assert.is((await world.machine.queries.condemnable(10, 'skipped')).length, 1);
});

test('a content id, a length or a chunk that does not fit is refused', async () => {
  const world = await StateWorld.ready(1);
  const good = chunked(entriesOf('a', 'b'), world.index);
  const publish = (content: typeof good): Operation => ({ kind: 'publish', path: '/f', parents: 'must-exist', attributes: {}, content });
  assert.is(await world.code(publish({ ...good, contentId: '00'.repeat(32) as never })), 'bad-request');
  assert.is(await world.code(publish({ ...good, bytes: 201 })), 'bad-request');
  assert.is(await world.code(publish({ ...good, chunkBytes: 99 })), 'bad-request');
  assert.is(await world.code(publish({ ...good, pages: [{ kind: 'carried', entries: [] }] })), 'bad-request');
  assert.is(await world.code(publish(good)), 'ok');
  const longer = [{ kind: 'chunk', chunk: chunkNamed('a'), bytes: 99 }] as const;
  assert.is(await world.code(publish(chunked(longer, world.index))), 'bad-request');
});

test('replaced and removed files keep their chunks referenced for history', async () => {
  const world = await StateWorld.ready(1);
  await world.must(chunkedFile('/f', entriesOf('a'), world.index));
  await world.must(chunkedFile('/f', entriesOf('b'), world.index));
  await world.must({ kind: 'remove', path: '/f', what: 'file' });
  assert.equal(await world.machine.queries.condemnable(10, 'skipped'), []);
});

test('a version that lived within one entry leaves no reference', async () => {
  const world = await StateWorld.ready(1);
  const stamp = world.index;
  await world.run([chunkedFile('/f', entriesOf('a'), stamp), chunkedFile('/f', entriesOf('b'), stamp)]);
  assert.equal((await world.machine.queries.condemnable(10, 'skipped')).map((each) => each.chunk), [chunkNamed('a')]);
});

test('settle needs the full width and a fitting proof from every seeder of the list', async () => {
  const world = await StateWorld.ready(1);
  await world.registerSeeder('s4');
  await world.command({ kind: 'set-layout', classCode: copies3, partitions: 1, basedOn: world.index, moves: [{ partition: 0, now: s(1, 2, 4) }] });
  const since = world.index;
  await world.mkdir('/tick');
  const proof = (seeder: number, index: number = since, deletionsPending = 0): SettleItem['proofs'][number] => ({ seeder: seeder as SeederId, index: index as LogIndex, deletionsPending });
  const item = (proofs: SettleItem['proofs'], at = since): SettleItem => ({ classCode: copies3, partition: 0, since: at, proofs });
  const refused: readonly SettleItem[] = [
    item([proof(1), proof(2)]),
    item([proof(1), proof(2), proof(4, since - 1)]),
    item([proof(1), proof(2), proof(4, since, 1)]),
    item([proof(1), proof(2), proof(4, since + 1000)]),
    item([proof(1), proof(2), proof(4)], (since - 1) as LogIndex),
  ];
  for (const each of refused) assert.equal(await counted(world, { kind: 'settle', items: [each] }), [0, 1]);
  const [lists] = (await world.machine.queries.layout()).classes[0]?.partitions ?? [];
  assert.equal(lists?.before, [1, 2, 3]);
  assert.equal(await counted(world, { kind: 'settle', items: [item([proof(1), proof(2), proof(4)])] }), [1, 0]);
  assert.equal((await world.machine.queries.layout()).classes[0]?.partitions[0], { now: s(1, 2, 4), since, before: [] });
});

test('a list below its class never settles', async () => {
  const world = await StateWorld.bare();
  await world.entry([{ kind: 'found', cluster: clusterId, level: 1, settings: [] }]);
  await world.registerSeeder('s1');
  await world.command({ kind: 'set-layout', classCode: copies3, partitions: 1, basedOn: world.index, moves: [{ partition: 0, now: s(1) }] });
  await world.registerSeeder('s2');
  await world.command({ kind: 'set-layout', classCode: copies3, partitions: 1, basedOn: world.index, moves: [{ partition: 0, now: s(1, 2) }] });
  const proofs = [1, 2].map((seeder) => ({ seeder: seeder as SeederId, index: world.index, deletionsPending: 0 }));
  assert.equal(await counted(world, { kind: 'settle', items: [{ classCode: copies3, partition: 0, since: world.index, proofs }] }), [0, 1]);
});

test('lists change only from the layout a plan saw, among known seeders, and do not shrink by silence', async () => {
  const world = await StateWorld.ready(2);
  const move = (now: readonly SeederId[], basedOn: LogIndex = world.index): Parameters<StateWorld['command']>[0] => ({ kind: 'set-layout', classCode: copies3, partitions: 2, basedOn, moves: [{ partition: 0, now }] });
  assert.equal(await counted(world, move(s(1, 2, 9))), [0, 1], 'unknown seeder');
  assert.equal(await counted(world, move(s(1, 2, 2))), [0, 1], 'twice');
  await world.command({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'down' });
  assert.equal(await counted(world, move(s(1, 2))), [0, 1], 'silence');
  const seen = world.index;
  assert.equal(await counted(world, move(s(2, 1, 3))), [1, 0]);
  assert.equal(await counted(world, move(s(1, 2, 3), seen)), [0, 1], 'changed since');
  await world.command({ kind: 'seeder-state', seeder: 3 as SeederId, state: 'removed' });
  assert.equal(await counted(world, move(s(1, 2))), [1, 0], 'removed');
});

test('seeders: numbers are given once, an emptied disk is refused, a removed name may come again', async () => {
  const world = await StateWorld.ready(1);
  const register = { kind: 'register-seeder', name: 's1' as never, incarnation: '00'.repeat(16) as never, url: 'http://x', zone: 'z', host: 'h', capacityBytes: 5 } as const;
  assert.equal((await world.command(register)).kind === 'refused' && 'wiped-seeder', 'wiped-seeder');
  assert.equal(await world.registerSeeder('s1'), { kind: 'seeder', seeder: 1 });
  await world.command({ kind: 'seeder-state', seeder: 1 as SeederId, state: 'removed' });
  assert.equal(await world.command(register), { kind: 'seeder', seeder: 4 });
  assert.is((await world.registerSeeder('s1')).kind, 'refused');
  assert.equal((await world.machine.queries.seeders()).map((each) => each.state), ['removed', 'up', 'up', 'up']);
});

test('a seeder is found by its number alone, and by no other number', async () => {
  const world = await StateWorld.ready(1);
  assert.equal(await world.machine.queries.seeder(2 as SeederId), (await world.machine.queries.seeders())[1]);
  for (const other of [0, 4, 2 ** 32 + 2]) assert.is(await world.machine.queries.seeder(other as SeederId), undefined);
});

test('the feed is trimmed from its old end, and readers behind it are told', async () => {
  const world = await StateWorld.ready(1);
  await world.must(chunkedFile('/f', entriesOf('a', 'b'), world.index));
  const old = world.index;
  assert.equal(await world.machine.queries.trimmable(10), { rows: [], rest: 'none' });
  assert.equal(await counted(world, { kind: 'trim-feed', rows: [{ index: old, events: 2 }] }), [0, 1], 'too young');
  world.age += limits.feedAgeMsMax;
  await world.must(chunkedFile('/g', entriesOf('c'), world.index));
  assert.equal(await world.machine.queries.trimmable(10), { rows: [{ index: old, events: 2 }], rest: 'none' });
  assert.equal(await world.machine.queries.trimmable(1), { rows: [{ index: old, events: 2 }], rest: 'maybe-more' }, 'whole entries, and the next is to be looked at');
  assert.equal(await counted(world, { kind: 'trim-feed', rows: [{ index: old, events: 1 }] }), [0, 1], 'incomplete');
  assert.equal(await counted(world, { kind: 'trim-feed', rows: [{ index: old, events: 2 }] }), [1, 0]);
  try {
    await world.machine.queries.feed(0 as LogIndex, 10, 1 as SeederId);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'pruned');
  }
  assert.is((await world.machine.queries.feed(old, 10, 1 as SeederId)).events.length, 1);
  assert.equal(await world.machine.queries.partitionDigests([{ classCode: copies3, partition: 0, atIndex: (old - 1) as LogIndex }]), [{ kind: 'stale' }]);
});


test.run();
