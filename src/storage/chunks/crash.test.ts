import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, codeOf, copies3, digestOf, feedPage, makeChunk, toStore, type TestChunk } from '../../../test/contract/chunk-store.ts';
import { StoreDisk } from '../../../test/contract/chunk-store-disk.ts';
import { settle } from '../../../test/support/manual-clock.ts';
import { mustExist } from '../../base/assert.ts';
import { isOffshoreError } from '../../base/errors.ts';
import { hour } from '../../base/limits.ts';
import { randomInt, seededRng, type Rng } from '../../base/rng.ts';
import type { SegmentChunkStore } from './segment-chunk-store.ts';

const whole = { classCode: copies3, partition: 0, of: 1 } as const;

/** What the caller was told, per chunk: enough to say what must be there and what may be. */
interface Expected {
  readonly chunk: TestChunk;
  /** Highest stamp that was acknowledged while the chunk was held. */
  acknowledged: number;
  /** Highest index of a deletion that was asked for, answered or not: it may only take what is stamped below. */
  deletedAt: number;
}

class Workload {
  readonly chunks: Expected[];
  readonly #rng: Rng;
  index = 10;

  constructor(rng: Rng) {
    this.#rng = rng;
    this.chunks = Array.from({ length: 60 }, (_, i) => ({ chunk: makeChunk(i + 1, randomInt(rng, 1, 9000)), acknowledged: 0, deletedAt: 0 }));
  }

  /** One random operation; resolves when it is acknowledged. */
  async operate(store: SegmentChunkStore): Promise<void> {
    const some = Array.from({ length: randomInt(this.#rng, 1, 4) }, () => mustExist(this.chunks[randomInt(this.#rng, 0, this.chunks.length - 1)], 'in range'));
    const dice = this.#rng();
    this.index += 1;
    const stamp = this.index;
    if (dice < 0.55) {
      await store.put(some.map(({ chunk }) => toStore(chunk, stamp)));
      for (const each of some) each.acknowledged = Math.max(each.acknowledged, stamp);
    } else if (dice < 0.7) {
      const held = await store.touch(some.map(({ chunk }) => chunk.key), at(stamp));
      some.forEach((each, i) => { if (held[i] === true) each.acknowledged = Math.max(each.acknowledged, stamp); });
    } else if (dice < 0.85) {
      for (const each of some) each.deletedAt = stamp;
      await store.quarantine(some.map(({ chunk }) => chunk.key), at(stamp));
    } else if (dice < 0.92) {
      const page = feedPage(store.cursor(), Math.max(store.cursor(), stamp), some.map(({ chunk }) => [chunk, this.#rng() < 0.7 ? 'live' : 'condemned'] as const));
      // Another page may be under way: then this one does not follow the cursor any more.
      assert.ok(['none', 'bad-answer'].includes(await codeOf(store.follow(page))));
    } else {
      await store.maintain();
    }
  }
}

async function checkStore(store: SegmentChunkStore, workload: Workload, context: string): Promise<void> {
  const live: TestChunk[] = [];
  let bytes = 0;
  let held = 0;
  for (const { chunk, acknowledged, deletedAt } of workload.chunks) {
    const info = store.lookup(chunk.key);
    if (acknowledged > deletedAt) {
      assert.ok(info !== undefined, `${context}: an acknowledged chunk is there`);
      assert.ok(info !== undefined && info.stamp >= acknowledged, `${context}: an acknowledged stamp is there`);
    }
    if (info === undefined) continue;
    assert.equal(new Uint8Array(await store.read(chunk.key)), chunk.body, `${context}: bytes are right`);
    if (info.liveness === 'live') live.push(chunk);
    bytes += info.bytes;
    held += 1;
  }
  const [report] = await store.inventory([whole]);
  assert.is(report?.count, live.length, `${context}: count`);
  assert.is(report?.digest, digestOf(live), `${context}: digest`);
  const space = await store.space();
  assert.equal([space.chunks, space.chunkBytes], [held, bytes], `${context}: totals`);
}

/** Operations one after another or several at once, until they are done or the power is gone. */
async function operateUntilStopped(store: SegmentChunkStore, workload: Workload, operations: number, rng: Rng): Promise<void> {
  for (let i = 0; i < operations; i += 1) {
    const running = Array.from({ length: randomInt(rng, 1, 3) }, () => workload.operate(store));
    const outcome = await Promise.race([Promise.all(running).then(() => 'done'), quiet(12)]);
    if (outcome !== 'done') return;
  }
}

async function quiet(turns: number): Promise<string> {
  for (let i = 0; i < turns; i += 1) await settle();
  return 'stopped';
}

async function crashRounds(seed: number, losses: { readonly index: 'kept' | 'lost-sometimes' }): Promise<void> {
  const rng = seededRng(seed);
  const disk = new StoreDisk({ capacityBytes: 4_000_000 });
  const workload = new Workload(rng);
  let store = await disk.open();
  for (let round = 0; round < 6; round += 1) {
    disk.stopAfter(randomInt(rng, 0, 60));
    await operateUntilStopped(store, workload, 40, rng);
    disk.crash(rng);
    if (losses.index === 'lost-sometimes' && rng() < 0.5) disk.loseIndex();
    disk.clock.jumpWall(randomInt(rng, 0, 14) * hour);
    store = await disk.open();
    await checkStore(store, workload, `seed ${seed} round ${round} (${store.recovered.index})`);
  }
  await store.close();
}

/** uvu prints nothing, and passes, when an error carries `details`: tell it the text. */
async function plainErrors(run: Promise<void>): Promise<void> {
  await run.catch((error: unknown) => { throw isOffshoreError(error) ? new Error(`${error.code}: ${JSON.stringify(error.details)}`, { cause: error }) : error; });
}

test('a power loss at any step loses nothing that was acknowledged', async () => {
  for (let seed = 1; seed <= 6; seed += 1) await plainErrors(crashRounds(seed, { index: 'kept' }));
});

test('a power loss together with the loss of the index loses nothing that was acknowledged', async () => {
  for (let seed = 101; seed <= 104; seed += 1) await plainErrors(crashRounds(seed, { index: 'lost-sometimes' }));
});

test('a power loss at any step of recovery itself loses nothing', async () => {
  for (let steps = 0; steps < 9; steps += 1) {
    const rng = seededRng(steps + 1);
    const disk = new StoreDisk();
    const workload = new Workload(rng);
    const store = await disk.open();
    disk.stopAfter(40);
    await operateUntilStopped(store, workload, 40, rng);
    disk.crash(rng);
    disk.loseIndex();
    disk.stopAfter(steps);
    void disk.open().catch(() => undefined);
    await quiet(50);
    disk.crash(rng);
    await checkStore(await disk.open(), workload, `recovery stopped after ${steps} steps`);
  }
});

test.run();
