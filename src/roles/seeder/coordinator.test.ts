// When a coordinator acknowledges, whom it relays to, and how it fails.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyOf, codeOf, copies3, index, keyOf, layoutOf, never, SeederWorld, toStore, watch, type Body } from '../../../test/support/seeder-world.ts';
import { headerNames } from '../../protocol/headers.ts';
import { limits } from '../../base/limits.ts';

const request = { classCode: copies3, known: index(10), stamp: index(12) };
const body = bodyOf('a chunk');

function worldOf(now: readonly number[], options: Partial<Parameters<typeof layoutOf>[0]> = {}): SeederWorld {
  return new SeederWorld(layoutOf({ version: 10, now, ...options }));
}

function relayTargets(world: SeederWorld): string[] {
  return world.seen.map((message) => message.to).sort();
}

test('with three seeders it answers once two copies are durable, its own among them, and the third is finished behind', async () => {
  const world = worldOf([1, 2, 3]);
  const [one, two, three] = [world.seeder(1), world.seeder(2), world.seeder(3)];
  world.hang(3);

  const stored = await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);

  assert.equal(stored, [{ chunk: body.chunk, seeders: ['s1', 's2'] }]);
  assert.ok(one.store.lookup(keyOf(body)) !== undefined && two.store.lookup(keyOf(body)) !== undefined);
  assert.is(three.store.lookup(keyOf(body)), undefined);
  world.heal();
  await world.settle();
  assert.is(three.store.lookup(keyOf(body))?.stamp, 12);
});

test('two relayed copies are enough while the own disk is slow: the own copy counts only when it is durable', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.seeder(2);
  world.seeder(3);
  let release: () => void = () => undefined;
  const put = one.store.put.bind(one.store);
  one.store.put = async (chunks) => {
    await new Promise<void>((resolve) => { release = resolve; });
    return put(chunks);
  };

  const asked = watch(one.coordinator.storeAndRelay([toStore(body, 12)], request, never));
  await world.settle();

  // Two relays are durable by now: enough copies, and the own one may still be needed.
  assert.is(asked.state(), 'done');
  assert.equal(asked.value()?.[0]?.seeders, ['s2', 's3']);
  release();
});

test('a relay that stores is durable there before it counts', async () => {
  const world = worldOf([1, 2]);
  const [one, two] = [world.seeder(1), world.seeder(2)];
  const put = two.store.put.bind(two.store);
  let durable: () => void = () => undefined;
  two.store.put = async (chunks) => {
    await new Promise<void>((resolve) => { durable = resolve; });
    return put(chunks);
  };

  const asked = watch(one.coordinator.storeAndRelay([toStore(body, 12)], request, never));
  await world.settle();
  assert.is(asked.state(), 'pending');
  durable();
  await world.settle();

  assert.equal(asked.value()?.[0]?.seeders, ['s1', 's2']);
});

test('one seeder in the list is enough when it is the only one; two must both have it', async () => {
  const alone = worldOf([1]);
  const only = await alone.seeder(1).coordinator.storeAndRelay([toStore(body, 12)], request, never);
  assert.equal(only[0]?.seeders, ['s1']);

  const pair = worldOf([1, 2]);
  const one = pair.seeder(1);
  pair.refuse(2, 'store-closed');
  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'too-few-copies');
});

test('one failing relay of two does not matter', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.seeder(3);
  world.refuse(2, 'internal');

  const stored = await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);

  assert.equal(stored[0]?.seeders, ['s1', 's3']);
});

test('a seeder that failed a relay rests, and is asked again after the rest', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.seeder(2);
  world.seeder(3);
  world.refuse(2, 'internal');
  await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);
  world.heal();
  world.seen.length = 0;

  await one.coordinator.storeAndRelay([toStore(bodyOf('second'), 12)], request, never);
  assert.equal(relayTargets(world), ['http://s3']);
  await world.clock.advance(limits.relayRestMs + 1);
  await one.coordinator.storeAndRelay([toStore(bodyOf('third'), 12)], request, never);

  assert.equal(relayTargets(world), ['http://s2', 'http://s3', 'http://s3']);
});

test('a resting seeder is asked at once where too few others are left', async () => {
  const world = worldOf([1, 2]);
  const one = world.seeder(1);
  world.seeder(2);
  world.refuse(2, 'internal');
  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'too-few-copies');
  world.heal();

  assert.equal((await one.coordinator.storeAndRelay([toStore(body, 12)], request, never))[0]?.seeders, ['s1', 's2']);
});

test('when the last awake seeder fails, the resting one is asked after all', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.seeder(2);
  world.seeder(3);
  world.refuse(2, 'internal');
  await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);
  world.heal();
  world.refuse(3, 'internal');

  const stored = await one.coordinator.storeAndRelay([toStore(bodyOf('second'), 12)], request, never);

  assert.equal(stored[0]?.seeders, ['s1', 's2']);
});

test('seeders that are down or away are left out while others are enough', async () => {
  const world = worldOf([1, 2, 3, 4], { states: { 2: 'down', 3: 'maintenance' } });
  const one = world.seeder(1);
  world.seeder(4);

  const stored = await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);

  assert.equal(stored[0]?.seeders, ['s1', 's4']);
  assert.equal(relayTargets(world), ['http://s4']);
});

