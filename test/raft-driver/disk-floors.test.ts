// What full disks do to a tracker (`architecture.md` 4, Disk floors): it refuses in time, stays up, and lets others lead.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { RaftCluster, type Seat } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];
const signal = (): AbortSignal => new AbortController().signal;

/** Leaves this share of the disk free. */
async function leaveFree(cluster: RaftCluster, seat: Seat, share: number): Promise<void> {
  await seat.files.replaceFile('/data/ballast', new Uint8Array(100_000));
  seat.files.capacityBytes = seat.files.usedBytes / (1 - share);
  await cluster.tick(250);
}

test('below the first floor only what frees or repairs is proposed', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  await leaveFree(cluster, leader, 0.03);
  assert.is(leader.node.status().disk, 'low');
  const refusal = await leader.node.propose(encodeUtf8('x'), signal()).catch((error: unknown) => error);
  assert.ok(isOffshoreError(refusal, 'disk-full'));
  await cluster.while(leader.node.propose(encodeUtf8('remove'), signal(), 'frees'));
});

test('a majority below the first floor counts like the leader itself', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  for (const seat of cluster.seats.values()) {
    if (seat !== leader) await leaveFree(cluster, seat, 0.03);
  }
  const refusal = await leader.node.propose(encodeUtf8('x'), signal()).catch((error: unknown) => error);
  assert.ok(isOffshoreError(refusal, 'disk-full'));
});

test('below the second floor a follower still reads', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const follower = await cluster.follower();
  await leaveFree(cluster, follower, 0.001);
  assert.is(follower.node.status().disk, 'critical');
  await cluster.while(follower.node.readBarrier(signal()));
});

test('room on a disk is told to peers that were cut off while there was none', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  const others = [...cluster.seats.values()].filter((seat) => seat !== leader);
  for (const seat of others) await leaveFree(cluster, seat, 0.03);
  for (const seat of others) cluster.network.cut(leader.url, seat.url);
  for (const seat of others) seat.files.capacityBytes = Infinity;
  await cluster.tick(250);
  cluster.network.heal();
  await cluster.tick(250);
  const next = await cluster.leader();
  await cluster.append('x', next);
  await cluster.while(next.node.transferLeadership(mustExist(leader.node.status().id, 'it has an id'), signal()));
  await cluster.append('y', await cluster.leader());
});

test('below the second floor a leader hands over, takes nothing, and catches up when there is room', async () => {
  await using cluster = await RaftCluster.start({ names });
  const full = await cluster.leader();
  await leaveFree(cluster, full, 0.001);
  const next = await cluster.leader(full.name);
  await cluster.append('without it', next);
  await cluster.tick(50);
  assert.is(full.node.status().phase, 'running');
  assert.ok(full.node.status().last < next.node.status().last);
  full.files.capacityBytes = Infinity;
  await cluster.until(() => full.node.status().applied >= next.node.status().applied, 'it catches up');
});

test.run();
