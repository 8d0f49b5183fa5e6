import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, Incarnation, LogIndex, NodeName, SeederId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { SeederInfo, SeederState } from '../../model/layout.ts';
import { afterFailure, afterSuccess, failedLately, rankCoordinators, rankCopies, readersOf, unknownHealth, type SeederHealth } from './copy-rank.ts';

function seeder(id: number, zone = 'z', state: SeederState = 'up'): SeederInfo {
  return {
    id: id as SeederId, name: `seeder-${id}` as NodeName, incarnation: '' as Incarnation, url: '', zone, host: '', capacityBytes: 1, state,
  };
}

const chunk = `${'0'.repeat(14)}${'f'.repeat(50)}` as ChunkId;
const healthy = (): undefined => undefined;
const ids = (seeders: readonly SeederInfo[]): readonly number[] => seeders.map((each) => each.id);

test('a copy in the reader\'s zone comes first', () => {
  assert.equal(ids(rankCopies([seeder(1, 'far'), seeder(2, 'near')], { chunk, zone: 'near', nowMs: 0, healthOf: healthy })), [2, 1]);
});

test('a copy that failed lately comes last, even in the reader\'s zone', () => {
  const failed = afterFailure(unknownHealth, 100);
  const healthOf = (id: SeederId): SeederHealth | undefined => (id === 2 ? failed : undefined);
  assert.equal(ids(rankCopies([seeder(1, 'far'), seeder(2, 'near')], { chunk, zone: 'near', nowMs: 101, healthOf })), [1, 2]);
});

test('a much slower copy comes after a faster one, a little slower one does not', () => {
  const fast = afterSuccess(unknownHealth, 5);
  const alike = afterSuccess(unknownHealth, 6);
  const slow = afterSuccess(unknownHealth, 300);
  const by = (first: SeederHealth) => ({ chunk, nowMs: 0, healthOf: (id: SeederId) => (id === 1 ? first : fast) });
  assert.equal(ids(rankCopies([seeder(1), seeder(2)], by(slow))), [2, 1]);
  assert.equal(ids(rankCopies([seeder(1), seeder(2)], by(alike))), [1, 2]);
});

test('seeders that the layout calls away come last, but stay', () => {
  assert.equal(ids(rankCopies([seeder(1, 'z', 'down'), seeder(2, 'z', 'maintenance'), seeder(3)], { chunk, nowMs: 0, healthOf: healthy })), [3, 1, 2]);
});

test('equal seeders share the chunks of one partition', () => {
  const counts = [0, 0, 0];
  for (let i = 0; i < 300; i += 1) {
    const id = `abcd0000${(i * 7919).toString(16).padStart(6, '0')}${'0'.repeat(50)}` as ChunkId;
    const first = rankCoordinators([seeder(0), seeder(1), seeder(2)], { chunk: id, nowMs: 0, healthOf: healthy })[0]?.id ?? 0;
    counts[first] = (counts[first] ?? 0) + 1;
  }
  assert.ok(counts.every((count) => count > 80), counts.join());
});

test('failures in a row count longer and longer, and one success ends them', () => {
  const once = afterFailure(unknownHealth, 0);
  assert.ok(failedLately(once, limits.nodePenaltyMs - 1));
  assert.not(failedLately(once, limits.nodePenaltyMs));
  const often = Array.from({ length: 20 }).reduce<SeederHealth>((health) => afterFailure(health, 0), unknownHealth);
  assert.ok(failedLately(often, limits.nodePenaltyMsMax - 1));
  assert.not(failedLately(often, limits.nodePenaltyMsMax));
  assert.not(failedLately(afterSuccess(often, 1), 1));
});

test('readers are those of now, then those of before, each once', () => {
  const layout = { version: 1 as LogIndex, seeders: [seeder(1), seeder(2), seeder(3)], classes: [] };
  const lists = { now: [2, 3] as SeederId[], since: 1 as LogIndex, before: [3, 1, 9] as SeederId[] };
  assert.equal(ids(readersOf(layout, lists)), [2, 3, 1]);
});

test.run();
