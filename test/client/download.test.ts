import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId } from '../../src/base/ids.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { all, refused } from '../contract/remote-files.ts';
import { fakeWorld, fileOf, patternBytes, readAll, type FakeWorld } from '../support/fake-client.ts';
import { routeOf, urlOf } from '../support/fake-cluster.ts';

const chunkBytes = 2048;
const get = 'GET /v1/chunks';
const bytes = patternBytes(30_000);

function chunkOf(number: number): ChunkId {
  return createHash('sha256').update(bytes.subarray(number * chunkBytes, (number + 1) * chunkBytes)).digest('hex') as ChunkId;
}

/** A world whose file /f holds `bytes`. */
async function worldWithFile(options: Parameters<typeof fakeWorld>[0] = {}): Promise<FakeWorld> {
  const world = fakeWorld(options);
  await world.drive(world.files.upload(fileOf(bytes), '/f', { signal: world.signal }));
  return world;
}

/** Holes but for the end. */
function sparseBytes(length: number): Uint8Array {
  const sparse = new Uint8Array(length);
  sparse.set(patternBytes(1000), length - 1000);
  return sparse;
}

async function readsBack(world: FakeWorld): Promise<void> {
  assert.equal(Buffer.from(await world.drive(readAll(world.files, '/f'))), Buffer.from(bytes));
}

test('a wrong byte from one copy is read elsewhere', async () => {
  const world = await worldWithFile();
  world.cluster.seeder('seeder-1').lies = true;
  await readsBack(world);
});

test('wrong bytes from every copy are corruption, never data', async () => {
  const world = await worldWithFile();
  for (const seeder of world.cluster.seeders.values()) seeder.lies = true;
  await world.drive(refused(readAll(world.files, '/f'), 'chunk-corrupt'));
});

test('one living seeder is enough to read', async () => {
  const world = await worldWithFile();
  world.cluster.kill('seeder-1');
  world.cluster.hang('seeder-3');
  await readsBack(world);
});

test('a slow copy is joined by another one', async () => {
  const world = await worldWithFile();
  for (let i = 0; i < 3; i += 1) await readsBack(world);
  world.cluster.slow('seeder-2', 60_000);
  const startedMs = world.clock.monotonicMs();
  await readsBack(world);
  assert.ok(world.clock.monotonicMs() - startedMs < 5000);
});

test('a seeder that lacks a chunk is passed over', async () => {
  const world = await worldWithFile();
  world.cluster.seeder('seeder-1').dropAll();
  world.cluster.seeder('seeder-2').drop(chunkOf(2));
  await readsBack(world);
});

test('the layout is read again before a chunk is called missing', async () => {
  const world = await worldWithFile({ cluster: { seeders: 5 } });
  const { cluster } = world;
  // The copies move to seeders that the reader does not know of.
  for (const n of [0, 3, 7, 12]) {
    for (const seeder of cluster.seeders.values()) seeder.drop(chunkOf(n));
    cluster.seeder('seeder-5').store('copies=3', { chunk: chunkOf(n), bytes: bytes.slice(n * chunkBytes, (n + 1) * chunkBytes) }, 1 as never);
  }
  cluster.tracker.move(['seeder-5', 'seeder-1', 'seeder-2']);
  await readsBack(world);
});

test('a chunk on no seeder is reported with path, chunk and who was asked', async () => {
  const world = await worldWithFile({ retries: 2 });
  for (const seeder of world.cluster.seeders.values()) seeder.drop(chunkOf(4));
  const error: unknown = await world.drive(readAll(world.files, '/f').catch((failure: unknown) => failure));
  assert.ok(isOffshoreError(error, 'chunk-unreachable'));
  assert.is(error.details['path'], '/f');
  assert.is(error.details['chunk'], chunkOf(4));
  assert.equal([...(error.details['seeders'] as readonly string[])].sort(), ['seeder-1', 'seeder-2', 'seeder-3']);
});

test('chunks are found while no tracker answers', async () => {
  const world = await worldWithFile();
  const file = await world.drive(world.files.open('/f', world.signal));
  for (const name of ['tracker-1', 'tracker-2', 'tracker-3']) world.cluster.kill(name);
  world.cluster.kill('seeder-2');
  const parts = await world.drive(all(file.read({ start: 0, end: bytes.length }, { signal: world.signal })));
  assert.equal(Buffer.concat(parts), Buffer.from(bytes));
});

