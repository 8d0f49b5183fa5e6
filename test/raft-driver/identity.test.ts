// Who may take part (`architecture.md` 4, Identity): a tracker never votes again under an id whose data it lost.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { RaftCluster } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];

test('a cluster is not founded while an initial tracker is silent', async () => {
  await using cluster = new RaftCluster({ names });
  await cluster.boot('a');
  await cluster.boot('b');
  await cluster.tick(300);
  assert.is(cluster.seat('a').node.status().phase, 'waiting');
  await cluster.boot('c');
  await cluster.leader();
});

test('trackers that all moved to other addresses find each other by the addresses they are given now', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('before');
  for (const name of names) await cluster.kill(name);
  cluster.moveAll('elsewhere');
  for (const name of names) await cluster.boot(name);

  await cluster.append('after');
});

test('a wiped tracker is refused under its old name', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const victim = await cluster.follower();
  await cluster.kill(victim.name);
  victim.disk = new MemoryKvDisk();
  victim.files = new MemoryFileIo();
  const back = await cluster.boot(victim.name);
  const refusal = await cluster.while(back.started.catch((error: unknown) => error));
  assert.ok(isOffshoreError(refusal, 'wiped-member'));
});

test('a tracker that joined and lost only its log is refused', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const victim = await cluster.follower();
  await cluster.kill(victim.name);
  victim.disk = new MemoryKvDisk();
  const back = await cluster.boot(victim.name);
  const refusal = await cluster.while(back.started.catch((error: unknown) => error));
  assert.ok(isOffshoreError(refusal, 'wiped-member'));
});

test('a tracker that lost only its identity is refused', async () => {
  await using cluster = await RaftCluster.start({ names });
  const victim = await cluster.follower();
  await cluster.kill(victim.name);
  victim.files = new MemoryFileIo();
  const back = await cluster.boot(victim.name);
  const refusal = await cluster.while(back.started.catch((error: unknown) => error));
  assert.ok(isOffshoreError(refusal, 'wiped-member'));
});

test('a founder that died before its log was written takes entry 1 from a peer', async () => {
  await using cluster = new RaftCluster({ names });
  await cluster.boot('a');
  await cluster.boot('b');
  const c = await cluster.boot('c');
  // The others hear of c, then it dies with its identity on disk and its log lost.
  c.diskGate = new Promise(() => undefined);
  await cluster.until(() => cluster.seat('a').node.status().phase === 'running', 'a has founded the cluster');
  cluster.network.kill(c.url);
  c.disk.crash(() => 0);
  await cluster.boot('c');
  await cluster.until(() => cluster.seat('c').node.status().phase === 'running', 'c takes its place');
  await cluster.leader();
  assert.is(cluster.seat('c').node.status().cluster, cluster.seat('a').node.status().cluster);
});

test('a log that ends before what the state applied is refused (P28)', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('early');
  const victim = await cluster.follower();
  victim.disk.copyFolder({ from: '/data/raft-log', to: 'backup' });
  for (let at = 0; at < 5; at += 1) await cluster.append(`late ${at}`);
  const { applied } = (await cluster.leader()).node.status();
  await cluster.until(() => victim.node.status().applied >= applied, 'it has applied everything');
  await cluster.kill(victim.name);
  victim.disk.copyFolder({ from: 'backup', to: '/data/raft-log' });
  const back = await cluster.boot(victim.name);
  assert.ok(isOffshoreError(await cluster.while(back.started.catch((error: unknown) => error)), 'log-damaged'));
});

test('a restarting member does not call itself empty', async () => {
  await using cluster = await RaftCluster.start({ names });
  const seat = await cluster.follower();
  await cluster.kill(seat.name);
  const back = await cluster.boot(seat.name);
  const before = await back.node.handle({ method: 'GET', path: '/raft/v1/identity' });
  assert.is(before?.status, 503);
  await cluster.while(back.started);
  const after = await back.node.handle({ method: 'GET', path: '/raft/v1/identity' });
  assert.is(after?.status, 200);
});

test.run();