test('a seeder too far behind is left out until it caught up', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.seeder(2);
  world.seeder(3);
  world.hang(3);
  const chunk = (i: number): Body => bodyOf(`${i}`.padEnd(4 * 1024 * 1024, 'x'));
  for (let i = 0; i * limits.chunkBytesMax <= limits.relayBytesMax; i += 1) await one.coordinator.storeAndRelay([toStore(chunk(i), 12)], request, never);
  world.seen.length = 0;

  await one.coordinator.storeAndRelay([toStore(bodyOf('small'), 12)], request, never);
  assert.equal(relayTargets(world), ['http://s2']);
  world.heal();
  await world.settle();
  await one.coordinator.storeAndRelay([toStore(bodyOf('later'), 12)], request, never);

  assert.equal(relayTargets(world), ['http://s2', 'http://s2', 'http://s3']);
});

test('full disks elsewhere are told as such', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  world.refuse(2, 'disk-full');
  world.refuse(3, 'disk-full');

  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'disk-full');
});

test('an own disk that is full fails the request, whatever the others stored', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1, { totalBytes: 3 });
  world.seeder(2);
  world.seeder(3);
  world.hang(2);
  world.hang(3);

  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'disk-full');
  world.heal();
  await world.settle();
});

test('a newer list elsewhere sends the client for a fresh layout, and nobody rests for knowing more', async () => {
  const world = worldOf([1, 2]);
  const one = world.seeder(1);
  world.seeder(2);
  world.refuse(2, 'layout-changed');
  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'layout-changed');
  world.heal();
  world.layout = layoutOf({ version: 11, now: [1, 2, 3], since: 10 });
  await one.layout.refresh(never);

  await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);

  assert.ok(relayTargets(world).filter((to) => to === 'http://s2').length === 2);
});

test('a list that moved on after the layout the client used is layout-changed, and so is not being listed', async () => {
  const moved = worldOf([1, 2, 3], { since: 11, version: 11 });
  assert.is(await codeOf(moved.seeder(1).coordinator.storeAndRelay([toStore(body, 12)], request, never)), 'layout-changed');
  assert.is(await codeOf(moved.seeder(1).coordinator.storeHere([toStore(body, 12)], request, never)), 'layout-changed');

  const elsewhere = worldOf([2, 3, 4]);
  const one = elsewhere.seeder(1);
  assert.is(await codeOf(one.coordinator.storeHere([toStore(body, 12)], request, never)), 'layout-changed');
  assert.is(one.store.lookup(keyOf(body)), undefined, 'and nothing was stored');
});

test('a client that knows a newer layout makes the seeder read it first', async () => {
  const world = worldOf([2, 3, 4]);
  const one = world.seeder(1);
  await one.layout.refresh(never);
  world.layout = layoutOf({ version: 20, now: [1] });

  const stored = await one.coordinator.storeHere([toStore(body, 22)], { classCode: copies3, known: index(20), stamp: index(22) }, never);

  assert.equal(stored, [{ chunk: body.chunk, seeders: ['s1'] }]);
});

test('many chunks go to each seeder in one pack, single ones with their checksums', async () => {
  const world = worldOf([1, 2, 3], { lists: {} });
  const one = world.seeder(1);
  const [two, three] = [world.seeder(2), world.seeder(3)];
  const bodies = Array.from({ length: 20 }, (_, i) => bodyOf(`pack ${i}`));

  const stored = await one.coordinator.storeAndRelay(bodies.map((each) => toStore(each, 12)), request, never);
  await world.settle();

  assert.is(stored.length, 20);
  assert.ok(stored.every(({ seeders }) => seeders.length >= 2));
  assert.equal(world.seen.map(({ method, path }) => `${method} ${path.split('?')[0]}`), ['POST /v1/chunks/pack', 'POST /v1/chunks/pack']);
  for (const each of bodies) assert.ok(two.store.lookup(keyOf(each)) !== undefined && three.store.lookup(keyOf(each)) !== undefined);
  world.seen.length = 0;
  await one.coordinator.storeAndRelay([toStore(body, 12)], request, never);
  assert.ok(world.seen.every((message) => message.method === 'PUT' && message.headers[headerNames.crcs] !== undefined && message.headers[headerNames.relay] === 'none'));
});

test('chunks of one pack whose lists differ are grouped by list', async () => {
  const bodies = Array.from({ length: 40 }, (_, i) => bodyOf(`mixed ${i}`));
  const world = worldOf([1, 2], { lists: { 2: { now: [1, 3] }, 3: { now: [1, 3] } } });
  const one = world.seeder(1);
  const [two, three] = [world.seeder(2), world.seeder(3)];

  await one.coordinator.storeAndRelay(bodies.map((each) => toStore(each, 12)), request, never);

  const high = bodies.filter((each) => each.chunk >= '8');
  assert.is((await two.store.space()).chunks, bodies.length - high.length);
  assert.is((await three.store.space()).chunks, high.length);
  assert.is(world.seen.length, 2);
});

test('the hang-up of a client does not stop its relays; stopping the seeder does', async () => {
  const world = worldOf([1, 2, 3]);
  const one = world.seeder(1);
  const [two, three] = [world.seeder(2), world.seeder(3)];
  const gone = new AbortController();
  world.hang(3);
  await one.coordinator.storeAndRelay([toStore(body, 12)], request, gone.signal);

  gone.abort();
  world.heal();
  await world.settle();

  assert.ok(two.store.lookup(keyOf(body)) !== undefined && three.store.lookup(keyOf(body)) !== undefined);
  world.stopping.abort();
  assert.is(await codeOf(one.coordinator.storeAndRelay([toStore(bodyOf('late'), 12)], request, never)), 'too-few-copies');
});

test.run();