test('an open file stays on its version, and says `changed` when that is gone', async () => {
  const world = await worldWithFile({ chunkBytes: 1100 });
  const { drive, files, signal } = world;
  const long = sparseBytes(1100 * limits.pageEntriesMax * (limits.manifestPagesPerRead + 1));
  await drive(files.upload(fileOf(long), '/long', { signal }));
  const file = await drive(files.open('/long', signal));
  await drive(files.upload(fileOf(patternBytes(10)), '/long', { signal }));
  await drive(refused(all(file.read({ start: long.length - 10, end: long.length }, { signal })), 'changed'));
  const removed = await drive(files.open('/f', signal));
  await drive(files.run([{ kind: 'remove', path: '/f', what: 'file' }], { signal }));
  for (const seeder of world.cluster.seeders.values()) seeder.dropAll();
  await drive(refused(all(removed.read({ start: 0, end: 10 }, { signal })), 'changed'));
});

test('reading ahead is bounded', async () => {
  const world = await worldWithFile();
  let open = 0;
  let mostOpen = 0;
  world.cluster.intercept((message, deliver) => {
    if (routeOf(message) !== get) return undefined;
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    return deliver().finally(() => { open -= 1; });
  });
  const file = await world.drive(world.files.open('/f', world.signal));
  await world.drive(all(file.read({ start: 0, end: bytes.length }, { signal: world.signal, chunksInFlight: 3 })));
  assert.is(mostOpen, 3);
});

test('a reader that stops leaves nothing running', async () => {
  const world = await worldWithFile();
  const file = await world.drive(world.files.open('/f', world.signal));
  for (const name of ['seeder-1', 'seeder-2', 'seeder-3']) world.cluster.slow(name, 50);
  const iterator = file.read({ start: 0, end: bytes.length }, { signal: world.signal })[Symbol.asyncIterator]();
  await world.drive(iterator.next());
  await world.drive(Promise.resolve(iterator.return?.()));
  const seen = world.cluster.count(get);
  await world.clock.advance(10_000);
  assert.is(world.cluster.count(get), seen);
});

test('an aborted read ends at once', async () => {
  const world = await worldWithFile();
  const controller = new AbortController();
  const file = await world.drive(world.files.open('/f', world.signal));
  for (const name of ['seeder-1', 'seeder-2', 'seeder-3']) world.cluster.hang(name);
  const read = all(file.read({ start: 0, end: bytes.length }, { signal: controller.signal }));
  world.clock.schedule(100, () => controller.abort());
  await world.drive(refused(read, 'aborted'));
  assert.ok(world.clock.monotonicMs() < 5000);
});

test('small ranges of one chunk fetch it once', async () => {
  const world = await worldWithFile();
  const file = await world.drive(world.files.open('/f', world.signal));
  for (let at = 0; at < 2000; at += 100) await world.drive(all(file.read({ start: at, end: at + 100 }, { signal: world.signal })));
  assert.is(world.cluster.count(get), 1);
});

test('the end of a file of many pages needs only its last page', async () => {
  const world = fakeWorld({ chunkBytes: 1100 });
  const { drive, files, signal, cluster } = world;
  const long = sparseBytes(1100 * limits.pageEntriesMax * 10);
  await drive(files.upload(fileOf(long), '/long', { signal }));
  const part = await drive(readAll(files, '/long', { start: long.length - 50, end: long.length }));
  assert.equal(Buffer.from(part), Buffer.from(long.slice(-50)));
  assert.is(cluster.count('GET /v1/manifest'), 2);
  assert.is(cluster.count(get), 1);
});

test('places says which seeders have each chunk', async () => {
  const world = await worldWithFile();
  world.cluster.seeder('seeder-2').drop(chunkOf(1));
  world.cluster.kill('seeder-3');
  const places = await world.drive(all(world.files.places('/f', world.signal)));
  assert.is(places.length, Math.ceil(bytes.length / chunkBytes));
  assert.equal(places[0]?.seeders, ['seeder-1', 'seeder-2']);
  assert.equal(places[1]?.seeders, ['seeder-1']);
});

test('readers of the same zone read there', async () => {
  const world = await worldWithFile();
  const near = world.another({ zone: 'zone-seeder-2' });
  await world.drive(readAll(near, '/f'));
  const asked = world.cluster.seen.filter((message) => message.route === get);
  assert.ok(asked.length > 0 && asked.every((message) => message.to === urlOf('seeder-2')));
});

test.run();
