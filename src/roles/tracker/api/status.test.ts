// Who answers for the cluster, and what a tracker says that can reach no leader.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../../base/ids.ts';
import { concatBytes } from '../../../base/bytes.ts';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8, encodeUtf8 } from '../../../base/utf8.ts';
import { silentLog } from '../../../observe/log.ts';
import { noMetrics } from '../../../observe/metrics.ts';
import type { Answer, Message, Send } from '../../../protocol/send.ts';
import type { ClusterStatus } from '../../../protocol/tracker-api.ts';
import { isClusterStatus } from '../../../protocol/validate.ts';
import { InProcessNetwork } from '../../../../test/support/in-process-send.ts';
import { clusterId, incarnationOf } from '../../../../test/meta/state-world.ts';
import { never } from '../../../../test/support/seeder-world.ts';
import { TrackerWorld } from '../../../../test/support/tracker-world.ts';
import { createApi } from '../../http/api.ts';
import { HealthMemo } from '../health-memo.ts';
import { mountSeederApi } from './seeders.ts';
import { mountStatusApi } from './status.ts';

interface Desk {
  readonly world: TrackerWorld;
  readonly asked: Message[];
  /** How the leader answers the forwarded question. */
  leader: Send;
  send(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer>;
  status(): Promise<ClusterStatus>;
}

async function deskOf(): Promise<Desk> {
  const world = await TrackerWorld.ready();
  const network = new InProcessNetwork();
  const app = createApi({ log: silentLog, clock: world.clock, metrics: noMetrics, cluster: () => clusterId, onBug: (error) => { throw error; } });
  const desk: Desk = {
    world, asked: [],
    leader: () => Promise.reject(new Error('unreachable')),
    send: (method, path, body) => network.send({ to: 'http://t1', method, path, headers: {}, body: body === undefined ? [] : [encodeUtf8(JSON.stringify(body))] }, never),
    status: async () => {
      const answer = await desk.send('GET', '/v1/status');
      assert.is(answer.status, 200);
      const value: unknown = JSON.parse(decodeUtf8(concatBytes(answer.body)) ?? '');
      if (!isClusterStatus(value)) throw new Error('not a status');
      return value;
    },
  };
  mountStatusApi(app, { raft: world.raft, roster: world.roster, layouts: world.layouts, health: new HealthMemo({ clock: world.clock }), clock: world.clock, send: (message, signal) => {
    desk.asked.push(message);
    return desk.leader(message, signal);
  } });
  mountSeederApi(app, { raft: world.raft, proposer: world.proposer, roster: world.roster });
  network.connect('http://t1', app);
  return desk;
}

function follow(desk: Desk): void {
  desk.world.leadership = undefined;
  desk.world.leader = { name: 't2', url: 'http://t2' };
}

test('a leader answers itself, with what it heard', async () => {
  const desk = await deskOf();
  desk.world.leader = { name: 't1', url: 'http://t1' };
  desk.world.beat(1, { chunks: 7 });
  desk.world.beat(2);
  await desk.world.clock.advance(limits.suspectMs);
  desk.world.beat(2);

  const status = await desk.status();

  assert.is(status.leader, 't1');
  assert.is(desk.asked.length, 0);
  assert.equal(status.seeders.map(({ name, state, chunks }) => [name, state, chunks]), [['s1', 'suspect', 7], ['s2', 'up', 0], ['s3', 'suspect', undefined]]);
});

test('a follower passes the leader\'s answer on', async () => {
  const desk = await deskOf();
  const said = { ...(await desk.status()), leader: 't2', index: 77 };
  follow(desk);
  desk.leader = () => Promise.resolve({ status: 200, headers: {}, body: [encodeUtf8(JSON.stringify(said))] });

  assert.is((await desk.status()).index, 77);
  assert.equal(desk.asked.map(({ to, path }) => `${to}${path}`), ['http://t2/v1/status?ask=here']);
});

test('a leader that cannot be reached is not named, and what this tracker once heard is not told as true', async () => {
  const desk = await deskOf();
  const inventory = await Promise.all([0, 1, 2, 3].map((each) => desk.world.trueReport(each)));
  for (const seeder of [1, 2, 3]) desk.world.beat(seeder, { inventory });
  assert.is((await desk.status()).classes[0]?.whole, 4);
  follow(desk);

  const status = await desk.status();

  assert.is(status.leader, undefined);
  assert.is(status.classes[0]?.whole, 0);
  assert.is(status.classes[0]?.stale, 4);
  assert.ok(status.seeders.every((each) => each.state === 'up' && each.chunks === undefined));
});

test('a leader that hangs is waited for only a while', async () => {
  const desk = await deskOf();
  follow(desk);
  desk.leader = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('late')), { once: true }));
  const answered = desk.status();
  await desk.world.clock.advance(limits.nodeProbeMsMax);

  assert.is((await answered).leader, undefined);
});

test('a new leader has not heard anybody: nobody is suspect at once', async () => {
  const desk = await deskOf();
  await desk.world.clock.advance(60_000);
  desk.world.lead(9);

  assert.ok((await desk.status()).seeders.every((each) => each.state === 'up'));
});

test('a goodbye reaches the leader alone: a follower with an old state does not swallow it', async () => {
  const desk = await deskOf();
  const goodbye = { seeder: 3, incarnation: incarnationOf('s3') };
  follow(desk);
  assert.is((await desk.send('POST', '/v1/seeders/sign-out', goodbye)).status, 421);
  desk.world.lead(2);
  desk.world.beat(3);

  assert.is((await desk.send('POST', '/v1/seeders/sign-out', goodbye)).status, 200);

  assert.is(await desk.world.stateOf(3), 'maintenance');
  assert.is(desk.world.roster.isAlive(3 as SeederId), false);
});

test('a heartbeat of a stranger, of an emptied disk and of a removed seeder is refused by name', async () => {
  const desk = await deskOf();
  const beat = (seeder: number, incarnation: string): Promise<Answer> => desk.send('POST', '/v1/seeders/heartbeat', {
    seeder, incarnation, freeBytes: 1, totalBytes: 2, chunkBytes: 0, chunks: 0, condition: 'open', cursor: 0, inventory: [],
  });
  assert.is((await beat(1, incarnationOf('s1'))).status, 200);
  assert.is((await beat(99, incarnationOf('s1'))).status, 404);
  assert.is((await beat(1, incarnationOf('another'))).status, 409);
  await desk.world.state.command({ kind: 'seeder-state', seeder: 1 as SeederId, state: 'removed' });
  assert.is((await beat(1, incarnationOf('s1'))).status, 410);
});

test('registering again is the same seeder, up, with its reports to come anew', async () => {
  const desk = await deskOf();
  desk.world.beat(1, { inventory: [await desk.world.trueReport(0)] });
  await desk.world.state.command({ kind: 'seeder-state', seeder: 1 as SeederId, state: 'maintenance' });

  const answer = await desk.send('POST', '/v1/seeders/register', { name: 's1', incarnation: incarnationOf('s1'), url: 'http://new-address', zone: 'z', host: 's1', capacityBytes: 1000 });

  assert.is((JSON.parse(decodeUtf8(concatBytes(answer.body)) ?? '') as { seeder: { id: number; url: string; state: string } }).seeder.id, 1);
  assert.is(await desk.world.stateOf(1), 'up');
  assert.is(desk.world.roster.report(1 as SeederId, await desk.world.trueReport(0)), undefined);
});

test.run();
