// Followers that the log has left behind fetch a state, pulled page by page (`raft.md` 2.6).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import { makeMessage } from '../../src/raft/core/message.ts';
import { decodeClusterConfig } from '../../src/raft/driver/cluster-config.ts';
import { encodeTicket } from '../../src/raft/driver/snapshot-ticket.ts';
import { encodeFrame, wireVersion } from '../../src/raft/driver/wire.ts';
import { RaftCluster, type Seat } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];
const logTail = { entries: 20, bytes: 1_000_000 };

async function leaveBehind(cluster: RaftCluster, count: number): Promise<{ readonly leader: Seat; readonly behind: string }> {
  const leader = await cluster.leader();
  const behind = (await cluster.follower()).name;
  await cluster.kill(behind);
  for (let at = 0; at < count; at += 1) await cluster.append(`item ${at}`, leader);
  await cluster.until(() => leader.node.status().first > 30, 'the log is compacted');
  return { leader, behind };
}

/** Received states are not opened before `release`. */
function holdOpening({ folders }: Seat): { readonly folders: readonly string[]; readonly release: () => void } {
  const held: string[] = [];
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => { release = resolve; });
  const open = folders.open.bind(folders);
  folders.open = async (folder) => {
    if (folder !== 'state-0-0') {
      held.push(folder);
      await released;
    }
    return open(folder);
  };
  return { folders: held, release };
}

/** As the leader would with a newer state. */
function offerAnother(leader: Seat, seat: Seat): void {
  const { id, term, last } = leader.node.status();
  const to = mustExist(seat.node.status().id, 'it has an id');
  const progress = mustExist(leader.folders.current, 'a state is open').progress();
  const config = decodeClusterConfig(progress.confState);
  const from = mustExist(config.members.find((member) => member.id === id), 'it is a member');
  const reader = seat.node.streamOwner.accept({
    protocol: wireVersion, cluster: mustExist(leader.node.status().cluster, 'it has a cluster'), from: from.id, fromName: from.name, fromUrl: from.url,
    incarnation: from.incarnation, to, lane: 'bulk',
  }, { close: () => undefined });
  const snapshot = { meta: { index: last + 10, term, confState: config.confState }, data: encodeTicket({ id: 'newer', config: progress.confState }) };
  assert.is(reader.received(encodeFrame({ kind: 'message', message: makeMessage('MsgSnap', { from: from.id, to, term, snapshot }) })), 'fine');
}

test('a follower that the log left behind gets a state and goes on from there', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  const seat = await cluster.boot(behind);
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it catches up');
  await cluster.append('after', leader);
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it follows');
  assert.ok(seat.events.some((event) => event.kind === 'snapshot-installed'));
  assert.is(new Set((await cluster.lists()).map((list) => list.join())).size, 1);
});

test('an installed state is the one a restart finds', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  const seat = await cluster.boot(behind);
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it catches up');
  await cluster.kill(behind);
  const again = await cluster.boot(behind);
  await cluster.until(() => again.node.status().applied >= leader.node.status().applied, 'it restarts');
  assert.not.ok(again.events.some((event) => event.kind === 'snapshot-installed'));
});

test('a follower that dies while it fetches gets the state after its restart (P15)', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  const first = await cluster.boot(behind);
  await cluster.until(() => first.events.some((event) => event.kind === 'snapshot-receiving'), 'the fetch begins');
  await cluster.kill(behind);
  const again = await cluster.boot(behind);
  await cluster.until(() => again.node.status().applied >= leader.node.status().applied, 'it catches up', 4000);
  assert.is(again.failure, undefined);
});

test('a follower that gave a fetch up is offered the state again (dgraph#2707)', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  cluster.network.requests = 'fail';
  const seat = await cluster.boot(behind);
  await cluster.until(() => seat.events.some((event) => event.kind === 'snapshot-failed'), 'it gives up', 3000);
  cluster.network.requests = 'work';
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it catches up', 3000);
});

test('a tracker that cannot remove its old state ends, and closes what it holds all the same', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  const seat = await cluster.boot(behind);
  seat.folders.removeOthers = async (current) => {
    if (current !== 'state-0-0') throw new OffshoreError('local-io');
  };
  await cluster.until(() => seat.failure !== undefined, 'it fails');
  await cluster.while(seat.node.stop());
  const again = await cluster.boot(behind);
  await cluster.until(() => again.node.status().applied >= leader.node.status().applied, 'it goes on from the new state');
});

test('while a received state is put in place no further one is fetched', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 100);
  const seat = await cluster.boot(behind);
  const opening = holdOpening(seat);
  await cluster.until(() => opening.folders.length > 0, 'the core took the state');
  offerAnother(leader, seat);
  await cluster.tick(30);
  const begun = seat.events.filter((event) => event.kind === 'snapshot-receiving').length;
  opening.release();
  assert.is(begun, 1);
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it catches up', 3000);
});

test('the log is kept while a follower fetches a state', async () => {
  await using cluster = await RaftCluster.start({ names, logTail });
  const { leader, behind } = await leaveBehind(cluster, 60);
  const seat = await cluster.boot(behind);
  await cluster.until(() => leader.events.some((event) => event.kind === 'snapshot-offered'), 'a state is offered');
  const offered = mustExist(leader.events.find((event) => event.kind === 'snapshot-offered'), 'offered');
  assert.ok(leader.node.status().first <= offered.index + 1);
  await cluster.until(() => seat.node.status().applied >= leader.node.status().applied, 'it catches up');
});

test.run();
