import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffshoreError } from '../../../base/errors.ts';
import type { ClusterId, SessionId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';
import { silentLog } from '../../../observe/log.ts';
import { noMetrics } from '../../../observe/metrics.ts';
import { pathTo, type RouteName } from '../../../protocol/routes.ts';
import { mustSucceed } from '../../../client/send-within.ts';
import { isEmptyAnswer, isSessionAnswer, mustParse } from '../../../protocol/validate.ts';
import type { Answer } from '../../../protocol/send.ts';
import { StateWorld } from '../../../../test/meta/state-world.ts';
import { InProcessNetwork } from '../../../../test/support/in-process-send.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { createApi } from '../../http/api.ts';
import { type BatchApiDeps, mountBatchApi } from './batch.ts';

const leader = 'http://t1';

/** The routes over a state machine; what they propose is applied at once. */
async function routesOver(world: StateWorld) {
  const proposer: BatchApiDeps['proposer'] = {
    propose: async (commands) => ({ index: world.index, results: await world.entry(commands) }),
    one: async (command) => {
      const results = await world.command(command);
      if (results.kind === 'refused') throw new OffshoreError(results.code, results.details);
      return { index: world.index, results };
    },
  };
  const app = createApi({ log: silentLog, clock: new ManualClock(), metrics: noMetrics, cluster: () => 'c1' as ClusterId, onBug: (error) => { throw error; } });
  mountBatchApi(app, { proposer, raft: { useMachine: async (use) => use(world.machine) } });
  const network = new InProcessNetwork();
  network.connect(leader, app);
  const post = async (route: RouteName, body: unknown): Promise<Answer> => mustSucceed(
    await network.send({ to: leader, method: 'POST', path: pathTo(route), headers: {}, body: [encodeUtf8(JSON.stringify(body))] }, new AbortController().signal), leader);
  return { post, register: async (): Promise<SessionId> => mustParse(await post('sessions', {}), isSessionAnswer, leader).session };
}

async function sessionsOf(world: StateWorld): Promise<number> {
  return (await world.machine.queries.totals()).sessions;
}

test('a session that is closed is gone, and closing it again is no error', async () => {
  const world = await StateWorld.ready(1);
  const { post, register } = await routesOver(world);
  const session = await register();
  assert.is(await sessionsOf(world), 1);
  for (let times = 0; times < 2; times += 1) assert.ok(isEmptyAnswer(JSON.parse(new TextDecoder().decode((await post('closeSession', { session })).body[0]))));
  assert.is(await sessionsOf(world), 0);
});

test('clients that never closed their sessions lock nobody out once these are idle', async () => {
  const world = await StateWorld.ready(1);
  const { register } = await routesOver(world);
  for (let left = limits.sessionsMax; left > 0; left -= 1000) {
    await world.entry(Array.from({ length: 1000 }, () => ({ kind: 'register-session', user: 'u' }) as const));
  }
  await register().then(() => assert.unreachable(), (error: unknown) => assert.ok(error instanceof OffshoreError && error.code === 'sessions-full'));
  world.age = limits.sessionIdleMsMin;
  await world.mkdir('/tick');
  assert.ok((await register()) > 0);
  assert.is(await sessionsOf(world), limits.sessionsMax - limits.sessionsEvictedAtOnce + 1);
});

test.run();
