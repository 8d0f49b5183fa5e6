// What clients see while leadership moves: nothing is answered as done and lost, reads are never stale, a hung leader goes.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../src/base/errors.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { RaftCluster } from '../support/raft-cluster.ts';

const names = ['a', 'b', 'c'];
const signal = (): AbortSignal => new AbortController().signal;

test('a read barrier on any tracker sees the latest acknowledged write', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  for (let round = 0; round < 10; round += 1) {
    const { index } = await cluster.while(leader.node.propose(encodeUtf8(`item ${round}`), signal()));
    for (const seat of cluster.seats.values()) {
      const at = await cluster.while(seat.node.readBarrier(signal()));
      assert.ok(at >= index);
      assert.ok(seat.node.machine().progress().index >= index);
    }
  }
});

test('a leader that was cut off answers no read and acknowledges nothing', async () => {
  await using cluster = await RaftCluster.start({ names });
  const old = await cluster.leader();
  cluster.network.isolate(old.url);
  let read = 'waiting';
  old.node.readBarrier(signal()).then(() => { read = 'answered'; }, () => { read = 'refused'; });
  const lost = old.node.propose(encodeUtf8('lost'), signal()).catch((error: unknown) => error);
  const next = await cluster.leader(old.name);
  await cluster.append('kept', next);
  assert.ok(isOffshoreError(await cluster.while(lost), 'outcome-unknown'));
  assert.is.not(read, 'answered');
  cluster.network.heal();
  await cluster.until(() => old.node.status().applied >= next.node.status().applied, 'it follows again');
  for (const list of await cluster.lists()) assert.equal(list, ['kept']);
});

test('proposals while leaders die are never acknowledged and lost', async () => {
  await using cluster = await RaftCluster.start({ names, seed: 7 });
  const done: string[] = [];
  const open: Promise<unknown>[] = [];
  for (let round = 0; round < 6; round += 1) {
    const leader = await cluster.leader();
    for (let at = 0; at < 20; at += 1) {
      const text = `${round}/${at}`;
      open.push(leader.node.propose(encodeUtf8(text), signal()).then(() => done.push(text), () => undefined));
    }
    for (let turn = 0; turn < round; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    await cluster.kill(leader.name);
    await cluster.leader(leader.name);
    await cluster.boot(leader.name);
  }
  await cluster.while(Promise.all(open));
  await cluster.append('last');
  const leader = await cluster.leader();
  await cluster.until(() => [...cluster.seats.values()].every((seat) => seat.node.status().applied >= leader.node.status().applied), 'all apply');
  for (const list of await cluster.lists()) assert.equal(done.filter((text) => !list.includes(text)), []);
});

test('a leader whose disk hangs falls silent and another takes over', async () => {
  await using cluster = await RaftCluster.start({ names });
  const old = await cluster.leader();
  let release: () => void = () => undefined;
  old.diskGate = new Promise((resolve) => { release = resolve; });
  const hung = old.node.propose(encodeUtf8('hung'), signal()).catch((error: unknown) => error);
  const next = await cluster.leader(old.name);
  await cluster.append('goes on', next);
  assert.not.ok(old.node.isLeader());
  assert.ok(old.events.some((event) => event.kind === 'disk-hung'));
  old.diskGate = undefined;
  release();
  await cluster.while(hung);
  await cluster.until(() => old.node.status().applied >= next.node.status().applied, 'it follows again');
});

test('leadership is handed over on request, and by a leader that stops', async () => {
  await using cluster = await RaftCluster.start({ names });
  const first = await cluster.leader();
  await cluster.while(first.node.transferLeadership('best', signal()));
  const second = await cluster.leader(first.name);
  await cluster.append('x', second);
  const before = cluster.clock.monotonicMs();
  await cluster.stop(second.name);
  assert.is(second.node.status().phase, 'stopped');
  const third = await cluster.leader(second.name);
  assert.ok(cluster.clock.monotonicMs() - before < 3000);
  assert.is(await cluster.append('y', third), 2);
});

test('a leader whose process dies is replaced long before the election timeout', async () => {
  await using cluster = await RaftCluster.start({ names, timing: { tickMs: 10, heartbeatTicks: 1, electionTicks: 300 } });
  const old = await cluster.leader();
  await cluster.append('x');
  const diedMs = cluster.clock.monotonicMs();
  await cluster.kill(old.name);
  const next = await cluster.leader(old.name);
  assert.ok(cluster.clock.monotonicMs() - diedMs < 1500);
  assert.is(await cluster.append('y', next), 2);
});

test('an aborted proposal that had not been proposed did not happen', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  const stop = new AbortController();
  const proposed = leader.node.propose(encodeUtf8('never'), stop.signal).catch((error: unknown) => error);
  stop.abort();
  assert.ok(isOffshoreError(await proposed, 'aborted'));
  await cluster.append('x');
  assert.equal((await cluster.lists())[0]?.includes('never'), false);
});

test('a failed write ends the node', async () => {
  await using cluster = await RaftCluster.start({ names });
  const leader = await cluster.leader();
  leader.diskGate = Promise.reject(new Error('EIO'));
  leader.diskGate.catch(() => undefined);
  const outcome = await cluster.while(leader.node.propose(encodeUtf8('x'), signal()).catch((error: unknown) => error));
  assert.ok(isOffshoreError(outcome, 'outcome-unknown'));
  assert.is(leader.node.status().phase, 'failed');
  assert.ok(leader.failure instanceof Error);
});

test.run();
