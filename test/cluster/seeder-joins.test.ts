// Seeders come, go for a while, and die, with real processes: the layout follows, partitions settle on proof only, released copies go
// away, and what was written meanwhile reaches whoever missed it.

import { mkdir, readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Layout } from '../../src/model/layout.ts';
import { parseJson } from '../../src/protocol/problem.ts';
import type { ClusterStatus, LayoutAnswer } from '../../src/protocol/tracker-api.ts';
import { hashFile, pause, startOffshore, withCluster, writeRandomFile, type LiveCluster } from './live-cluster.ts';

const KiB = 1024;

async function statusOf(cluster: LiveCluster): Promise<ClusterStatus> {
  return JSON.parse((await cluster.run(['status', '--json'])).stdout.split('\n')[0] || '{}') as ClusterStatus;
}

async function layoutOf(cluster: LiveCluster): Promise<Layout> {
  const response = await fetch(`${cluster.trackerUrls[0]}/v1/layout`);
  const body = new Uint8Array(await response.arrayBuffer());
  const { layout } = parseJson({ status: response.status, headers: {}, body: [body] }) as LayoutAnswer;
  if (layout === undefined) throw new Error('no layout');
  return layout;
}

/** Says how long it took. */
async function until(what: string, timeoutMs: number, check: () => Promise<boolean | string>): Promise<void> {
  const startMs = Date.now();
  let last: boolean | string = false;
  while (Date.now() - startMs < timeoutMs) {
    last = await check();
    if (last === true) return void process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(1)} s: ${what}\n`);
    await pause(300);
  }
  throw new Error(`not within ${timeoutMs / 1000} s: ${what} (${last})`);
}

/** Every seeder up, every partition proved. */
async function isWhole(cluster: LiveCluster): Promise<boolean | string> {
  const { seeders, classes } = await statusOf(cluster);
  const up = seeders?.every((each) => each.state === 'up') === true;
  return (up && classes.length > 0 && classes.every((each) => each.whole === each.partitions && each.belowClass === 0)) || JSON.stringify(classes);
}

class Files {
  readonly #cluster: LiveCluster;
  readonly #hashes = new Map<string, string>();

  constructor(cluster: LiveCluster) {
    this.#cluster = cluster;
  }

  async put(prefix: string, sizes: readonly number[]): Promise<void> {
    for (const [i, bytes] of sizes.entries()) this.#hashes.set(`${prefix}-${i}`, await writeRandomFile(this.#cluster.path(`${prefix}-${i}`), bytes));
    await this.#cluster.must(['put', ...sizes.map((_, i) => this.#cluster.path(`${prefix}-${i}`)), '/']);
  }

  async mustBeEqual(): Promise<void> {
    await this.#cluster.must(['get', ...[...this.#hashes.keys()].map((name) => `/${name}`), this.#cluster.path('back')]);
    for (const [name, hash] of this.#hashes) assert.is(await hashFile(`${this.#cluster.path('back')}/${name}`), hash, name);
  }
}

test('a fourth seeder joins and takes its share; one stops for a while; one dies and catches up', async () => {
  await withCluster({}, async (cluster) => {
    const files = new Files(cluster);
    await mkdir(cluster.path('back'));
    await files.put('first', [...Array.from({ length: 24 }, (_, i) => (i + 1) * 3 * KiB), 9_000 * KiB]);
    await until('three seeders hold everything', 60_000, () => isWhole(cluster));

    await joins(cluster);
    await files.mustBeEqual();
    await stopsForAWhile(cluster, files);
    await diesAndCatchesUp(cluster, files);
    await files.mustBeEqual();
  });
});

async function joins(cluster: LiveCluster): Promise<void> {
  const before = await layoutOf(cluster);
  const up = await startOffshore(['cluster', 'up', '--detach', '--dir', cluster.dir, '--seeders', '4']).done;
  assert.is(up.code, 0, up.stderr);

  await until('partitions list the new seeder and all are settled', 90_000, async () => {
    const layout = await layoutOf(cluster);
    const partitions = layout.classes[0]?.partitions ?? [];
    const [newcomer] = layout.seeders.filter((each) => each.name === 'seeder-4');
    const listed = partitions.filter((lists) => newcomer !== undefined && lists.now.includes(newcomer.id)).length;
    const unsettled = partitions.filter((lists) => lists.before.length > 0).length;
    // Three quarters of the partitions, within 5 %.
    return (listed >= 0.7 * partitions.length && unsettled === 0 && layout.version > before.version) || `${listed} listed, ${unsettled} unsettled`;
  });
  await until('and whole again', 30_000, () => isWhole(cluster));
  await until('released copies are gone: three of each chunk are left', 30_000, async () => {
    const { seeders, classes } = await statusOf(cluster);
    const held = seeders.reduce((sum, each) => sum + (each.chunks ?? 0), 0);
    const live = classes[0]?.liveChunks ?? 0;
    return (live > 0 && held === 3 * live) || `${held} held, ${live} live`;
  });
  const gains = (await statusOf(cluster)).seeders.map((each) => `${each.name} ${each.chunks}`).join(', ');
  process.stderr.write(`chunks held: ${gains}\n`);
}

/** Its places are kept: nothing moves, and it is back without a repair. */
async function stopsForAWhile(cluster: LiveCluster, files: Files): Promise<void> {
  const before = (await layoutOf(cluster)).classes;
  assert.is((await cluster.cluster('stop', 'seeder-2')).code, 0);
  assert.is((await statusOf(cluster)).seeders.find((each) => each.name === 'seeder-2')?.state, 'maintenance');
  await files.put('away', [50 * KiB, 60 * KiB, 70 * KiB]);
  assert.equal((await layoutOf(cluster)).classes, before);

  assert.is((await cluster.cluster('start', 'seeder-2')).code, 0);

  await until('seeder-2 is back from maintenance and whole', 40_000, () => isWhole(cluster));
  assert.equal((await layoutOf(cluster)).classes, before);
}

async function diesAndCatchesUp(cluster: LiveCluster, files: Files): Promise<void> {
  const log = `${cluster.dir}/logs/seeder-3.log`;
  const fetchedBefore = count(await readFile(log, 'utf8'), 'chunk.fetched');
  assert.is((await cluster.cluster('kill', 'seeder-3')).code, 0);
  // Of ten chunks seeder-3 should hold some: its share is three quarters.
  await files.put('missed', Array.from({ length: 10 }, () => 40 * KiB));

  assert.is((await cluster.cluster('start', 'seeder-3')).code, 0);

  await until('seeder-3 fetched what it missed, and all is whole', 40_000, async () => {
    const fetched = count(await readFile(log, 'utf8'), 'chunk.fetched') - fetchedBefore;
    const whole = await isWhole(cluster);
    return (fetched > 0 && whole === true) || `${fetched} fetched, ${whole}`;
  });
}

function count(text: string, event: string): number {
  return text.split(`"event":"${event}"`).length - 1;
}

test.run();
