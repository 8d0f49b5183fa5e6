import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Incarnation, LogIndex, NodeName, SeederId } from '../../../base/ids.ts';
import type { ClassLayout, Layout, PartitionLists, SeederInfo, SeederState } from '../../../model/layout.ts';
import { classCode, type ClassCode } from '../../../model/storage-class.ts';
import { planLayout } from './place.ts';
import { quotas } from './quota.ts';

const copies3 = classCode({ kind: 'copies', copies: 3 });

function seeder(id: number, more: { readonly zone?: string; readonly host?: string; readonly capacityBytes?: number; readonly state?: SeederState } = {}): SeederInfo {
  return {
    id: id as SeederId, name: `s${id}` as NodeName, incarnation: '' as Incarnation, url: '', zone: more.zone ?? 'z', host: more.host ?? `h${id}`,
    capacityBytes: more.capacityBytes ?? 100, state: more.state ?? 'up',
  };
}

function layoutOf(seeders: readonly SeederInfo[], classes: readonly ClassLayout[] = []): Layout {
  return { version: 1 as LogIndex, seeders, classes };
}

/** The class as it is once the plan is in force and every partition has settled. */
function after(layout: Layout, code: ClassCode, options = {}): ClassLayout {
  const plan = planLayout(layout, code, options);
  const old = layout.classes.find((each) => each.classCode === code);
  const moved = new Map(plan.moves.map((move) => [move.partition, move.now]));
  const partitions = Array.from({ length: plan.partitions }, (_, i): PartitionLists => ({
    now: moved.get(i) ?? old?.partitions[i]?.now ?? [], since: 1 as LogIndex, before: [],
  }));
  return { classCode: code, partitions };
}

function loads(lists: ClassLayout): Map<SeederId, number> {
  const load = new Map<SeederId, number>();
  for (const { now } of lists.partitions) for (const id of now) load.set(id, (load.get(id) ?? 0) + 1);
  return load;
}

function assertBalanced(seeders: readonly SeederInfo[], lists: ClassLayout, width: number): void {
  const quota = quotas(seeders, lists.partitions.length, width);
  const load = loads(lists);
  for (const { id } of seeders) {
    const wanted = quota.get(id) ?? 0;
    const difference = Math.abs((load.get(id) ?? 0) - wanted);
    assert.ok(difference <= Math.max(1, wanted * 0.05), `seeder ${id}: ${load.get(id) ?? 0} of ${wanted}`);
  }
}

/** Every seeder is a host of its own: where two share one, keeping copies apart comes before sharing the load. */
const clusters = fc.array(fc.record({ zone: fc.constantFrom('a', 'b', 'c', 'd'), capacityBytes: fc.constantFrom(50, 100, 200) }), { minLength: 1, maxLength: 9 })
  .map((all) => all.map((each, i) => seeder(i + 1, { zone: each.zone, host: `${each.zone}${i}`, capacityBytes: each.capacityBytes })));

test('a first layout has full lists of distinct seeders, in as many zones as there are, with loads by capacity', () => {
  fc.assert(fc.property(clusters, (seeders) => {
    const lists = after(layoutOf(seeders), copies3);
    const zones = new Set(seeders.map((each) => each.zone)).size;
    for (const { now } of lists.partitions) {
      assert.is(new Set(now).size, Math.min(3, seeders.length));
      assert.is(new Set(now.map((id) => seeders[id - 1]?.zone)).size, Math.min(3, zones));
    }
    assertBalanced(seeders, lists, 3);
  }), { numRuns: 25 });
});

test('inside a zone copies are on different hosts as long as there are any, even where that costs balance', () => {
  const hosts = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(hosts, (all) => {
    const seeders = all.map((host, i) => seeder(i + 1, { zone: 'a', host: `host-${host}` }));
    const lists = after(layoutOf(seeders), copies3);
    for (const { now } of lists.partitions) {
      assert.is(new Set(now.map((id) => seeders[id - 1]?.host)).size, Math.min(3, new Set(all).size));
    }
  }), { numRuns: 15 });
});

test('a settled and balanced layout is left alone', () => {
  fc.assert(fc.property(clusters, (seeders) => {
    const lists = after(layoutOf(seeders), copies3);
    assert.equal(planLayout(layoutOf(seeders, [lists]), copies3).moves, []);
  }), { numRuns: 15 });
});

