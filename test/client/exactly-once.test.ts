import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.ts';
import type { Operation } from '../../src/model/operation.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import { refused } from '../contract/remote-files.ts';
import { fakeWorld, fileOf, patternBytes } from '../support/fake-client.ts';
import { routeOf } from '../support/fake-cluster.ts';

const batch = 'POST /v1/batch';

function makeDirectory(path: string): Operation {
  return { kind: 'make-directory', path, mode: 0o755, parents: 'must-exist' };
}

test('a lost answer to a publish does not publish twice', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.loseAnswers(batch, 3);
  const receipt = await drive(files.upload(fileOf(patternBytes(5000)), '/f', { signal }));
  assert.is(cluster.tracker.ran.filter((operation) => operation.kind === 'publish').length, 1);
  assert.is((await drive(files.stat('/f', 'never', signal))).contentId, receipt.contentId);
});

test('a lost answer gives the outcome of the first run, not of a second', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.loseAnswers(batch, 1);
  const [outcome] = await drive(files.run([makeDirectory('/d')], { signal }));
  assert.ok(outcome?.ok, 'a second run would have said `exists`');
});

test('a lost answer to a registration costs an unused session and nothing else', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.loseAnswers('POST /v1/sessions', 1);
  const [outcome] = await drive(files.run([makeDirectory('/d')], { signal }));
  assert.ok(outcome?.ok);
  assert.is(cluster.tracker.sessions, 2);
});

test('reads register no session, mutations one', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.stat('/', 'never', signal));
  assert.is(cluster.tracker.sessions, 0);
  await drive(Promise.all(['/a', '/b', '/c'].map((path) => files.run([makeDirectory(path)], { signal }))));
  assert.is(cluster.tracker.sessions, 1);
});

test('a client that ends gives its session back, if it has one', async () => {
  const { files, another, cluster, drive, signal } = fakeWorld();
  const reader = another();
  await drive(reader.stat('/', 'never', signal));
  await drive(files.run([makeDirectory('/d')], { signal }));
  await drive(reader.close());
  assert.is(cluster.count('POST /v1/sessions/close'), 0);
  await drive(files.close());
  assert.is(cluster.tracker.sessions, 0);
  await drive(files.close());
  assert.is(cluster.count('POST /v1/sessions/close'), 1);
});

test('a client ends soon, also when no tracker takes its session back', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  await drive(files.run([makeDirectory('/d')], { signal }));
  for (const name of ['tracker-1', 'tracker-2', 'tracker-3']) cluster.hang(name);
  const startMs = clock.monotonicMs();
  await drive(files.close());
  assert.ok(clock.monotonicMs() - startMs <= limits.closeSessionMs + 100);
});

test('a session that expired before a batch is replaced and the batch runs', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeDirectory('/a')], { signal }));
  cluster.tracker.forgetSessions();
  const [outcome] = await drive(files.run([makeDirectory('/b')], { signal }));
  assert.ok(outcome?.ok);
});

test('a session that expired while an answer was lost leaves the outcome unknown and runs nothing twice', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeDirectory('/a')], { signal }));
  let lost = false;
  cluster.intercept((message, deliver) => {
    if (lost || routeOf(message) !== batch) return undefined;
    lost = true;
    return deliver().then(() => {
      cluster.tracker.forgetSessions();
      throw new OffshoreError('unreachable', { node: message.to });
    });
  });
  await drive(refused(files.run([makeDirectory('/b')], { signal }), 'outcome-unknown'));
  assert.is(cluster.tracker.ran.length, 2);
});

test('a mutation whose every answer is lost says that its outcome is unknown', async () => {
  const { cluster, another, drive, signal } = fakeWorld();
  const files = another({ timeoutMs: 2000 });
  cluster.loseAnswers(batch, 1000);
  await drive(refused(files.run([makeDirectory('/b')], { signal }), 'outcome-unknown'));
  assert.is(cluster.tracker.ran.length, 1);
});

test('a mutation that reached nobody is no mystery', async () => {
  const { cluster, another, drive, signal } = fakeWorld();
  const files = another({ timeoutMs: 2000 });
  cluster.elect(undefined);
  await drive(refused(files.run([makeDirectory('/b')], { signal }), 'no-leader'));
});

test('operations beyond the bounds of a batch are split and keep their order', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  const operations = Array.from({ length: limits.entryCommandsMax * 2 + 5 }, (_, i) => makeDirectory(`/${'d/'.repeat(i % 2)}n${i}`));
  const outcomes = await drive(files.run([makeDirectory('/d'), ...operations], { signal }));
  assert.ok(outcomes.every((outcome) => outcome.ok));
  assert.is(cluster.tracker.batches, 3);
  assert.equal(cluster.tracker.ran.slice(1), operations);
});

test('more batches than a session remembers wait for their turn', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  let open = 0;
  let mostOpen = 0;
  cluster.intercept((message, deliver) => {
    if (routeOf(message) !== batch) return undefined;
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    return deliver().finally(() => { open -= 1; });
  });
  const all = Array.from({ length: 300 }, (_, i) => files.run([makeDirectory(`/n${i}`)], { signal }));
  const outcomes = (await drive(Promise.all(all))).flat();
  assert.ok(outcomes.every((outcome) => outcome.ok));
  assert.is(mostOpen, limits.sessionSequencesMax);
});

test('a batch that stays open holds back those that the session could not remember beside it', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeDirectory('/a')], { signal }));
  let first = true;
  cluster.intercept((message, deliver) => {
    if (!first || routeOf(message) !== batch) return undefined;
    first = false;
    // It runs at once, and its answer takes very long: everything after it stays remembered meanwhile (the fake asserts the bound).
    return deliver().then(async () => {
      for (let turn = 0; turn < 3000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      throw new OffshoreError('unreachable', { node: message.to });
    });
  });
  const all = Array.from({ length: 200 }, (_, i) => files.run([makeDirectory(`/n${i}`)], { signal }));
  const big = files.run(Array.from({ length: 5000 }, (_, i) => makeDirectory(`/m${i}`)), { signal });
  const outcomes = (await drive(Promise.all([...all, big]))).flat();
  assert.ok(outcomes.every((outcome) => outcome.ok));
});

test.run();
