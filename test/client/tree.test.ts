import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.ts';
import type { TreeFile } from '../../src/client/remote-files.ts';
import { all, refused } from '../contract/remote-files.ts';
import { fakeWorld, fileOf, patternBytes, readAll } from '../support/fake-client.ts';
import { routeOf } from '../support/fake-cluster.ts';

const pack = 'POST /v1/chunks/pack';

async function* tree(sizes: readonly number[], seedOf: (i: number) => number = (i) => i + 1): AsyncGenerator<TreeFile> {
  for (const [i, size] of sizes.entries()) yield { path: `/t/f${i}`, source: fileOf(patternBytes(size, seedOf(i))), attributes: {} };
}

const makeRoot = { kind: 'make-directory', path: '/t', mode: 0o755, parents: 'must-exist' } as const;

test('hundreds of small files take few packs and few batches', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  const batches = cluster.tracker.batches;
  const outcomes = await drive(all(files.uploadTree(tree(Array.from({ length: limits.treeGroupFilesMax }, () => 1500)), { signal })));
  assert.is(outcomes.filter((outcome) => outcome.ok).length, limits.treeGroupFilesMax);
  assert.is(cluster.count(pack), 3);
  assert.is(cluster.count('POST /v1/chunks/touch'), 3);
  assert.is(cluster.tracker.batches, batches + 1);
});

test('equal chunks inside a group travel once', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  await drive(all(files.uploadTree(tree(Array.from({ length: 100 }, () => 1500), () => 7), { signal })));
  assert.is(cluster.count(pack), 1);
  assert.is([...cluster.seeders.values()].reduce((sum, seeder) => sum + seeder.putBytes, 0), 1500);
});

test('inline files of a group need no seeder', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  await drive(all(files.uploadTree(tree([0, 10, 1000]), { signal })));
  assert.is(cluster.count(pack) + cluster.count('POST /v1/chunks/touch'), 0);
});

test('a group outlives a dead coordinator, a changed layout and `reupload`', async () => {
  const { files, cluster, drive, signal } = fakeWorld({ cluster: { seeders: 5 } });
  await drive(files.run([makeRoot], { signal }));
  cluster.kill('seeder-2');
  cluster.tracker.reuploads = 5;
  let packs = 0;
  cluster.intercept((message) => {
    if (routeOf(message) === pack && (packs += 1) === 2) cluster.tracker.move(['seeder-3', 'seeder-4', 'seeder-5']);
    return undefined;
  });
  const sizes = Array.from({ length: 60 }, () => 1500);
  const outcomes = await drive(all(files.uploadTree(tree(sizes), { signal })));
  assert.equal(outcomes.filter((outcome) => !outcome.ok), []);
  cluster.kill('seeder-1');
  for (const [i, size] of sizes.entries()) {
    assert.equal(Buffer.from(await drive(readAll(files, `/t/f${i}`))), Buffer.from(patternBytes(size, i + 1)));
  }
});

test('a coordinator that hangs does not hold up the group for long', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  cluster.hang('seeder-2');
  const outcomes = await drive(all(files.uploadTree(tree(Array.from({ length: 60 }, () => 1500)), { signal })));
  assert.ok(outcomes.every((outcome) => outcome.ok));
  assert.ok(clock.monotonicMs() < 20_000, `${clock.monotonicMs()} ms`);
});

test('too few seeders fail the files that need them and no others', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  cluster.kill('seeder-1');
  cluster.kill('seeder-2');
  const outcomes = await drive(all(files.uploadTree(tree([10, 1500, 5000]), { signal })));
  assert.equal(outcomes.map(({ path, ok }) => [path, ok]).sort(), [['/t/f0', true], ['/t/f1', false], ['/t/f2', false]]);
});

test('a slow reader of outcomes slows the upload down', async () => {
  const { files, cluster, drive, clock, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  let given = 0;
  async function* endless(): AsyncGenerator<TreeFile> {
    for (; given < 100_000; given += 1) yield { path: `/t/f${given}`, source: fileOf(patternBytes(10)), attributes: {} };
  }
  const iterator = files.uploadTree(endless(), { signal })[Symbol.asyncIterator]();
  await drive(iterator.next());
  await drive(new Promise<void>((resolve) => { clock.schedule(60_000, resolve); }));
  assert.ok(given < limits.treeOutcomesMax + 6 * limits.treeGroupFilesMax, `${given} files taken`);
  await drive(Promise.resolve(iterator.return?.()));
  const batches = cluster.tracker.batches;
  await clock.advance(10_000);
  assert.is(cluster.tracker.batches, batches);
});

test('a list of files that breaks ends the tree after what it gave', async () => {
  const { files, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  async function* broken(): AsyncGenerator<TreeFile> {
    yield* tree([10]);
    throw new Error('walk failed');
  }
  const error: unknown = await drive(all(files.uploadTree(broken(), { signal })).catch((failure: unknown) => failure));
  assert.ok(error instanceof Error && error.message === 'walk failed');
});

test('an aborted tree says so', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  await drive(files.run([makeRoot], { signal }));
  const controller = new AbortController();
  for (const name of ['seeder-1', 'seeder-2', 'seeder-3']) cluster.hang(name);
  clock.schedule(100, () => controller.abort());
  await drive(refused(all(files.uploadTree(tree([5000, 1500]), { signal: controller.signal })), 'aborted'));
});

test.run();
