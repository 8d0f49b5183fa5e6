// How a live chunk that is missing comes: after a grace, from whoever has it, checked before it is stored and after.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { concatBytes } from '../../../base/bytes.ts';
import { openLog, type LogRecord } from '../../../observe/log.ts';
import { bodyOf, cluster, codeOf, copies3, index, keyOf, layoutOf, never, plainHasher, SeederWorld, toStore, type Body, type LayoutShape, type WorldSeeder } from '../../../../test/support/seeder-world.ts';
import { WantedFetcher } from './fetch-wanted.ts';

const body = bodyOf('wanted');

interface Desk {
  readonly world: SeederWorld;
  readonly self: WorldSeeder;
  readonly others: readonly WorldSeeder[];
  readonly fetcher: WantedFetcher;
  readonly lines: LogRecord[];
  want(...bodies: readonly Body[]): Promise<void>;
  /** A first look, the grace, and the round that fetches. */
  fetch(): Promise<number>;
}

async function deskOf(shape: Partial<LayoutShape> = {}, options: { readonly totalBytes?: number } = {}): Promise<Desk> {
  const world = new SeederWorld(layoutOf({ version: 10, now: [1, 2, 3], ...shape }));
  const self = world.seeder(1, options);
  const others = [2, 3, 4].map((id) => world.seeder(id));
  await self.layout.refresh(never);
  const lines: LogRecord[] = [];
  const log = openLog({ node: 's1', level: 'debug' }, { sink: (line) => lines.push(line), clock: world.clock });
  const fetcher = new WantedFetcher({ self: () => 1 as SeederId, cluster: () => cluster }, { ...self, send: world.send, hasher: plainHasher, clock: world.clock, log });
  return {
    world, self, others, fetcher, lines,
    want: async (...bodies) => {
      const after = self.store.cursor();
      const events = bodies.map((each) => ({ index: index(after + 1), classCode: copies3, chunk: each.chunk, bytes: each.bytes.length, liveness: 'live' as const }));
      await self.store.follow({ after, index: index(after + 1), events });
    },
    fetch: async () => {
      await fetcher.round(never);
      await world.clock.advance(limits.relayGraceMs);
      return fetcher.round(never);
    },
  };
}

async function give(seeder: WorldSeeder | undefined, ...bodies: readonly Body[]): Promise<void> {
  await seeder?.store.put(bodies.map((each) => toStore(each, 3)));
}

function isHeld({ self }: Desk, each: Body = body): boolean {
  return self.store.lookup(keyOf(each)) !== undefined;
}

test('a wanted chunk comes after the grace, not before: a relay usually brings it', async () => {
  const desk = await deskOf();
  await give(desk.others[0], body);
  await desk.want(body);

  assert.is(await desk.fetcher.round(never), 0);
  await desk.world.clock.advance(limits.relayGraceMs - 1);
  assert.is(await desk.fetcher.round(never), 0);
  assert.is(desk.world.seen.length, 0);
  await desk.world.clock.advance(1);
  assert.is(await desk.fetcher.round(never), 1);

  assert.ok(isHeld(desk));
  assert.is((await desk.self.store.wanted(undefined, 10)).length, 0);
});

test('its stamp is an index at which it was seen live', async () => {
  const desk = await deskOf();
  await give(desk.others[0], body);
  await desk.want(bodyOf('other'), body);
  await desk.fetch();

  assert.is(desk.self.store.lookup(keyOf(body))?.stamp, desk.self.store.cursor());
});

test('only a seeder of `now` fetches: one of `before` waits to be released', async () => {
  const desk = await deskOf({ now: [2, 3, 4], before: [1, 2, 3] });
  await give(desk.others[0], body);
  await desk.want(body);

  assert.is(await desk.fetch(), 0);
  assert.is(desk.world.seen.length, 0);
});

test('when one seeder has no copy, or a wrong one, or cannot be reached, another is asked', async () => {
  for (const trouble of ['missing', 'refuses', 'gone', 'lies'] as const) {
    const desk = await deskOf();
    await give(desk.others[1], body);
    if (trouble === 'refuses') desk.world.refuse(2, 'overloaded');
    if (trouble === 'gone') desk.world.network.disconnect('http://s2');
    if (trouble === 'lies') {
      const lie = bodyOf('a lie');
      desk.world.network.connect('http://s2', { fetch: () => new Response(lie.bytes as Uint8Array<ArrayBuffer>) });
    }
    await desk.want(body);

    assert.is(await desk.fetch(), 1, trouble);
    assert.equal(await desk.self.store.read(keyOf(body)), body.bytes);
  }
});

test('a seeder that was listed before is asked after those listed now; removed and dead ones are not', async () => {
  const desk = await deskOf({ now: [1, 2], before: [3, 4], states: { 2: 'down', 3: 'removed' } });
  await give(desk.others[2], body);
  await desk.want(body);

  assert.is(await desk.fetch(), 1);
  assert.equal(desk.world.seen.map(({ to }) => to), ['http://s4']);
});

