// SIGTERM, with real processes: a leader hands its lead over before it goes, a seeder says that it will be back, both exit 0.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HandStarted } from '../support/hand-started.ts';
import { pause, withCluster, type LiveCluster } from './live-cluster.ts';

/** An election by silence alone takes at least this long (`limits.electionTicks`). */
const electionMs = 1000;

interface Seen {
  readonly leader?: string;
  readonly seeders: readonly { readonly name: string; readonly state: string }[];
}

async function statusOf(cluster: LiveCluster): Promise<Seen> {
  const ran = await cluster.run(['status', '--json']);
  return JSON.parse(ran.stdout.trim().split('\n')[0] ?? '{}') as Seen;
}

async function seederState(cluster: LiveCluster, name: string): Promise<string | undefined> {
  return (await statusOf(cluster)).seeders.find((each) => each.name === name)?.state;
}

async function until(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await pause(200)) {
    if (await check()) return;
  }
  throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
}

function trackerArguments(cluster: LiveCluster, name: string): string[] {
  const peers = ['tracker-1', 'tracker-2', 'tracker-3'].map((each) => `${each}=${cluster.url(each)}`).join(',');
  return ['--role=tracker', `--id=${name}`, `--listen=${new URL(cluster.url(name)).host}`, `--data=${cluster.dir}/${name}`, `--peers=${peers}`];
}

function seederArguments(cluster: LiveCluster, name: string): string[] {
  return ['--role=seeder', `--id=${name}`, `--listen=${new URL(cluster.url(name)).host}`, `--data=${cluster.dir}/${name}`, `--host=${name}`, `--trackers=${cluster.trackerUrls.join(',')}`];
}

/** Stops the nodes and starts them again as children of this process. */
async function takeOver(cluster: LiveCluster, names: readonly string[], argumentsOf: (cluster: LiveCluster, name: string) => string[]): Promise<HandStarted[]> {
  const stopped = await cluster.cluster('stop', ...names);
  assert.is(stopped.code, 0, stopped.stderr);
  return names.map((name) => new HandStarted(name, argumentsOf(cluster, name)));
}

test('a leader that gets SIGTERM hands its lead over at once, loses nothing it acknowledged, and exits 0', async () => {
  await withCluster({}, async (cluster) => {
    const trackers = await takeOver(cluster, ['tracker-1', 'tracker-2', 'tracker-3'], trackerArguments);
    try {
      for (const each of trackers) await each.until('role.ready');
      await cluster.must(['mkdir', '/before']);
      const leader = await cluster.leader();
      const old = trackers.find((each) => each.name === leader);
      assert.ok(old !== undefined);
      const since = new Date().toISOString();

      old.kill('SIGTERM');
      const end = await old.ended;

      assert.equal(end, { code: 0, signal: null }, JSON.stringify(old.log().slice(-5)));
      const won = trackers.filter((each) => each !== old).flatMap((each) => each.log())
        .find((line) => line.event === 'raft.role-changed' && line['role'] === 'leader' && line.time >= since);
      assert.ok(won !== undefined, 'another tracker won');
      const gone = old.log().find((line) => line.event === 'process.stopped');
      const tookMs = Date.parse(won.time) - Date.parse(since);
      process.stderr.write(`${leader} got SIGTERM; another tracker led after ${tookMs} ms, the process was gone after ${Date.parse(gone?.time ?? '') - Date.parse(since)} ms\n`);
      assert.ok(won.time <= (gone?.time ?? ''), 'the next leader leads before the last one is gone');
      assert.ok(tookMs < electionMs, `handed over, not timed out: ${tookMs} ms`);
      assert.is((await cluster.must(['ls', '-1', '/'])).stdout, 'before\n');
      await cluster.must(['mkdir', '/after']);
    } finally {
      for (const each of trackers) await each.end();
    }
  });
});

test('a seeder that gets SIGTERM announces maintenance, keeps its places meanwhile, exits 0, and is up again when it is back', async () => {
  await withCluster({}, async (cluster) => {
    const [seeder] = await takeOver(cluster, ['seeder-2'], seederArguments);
    assert.ok(seeder !== undefined);
    let again: HandStarted | undefined;
    try {
      await seeder.until('role.ready');
      await until('seeder-2 is up', 10_000, async () => (await seederState(cluster, 'seeder-2')) === 'up');

      seeder.kill('SIGTERM');
      const end = await seeder.ended;

      assert.equal(end, { code: 0, signal: null }, JSON.stringify(seeder.log().slice(-5)));
      assert.is(await seederState(cluster, 'seeder-2'), 'maintenance');
      // Several rounds of the leader's liveness duty: the last heartbeat must not count as a return.
      await pause(3000);
      assert.is(await seederState(cluster, 'seeder-2'), 'maintenance');
      await cluster.must(['put', '-', '/while-away'], { stdin: 'x'.repeat(5000) });

      again = new HandStarted('seeder-2', seederArguments(cluster, 'seeder-2'));
      await again.until('role.ready');
      await until('seeder-2 is back', 10_000, async () => (await seederState(cluster, 'seeder-2')) === 'up');
      await again.until('chunk.fetched', 20_000);
    } finally {
      await seeder.end();
      await again?.end();
    }
  });
});

test.run();
