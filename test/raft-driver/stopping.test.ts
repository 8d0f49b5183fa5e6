// What a stop does to those who still read, and they to it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { RaftCluster, testTiming } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];

test('a request after the state was closed hears that the tracker stops', async () => {
  await using cluster = await RaftCluster.start({ names });
  const { node } = await cluster.leader();
  await cluster.while(node.stop());
  const refusal = await node.useMachine(async () => 'read').catch((error: unknown) => error);
  assert.ok(isOffshoreError(refusal, 'stopping'));
  assert.throws(() => node.machine(), (error: unknown) => isOffshoreError(error, 'stopping'));
});

test('a reader of a replaced state does not hold a stop for ever either, nor the fetch that waits for it', async () => {
  await using cluster = await RaftCluster.start({ names, logTail: { entries: 20, bytes: 1_000_000 } });
  const behind = await cluster.follower();
  let release: () => void = () => undefined;
  const reading = behind.node.useMachine(() => new Promise<void>((resolve) => { release = resolve; }));
  const installed = (): number => behind.events.filter((event) => event.kind === 'snapshot-installed').length;
  const receiving = (): number => behind.events.filter((event) => event.kind === 'snapshot-receiving').length;
  const leaveBehind = async (): Promise<void> => {
    cluster.network.isolate(behind.url);
    const leader = await cluster.leader(behind.name);
    const last = leader.node.status().last;
    for (let at = 0; at < 60; at += 1) await cluster.append(`item ${at}`, leader);
    await cluster.until(() => leader.node.status().first > last + 10, 'the log is compacted');
    cluster.network.heal();
  };
  await leaveBehind();
  await cluster.until(() => installed() === 1, 'it gets a state');
  await cluster.tick(100);
  await leaveBehind();
  await cluster.until(() => receiving() === 2, 'another fetch begins');
  let stopped = false;
  const stop = behind.node.stop().then(() => { stopped = true; });
  await cluster.until(() => stopped, 'it stops', limits.stateCloseMsMax / testTiming.tickMs + 400);
  release();
  await Promise.all([reading, stop]);
});

test('a reader that never ends does not hold a stop for ever', async () => {
  await using cluster = await RaftCluster.start({ names });
  const seat = await cluster.follower();
  let release: () => void = () => undefined;
  const reading = seat.node.useMachine(() => new Promise<void>((resolve) => { release = resolve; }));
  let stopped = false;
  const stop = seat.node.stop().then(() => { stopped = true; });
  await cluster.until(() => stopped, 'it stops', limits.stateCloseMsMax / testTiming.tickMs + 100);
  release();
  await Promise.all([reading, stop]);
});

test.run();