test('bytes that do not hash to the name are never stored', async () => {
  const desk = await deskOf({ now: [1, 2] });
  desk.world.network.connect('http://s2', { fetch: () => new Response(bodyOf('a lie').bytes as Uint8Array<ArrayBuffer>) });
  await desk.want(body);

  assert.is(await desk.fetch(), 0);
  assert.not.ok(isHeld(desk));
  assert.match(String(desk.lines.find(({ event }) => event === 'chunk.fetch-failed')?.['code']), /chunk-mismatch/);
});

test('a chunk counts only after it was read back', async () => {
  const desk = await deskOf();
  await give(desk.others[0], body);
  await give(desk.others[1], body);
  await desk.want(body);
  const put = desk.self.store.put.bind(desk.self.store);
  let torn = 1;
  desk.self.store.put = async (chunks) => {
    await put(chunks);
    torn -= 1;
    if (torn >= 0) desk.self.store.flipBit(keyOf(body), 0);
  };

  assert.is(await desk.fetch(), 1);

  assert.equal(await desk.self.store.read(keyOf(body)), body.bytes);
  assert.is(desk.world.seen.length, 2);
});

test('a chunk that came by a relay meanwhile is not asked for', async () => {
  const desk = await deskOf();
  await desk.want(body);
  await desk.fetcher.round(never);
  await desk.world.clock.advance(limits.relayGraceMs);
  const wanted = await desk.self.store.wanted(undefined, 10);
  desk.self.store.wanted = () => Promise.resolve(wanted);
  await desk.self.store.put([toStore(body, 12)]);

  await desk.fetcher.round(never);

  assert.is(desk.world.seen.length, 0);
});

test('a chunk nobody can give is asked for less and less often, and still comes when somebody can', async () => {
  const desk = await deskOf();
  await desk.want(body);
  await desk.fetch();
  const asked = (): number => desk.lines.filter(({ event }) => event === 'chunk.fetch-failed').length;
  for (let ms = 0; ms < 10 * 60_000; ms += limits.dutyRestMs) {
    await desk.world.clock.advance(limits.dutyRestMs);
    await desk.fetcher.round(never);
  }
  assert.ok(asked() >= 10 && asked() <= 20, `${asked()} tries in ten minutes`);

  await give(desk.others[0], body);
  await desk.world.clock.advance(limits.fetchRestMsMax);
  assert.is(await desk.fetcher.round(never), 1);
});

test('a full disk ends the round: no other seeder is asked for what cannot be stored', async () => {
  const desk = await deskOf({}, { totalBytes: 3 });
  await give(desk.others[0], body);
  await give(desk.others[1], body);
  await desk.want(body);

  assert.is(await codeOf(desk.fetch()), 'disk-full');
  assert.is(desk.world.seen.length, 1);
  assert.is(await desk.fetcher.round(never), 0, 'and nothing is tried while the store is full');
});

test('a list that changed in the middle of a long pass counts from its next page on', async () => {
  const desk = await deskOf();
  const bodies = Array.from({ length: limits.wantedPageMax + 20 }, (_, i) => bodyOf(`many ${i}`));
  await give(desk.others[0], ...bodies);
  await give(desk.others[1], ...bodies);
  await desk.want(...bodies);
  await desk.fetcher.round(never);
  await desk.world.clock.advance(limits.relayGraceMs);
  const wanted = desk.self.store.wanted.bind(desk.self.store);
  desk.self.store.wanted = async (after, limit) => {
    if (after === undefined) return wanted(after, limit);
    desk.self.store.wanted = wanted;
    return wanted(after, limit);
  };
  const send = desk.world.seen;
  desk.world.layout = layoutOf({ version: 30, now: [2, 3, 4], before: [1] });
  const pass = desk.fetcher.round(never);
  await desk.self.layout.refresh(never);
  const fetched = await pass;

  assert.is(fetched, limits.wantedPageMax);
  assert.is(send.length, limits.wantedPageMax);
});

test('fetching many chunks asks all seeders that have them', async () => {
  const desk = await deskOf();
  const bodies = Array.from({ length: 40 }, (_, i) => bodyOf(`spread ${i}`));
  await give(desk.others[0], ...bodies);
  await give(desk.others[1], ...bodies);
  await desk.want(...bodies);

  assert.is(await desk.fetch(), 40);

  const asked = new Set(desk.world.seen.map(({ to }) => to));
  assert.equal([...asked].sort(), ['http://s2', 'http://s3']);
  assert.equal(concatBytes([await desk.self.store.read(keyOf(bodies[0] ?? body))]), bodies[0]?.bytes);
});

test('stopping ends the pass', async () => {
  const desk = await deskOf();
  await desk.want(body);
  await desk.fetcher.round(never);
  await desk.world.clock.advance(limits.relayGraceMs);
  desk.world.hang(2);
  desk.world.hang(3);
  const stop = new AbortController();
  const pass = codeOf(desk.fetcher.round(stop.signal));
  await desk.world.settle();
  stop.abort();
  desk.world.heal();

  assert.is.not(await pass, 'ok');
});

test.run();
