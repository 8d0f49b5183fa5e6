// L3 of `raft.md` 2.3: LevelDB closes a rotated log without fsync, so a power loss takes writes out of the middle while later ones,
// even unsynced ones, stay. Once on the real LevelDB, with logs as such a loss leaves them, and many times on the modelled disk.

import { truncate } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import type { Kv, KvWrite } from '../../src/storage/kv/kv.ts';
import { levelFiles, loseRotatedTail } from '../support/level-damage.ts';
import { withTempFolder } from '../support/temp-folder.ts';

test('LevelDB alone opens a store whose rotated log lost its tail', () =>
  withTempFolder(async (folder) => {
    const kv = await openLevelKv(`${folder}/state`);
    for (let n = 0; n < 200; n += 1) await kv.write([putOf(n)], 'unsynced');
    await kv.close();
    await loseRotatedTail(`${folder}/state`, { kept: 20, rotatedAt: 150 });
    const again = await openLevelKv(`${folder}/state`);
    assert.equal([again.get(keyOf(19)), again.get(keyOf(20)), again.get(keyOf(199))].map((value) => value !== undefined), [true, false, true]);
    await again.close();
  }));

test('what was flushed needs no log any more (L7)', () =>
  withTempFolder(async (folder) => {
    const kv = await openGuardedKv(openLevelKv, `${folder}/state`);
    for (let n = 0; n < 300; n += 1) await kv.write([putOf(n)], 'unsynced');
    await kv.flush();
    await kv.close();
    for (const log of await levelFiles(`${folder}/state`, 'log')) await truncate(log, 0);
    const again = await openGuardedKv(openLevelKv, `${folder}/state`);
    assert.is((await again.page({}, { entries: 999 })).length, 300);
    await again.close();
  }));

for (const batches of [200, 1100, 3000]) {
  test(`the chain sees the hole of a rotated log among ${batches} batches`, () =>
    withTempFolder(async (folder) => {
      const kv = await openGuardedKv(openLevelKv, `${folder}/state`);
      for (let n = 0; n < batches; n += 1) await kv.write([putOf(n)], 'unsynced');
      await kv.close();
      // The files are sound in themselves: only the chain can know.
      await loseRotatedTail(`${folder}/state`, { kept: 20, rotatedAt: 150 });
      const outcome = await openGuardedKv(checkedOpen(openLevelKv, nodeFileIo()), `${folder}/state`).catch((error: unknown) => error);
      assert.ok(isOffshoreError(outcome, 'state-damaged'));
    }));
}

test('after any power loss the state is one that was, or the open refuses', async () => {
  const outcomes = { older: 0, refused: 0 };
  for (let seed = 1; seed <= 60; seed += 1) {
    const rng = seededRng(seed);
    const disk = new MemoryKvDisk();
    const kv = await openGuardedKv(disk.open, 'state');
    const written = randomInt(rng, 1, seed % 6 === 0 ? 2600 : 40);
    for (let n = 0; n < written; n += 1) await kv.write([putOf(n)], rng() < 0.1 ? 'synced' : 'unsynced');
    // Most batches survive, so that single holes occur; now and then only the newest are lost.
    const lostFrom = seed % 4 === 0 ? randomInt(rng, 0, written) : written;
    disk.crashKeeping((batch, index) => (batch.durability === 'synced' || index < lostFrom) && rng() > 0.02 * (seed % 4));
    const again = await openGuardedKv(disk.open, 'state').catch((error: unknown) => error);
    if (isOffshoreError(again, 'state-damaged')) {
      outcomes.refused += 1;
    } else {
      await mustBePrefix(again as Kv);
      outcomes.older += 1;
    }
  }
  assert.ok(outcomes.older > 5 && outcomes.refused > 5, JSON.stringify(outcomes));
});

async function mustBePrefix(kv: Kv): Promise<void> {
  const present = (await kv.page({}, { entries: 5000 })).map(({ key }) => ((key[1] as number) << 8) | (key[2] as number));
  assert.equal(present, present.map((_, n) => n));
}

function putOf(n: number): KvWrite {
  return { kind: 'put', key: keyOf(n), value: Uint8Array.of(n & 255) };
}

function keyOf(n: number): Uint8Array {
  return Uint8Array.of(1, n >> 8, n & 255);
}

test.run();
