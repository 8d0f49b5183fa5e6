// Random faults from a seed: nodes die and come back, answers are lost, copies lie, the layout moves. Whatever was acknowledged
// must read back, and nothing else may be seen.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffshoreError, isOffshoreError } from '../../src/base/errors.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { fakeWorld, fileOf, patternBytes, readAll, type FakeWorld } from '../support/fake-client.ts';

const seeders = ['seeder-1', 'seeder-2', 'seeder-3', 'seeder-4'];
const trackers = ['tracker-1', 'tracker-2', 'tracker-3'];

/** One fault every 300 ms: at most one seeder and one tracker are away at a time. */
function torment(world: FakeWorld, seed: number): () => void {
  const rng = seededRng(seed);
  const { cluster, clock } = world;
  const pick = (names: readonly string[]): string => names[randomInt(rng, 0, names.length - 1)] ?? '';
  let away: readonly string[] = [];
  let stopped = false;
  cluster.intercept((message, deliver) => {
    if (stopped || rng() > 0.05) return undefined;
    return deliver().then(() => { throw new OffshoreError('unreachable', { node: message.to, reason: 'answer lost' }); });
  });
  const strike = (): void => {
    if (stopped) return;
    for (const name of away) cluster.revive(name);
    for (const seeder of cluster.seeders.values()) seeder.lies = false;
    const [seeder, tracker] = [pick(seeders), pick(trackers)];
    away = [seeder, tracker];
    for (const name of away) rng() < 0.5 ? cluster.kill(name) : cluster.hang(name);
    cluster.seeder(pick(seeders)).lies = rng() < 0.3;
    cluster.elect(pick(trackers.filter((name) => name !== tracker)));
    const left = pick(seeders);
    if (rng() < 0.02) cluster.tracker.move(seeders.filter((name) => name !== left));
    clock.schedule(300, strike);
  };
  strike();
  return () => {
    stopped = true;
    for (const name of [...seeders, ...trackers]) cluster.revive(name);
    for (const seeder of cluster.seeders.values()) seeder.lies = false;
    cluster.elect('tracker-1');
  };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`what was acknowledged under random faults reads back (seed ${seed})`, async () => {
    const world = fakeWorld({ cluster: { seeders: seeders.length } });
    const { files, drive, signal } = world;
    const calm = torment(world, seed);
    const rng = seededRng(seed + 1000);
    const acknowledged = new Map<string, Uint8Array>();
    const failures: string[] = [];
    const put = async (n: number): Promise<void> => {
      const bytes = patternBytes(randomInt(rng, 0, 12_000), n + 1);
      try {
        await files.upload(fileOf(bytes), `/f${n}`, { signal });
        acknowledged.set(`/f${n}`, bytes);
      } catch (error) {
        // `outcome-unknown` may be there or not; the others may not.
        if (!isOffshoreError(error)) throw error;
        failures.push(error.code);
      }
    };
    for (let n = 0; n < 20; n += 4) await drive(Promise.all([put(n), put(n + 1), put(n + 2), put(n + 3)]));
    calm();
    await world.clock.advance(120_000);
    for (const [path, bytes] of acknowledged) assert.equal(Buffer.from(await drive(readAll(files, path))), Buffer.from(bytes), path);
    assert.ok(acknowledged.size >= 18, `${acknowledged.size} acknowledged, failures: ${failures.join()}`);
    const publishes = world.cluster.tracker.ran.filter((operation) => operation.kind === 'publish');
    assert.ok(publishes.length >= acknowledged.size);
  });
}

test.run();