test('a new seeder takes its share and nothing else moves', () => {
  const old = [1, 2, 3, 4].map((id) => seeder(id));
  const lists = after(layoutOf(old), copies3);
  const grown = [...old, seeder(5)];
  const plan = planLayout(layoutOf(grown, [lists]), copies3);
  assertBalanced(grown, after(layoutOf(grown, [lists]), copies3), 3);
  assert.ok(plan.moves.length <= Math.ceil((1024 * 3) / 5), `${plan.moves.length} moves`);
  assert.ok(plan.moves.every((move) => move.now.includes(5 as SeederId)));
});

test('a seeder that is down is replaced in its place of the list, and only there', () => {
  const seeders = [1, 2, 3, 4].map((id) => seeder(id));
  const lists = after(layoutOf(seeders), copies3);
  const down = seeders.map((each) => (each.id === 2 ? { ...each, state: 'down' as const } : each));
  const plan = planLayout(layoutOf(down, [lists]), copies3);
  const held = lists.partitions.filter(({ now }) => now.includes(2 as SeederId)).length;
  assert.is(plan.moves.length, held);
  for (const move of plan.moves) {
    const before = lists.partitions[move.partition]?.now ?? [];
    move.now.forEach((id, i) => assert.ok(before[i] === id || (before[i] === 2 && id !== 2)));
  }
});

test('without a candidate a silent seeder stays listed, and a removed one goes', () => {
  const seeders = [1, 2, 3].map((id) => seeder(id));
  const lists = after(layoutOf(seeders), copies3);
  const inState = (state: SeederState): SeederInfo[] => seeders.map((each) => (each.id === 2 ? { ...each, state } : each));
  for (const state of ['down', 'draining', 'maintenance'] as const) assert.equal(planLayout(layoutOf(inState(state), [lists]), copies3).moves, [], state);
  assert.ok(planLayout(layoutOf(inState('removed'), [lists]), copies3).moves.every((move) => move.now.length === 2));
});

test('fewer seeders than copies give shorter lists, which grow when seeders come', () => {
  const one = after(layoutOf([seeder(1)]), copies3);
  assert.ok(one.partitions.every(({ now }) => now.length === 1));
  const two = after(layoutOf([seeder(1), seeder(2)], [one]), copies3);
  assert.ok(two.partitions.every(({ now }) => now.length === 2 && now[0] === 1));
});

test('a partition that is not settled is not moved for balance, but its lost seeder is replaced', () => {
  const old = [1, 2, 3, 4].map((id) => seeder(id));
  const lists = after(layoutOf(old), copies3);
  const unsettled = { ...lists, partitions: lists.partitions.map((each) => ({ ...each, before: [4 as SeederId] })) };
  assert.equal(planLayout(layoutOf([...old, seeder(5)], [unsettled]), copies3).moves, []);
  const down = [...old.map((each) => (each.id === 1 ? { ...each, state: 'down' as const } : each)), seeder(5)];
  assert.ok(planLayout(layoutOf(down, [unsettled]), copies3).moves.length > 0);
});

test('a seeder that is back before the partition settled is put back in place', () => {
  const seeders = [1, 2, 3, 4].map((id) => seeder(id));
  const partitions = [{ now: [1, 4, 3] as SeederId[], since: 5 as LogIndex, before: [1, 2, 3] as SeederId[] }];
  const layout = layoutOf(seeders, [{ classCode: copies3, partitions }]);
  assert.equal(planLayout(layout, copies3, { returned: [2 as SeederId] }).moves, [{ partition: 0, now: [1, 2, 3] }]);
});

test('when a second zone appears, lists spread over both', () => {
  const old = [1, 2, 3].map((id) => seeder(id, { zone: 'a' }));
  const lists = after(layoutOf(old), copies3);
  const grown = [...old, seeder(4, { zone: 'b' })];
  for (const { now } of after(layoutOf(grown, [lists]), copies3).partitions) assert.ok(now.includes(4 as SeederId));
});

test('erasure coded lists keep positions and are refused below their width', () => {
  const code = classCode({ kind: 'ec', data: 2, parity: 1 });
  assert.is(planLayout(layoutOf([seeder(1), seeder(2)]), code).advice, 'too-few-seeders');
  const seeders = [1, 2, 3].map((id) => seeder(id));
  const lists = after(layoutOf(seeders), code);
  assert.ok(lists.partitions.every(({ now }) => now.length === 3));
});

test('many seeders are advised a split', () => {
  assert.is(planLayout(layoutOf(Array.from({ length: 200 }, (_, i) => seeder(i + 1, { zone: `z${i % 5}` }))), copies3).advice, 'split');
});

test.run();
