import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Operation } from '../../src/model/operation.ts';
import { headerNames } from '../../src/protocol/headers.ts';
import { refused } from '../contract/remote-files.ts';
import { fakeWorld } from '../support/fake-client.ts';
import { routeOf, urlOf } from '../support/fake-cluster.ts';

const makeDirectory: Operation = { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'must-exist' };

test('a mutation follows the hint of a tracker that does not lead', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.elect('tracker-2');
  await drive(files.run([makeDirectory], { signal }));
  const batches = cluster.seen.filter((message) => message.route === 'POST /v1/batch');
  assert.equal(batches.map((message) => message.to), [urlOf('tracker-2')]);
  assert.ok(cluster.count('POST /v1/sessions') <= 2);
});

test('a mutation outlasts an election', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  cluster.kill('tracker-1');
  clock.schedule(4000, () => cluster.elect('tracker-3'));
  const [outcome] = await drive(files.run([makeDirectory], { signal }));
  assert.ok(outcome?.ok);
});

test('a mutation moves on when the leader dies between two batches', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([makeDirectory], { signal }));
  cluster.kill('tracker-1');
  cluster.elect('tracker-2');
  const [outcome] = await drive(files.run([{ ...makeDirectory, path: '/e' }], { signal }));
  assert.ok(outcome?.ok);
});

test('a tracker that hangs costs one try', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  cluster.hang('tracker-1');
  cluster.elect('tracker-2');
  await drive(files.run([makeDirectory], { signal }));
  await drive(files.stat('/d', 'never', signal));
  const before = clock.monotonicMs();
  await drive(files.stat('/d', 'never', signal));
  assert.ok(clock.monotonicMs() - before < 100, 'the next read does not ask the one that hangs');
});

test('reads stay with one tracker while it is well and leave it when it dies', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  for (let i = 0; i < 4; i += 1) await drive(files.stat('/', 'never', signal));
  const [favourite] = cluster.seen;
  assert.is(new Set(cluster.seen.map((message) => message.to)).size, 1);
  cluster.kill(new URL(favourite?.to ?? '').hostname);
  cluster.elect(['tracker-1', 'tracker-2', 'tracker-3'].find((name) => urlOf(name) !== favourite?.to));
  assert.is((await drive(files.stat('/', 'never', signal))).kind, 'directory');
});

test('without any tracker a read ends at its deadline with the reason', async () => {
  const { cluster, clock, another, drive, signal } = fakeWorld();
  const files = another({ timeoutMs: 3000 });
  for (const name of ['tracker-1', 'tracker-2', 'tracker-3']) cluster.kill(name);
  const startedMs = clock.monotonicMs();
  await drive(refused(files.stat('/', 'never', signal), 'unreachable'));
  assert.ok(clock.monotonicMs() - startedMs <= 3100);
});

test('a refusal of the namespace is final at once', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(refused(files.stat('/no', 'never', signal), 'not-found'));
  assert.is(cluster.seen.length, 1);
});

test('a node of another cluster is refused', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.stat('/', 'never', signal));
  cluster.intercept((_message, deliver) => deliver().then((answer) => ({ ...answer, headers: { ...answer.headers, [headerNames.cluster]: 'd'.repeat(64) } })));
  await drive(refused(files.stat('/', 'never', signal), 'wrong-cluster'));
});

test('an answer that is not what the protocol says is never taken for one', async () => {
  const { cluster, another, drive, signal } = fakeWorld();
  const files = another({ timeoutMs: 1000 });
  cluster.intercept((message) => (routeOf(message) === 'GET /v1/node' ? Promise.resolve({ status: 200, headers: {}, body: [new TextEncoder().encode('{"index":1}')] }) : undefined));
  await drive(refused(files.stat('/', 'never', signal), 'bad-answer'));
});

test('ping names every node, the leader, and who is silent', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.kill('seeder-2');
  const pings = await drive(files.ping(signal));
  assert.equal(pings.map((ping) => ping.name), ['tracker-1', 'tracker-2', 'tracker-3', 'seeder-1', 'seeder-2', 'seeder-3']);
  assert.equal(pings.filter((ping) => ping.isLeader).map((ping) => ping.name), ['tracker-1']);
  assert.equal(pings.filter((ping) => ping.error !== undefined).map((ping) => ping.name), ['seeder-2']);
});

test('ping still answers when every tracker is down', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  for (const name of ['tracker-1', 'tracker-2', 'tracker-3']) cluster.kill(name);
  const pings = await drive(files.ping(signal));
  assert.ok(pings.length === 3 && pings.every((ping) => ping.error !== undefined && !ping.isLeader));
});

test('a closed client stops what is under way', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  for (const name of ['tracker-1', 'tracker-2', 'tracker-3']) cluster.hang(name);
  const asked = files.stat('/', 'never', signal);
  await files.close();
  await drive(refused(asked, 'aborted'));
});

test.run();
