// Trackers come, go and are replaced while the cluster works (`raft.md` 2.7).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { NodeName } from '../../src/base/ids.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { RaftCluster, urlOf, type Seat } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];
const signal = (): AbortSignal => new AbortController().signal;
const address = (name: string) => ({ name: name as NodeName, url: urlOf(name) });

/** An empty tracker that waits to be added. */
async function bootEmpty(cluster: RaftCluster, name: string): Promise<Seat> {
  const seat = await cluster.boot(name, { whenWiped: 'wait' });
  await cluster.until(() => seat.events.some((event) => event.kind === 'waiting-for-trackers'), 'it waits');
  return seat;
}

test('a new tracker becomes a learner, catches up and votes', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  await cluster.append('x');
  const fourth = await bootEmpty(cluster, 'd');
  const member = await cluster.while(leader.node.addLearner(address('d'), signal()));
  await cluster.while(leader.node.promote(member.id, signal()));
  await cluster.append('y');
  await cluster.until(() => fourth.node.status().applied >= leader.node.status().applied, 'it follows');
  assert.equal(leader.node.status().voters, [1, 2, 3, 4]);
  assert.equal((await cluster.lists()).map((list) => list.join()), Array.from({ length: 4 }, () => 'x,y'));
});

test('a new tracker gets a state when the log does not go back to entry 1', async () => {
  await using cluster = await RaftCluster.start({ names, logTail: { entries: 10, bytes: 1_000_000 } });
  const leader = await cluster.leader();
  for (let at = 0; at < 50; at += 1) await cluster.append(`item ${at}`, leader);
  await cluster.until(() => leader.node.status().first > 20, 'the log is compacted');
  const fourth = await bootEmpty(cluster, 'd');
  const member = await cluster.while(leader.node.addLearner(address('d'), signal()));
  await cluster.while(leader.node.promote(member.id, signal()));
  await cluster.until(() => fourth.node.status().applied >= leader.node.status().applied, 'it follows');
  assert.equal(fourth.node.status().voters, [1, 2, 3, 4]);
});

test('a removed tracker is no voter, and its id is not given away again', async () => {
  await using cluster = await RaftCluster.start({ names });
  const [leader, gone] = [await cluster.leader(), await cluster.follower()];
  const id = gone.node.status().id;
  assert.ok(id);
  await cluster.while(leader.node.remove(id, signal()));
  await cluster.append('x', leader);
  assert.is(leader.node.status().voters.length, 2);
  await bootEmpty(cluster, 'd');
  const member = await cluster.while(leader.node.addLearner(address('d'), signal()));
  assert.is(member.id, 4);
});

test('a leader that is removed hands over', async () => {
  await using cluster = await RaftCluster.start({ names });
  const old = await cluster.leader();
  const id = old.node.status().id;
  assert.ok(id);
  await cluster.while(old.node.remove(id, signal()));
  const next = await cluster.leader(old.name);
  assert.is(await cluster.append('x', next), 1);
});

test('a wiped tracker comes back as another member by one joint change', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.append('x');
  const victim = await cluster.follower();
  const old = victim.node.status().id;
  assert.ok(old);
  await cluster.kill(victim.name);
  victim.disk = new MemoryKvDisk();
  victim.files = new MemoryFileIo();
  const back = await bootEmpty(cluster, victim.name);
  const leader = await cluster.leader();
  const member = await cluster.while(leader.node.replace(old, address(victim.name), signal()));
  assert.is(member.id, 4);
  await cluster.append('y');
  await cluster.until(() => back.node.status().applied >= leader.node.status().applied, 'it follows');
  assert.is(leader.node.status().voters.includes(old), false);
});

test('two changes at once: one waits for nobody and is refused', async () => {
  await using cluster = await RaftCluster.start({ names });
  await bootEmpty(cluster, 'd');
  const leader = await cluster.leader();
  const first = leader.node.addLearner(address('d'), signal());
  const second = await leader.node.remove(3 as never, signal()).catch((error: unknown) => error);
  assert.ok(isOffshoreError(second, 'busy'));
  await cluster.while(first);
});

test('only the leader changes the membership', async () => {
  await using cluster = await RaftCluster.start({ names });
  await cluster.leader();
  const follower = await cluster.follower();
  const refusal = await follower.node.remove(1 as never, signal()).catch((error: unknown) => error);
  assert.ok(isOffshoreError(refusal, 'not-leader'));
});

test.run();
