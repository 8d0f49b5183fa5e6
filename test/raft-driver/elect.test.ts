// Three nodes in one process: they found a cluster, elect, commit, lose a leader and come back from disk.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { RaftCluster } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];
const never = new AbortController().signal;

test('empty trackers found one cluster and elect one leader', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.leader();
  assert.is(cluster.leaders().length, 1);
  const ids = new Set([...cluster.seats.values()].map((seat) => seat.node.status().cluster));
  assert.is(ids.size, 1);
});

test('a thousand proposals are applied by all, in one order', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  const texts = Array.from({ length: 1000 }, (_, at) => `item ${at}`);
  const proposals = texts.map((text) => leader.node.propose(encodeUtf8(text), new AbortController().signal));
  const outcomes = await cluster.while(Promise.all(proposals));
  assert.equal(outcomes.map((outcome) => outcome.result), texts.map((_, at) => at + 1));
  const applied = leader.node.status().applied;
  await cluster.until(() => [...cluster.seats.values()].every((seat) => seat.node.status().applied >= applied), 'all apply');
  for (const list of await cluster.lists()) assert.equal(list, texts);
});

test('a single tracker works alone', async () => {
  await using cluster = await RaftCluster.start({ names: ['only'] });
  assert.is(await cluster.append('x'), 1);
  const seat = await cluster.leader();
  assert.ok(await cluster.while(seat.node.readBarrier(never)) > 0);
});

test('a follower names the leader instead of taking a proposal', async () => {
  await using cluster = await RaftCluster.start({ names });
  const [leader, follower] = [await cluster.leader(), await cluster.follower()];
  const refusal = await cluster.while(follower.node.propose(encodeUtf8('x'), never).catch((error: unknown) => error));
  assert.ok(isOffshoreError(refusal, 'not-leader'));
  assert.is(refusal.details['leader'], leader.url);
});

test('when the leader dies another leads, and nothing acknowledged is lost', async () => {
  await using cluster = await RaftCluster.start({ names });
  const first = await cluster.leader();
  await cluster.append('before');
  await cluster.kill(first.name);
  const second = await cluster.leader(first.name);
  assert.is.not(second.name, first.name);
  assert.is(await cluster.append('after', second), 2);
  await cluster.boot(first.name);
  await cluster.until(() => cluster.seat(first.name).node.status().applied >= second.node.status().applied, 'it catches up');
  for (const list of await cluster.lists()) assert.equal(list, ['before', 'after']);
});

test('all trackers come back from their disks with everything acknowledged', async () => {
  await using cluster = await RaftCluster.start({ names });
  for (const text of ['one', 'two', 'three']) await cluster.append(text);
  for (const name of names) await cluster.kill(name);
  for (const name of names) await cluster.boot(name);
  assert.is(await cluster.append('four'), 4);
});

test.run();
