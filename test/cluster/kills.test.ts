// Nothing acknowledged is lost: nodes are killed with SIGKILL in the middle of real work.

import { readFile, rm } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hashFile, pause, scaledBytes, withCluster, writeRandomFile, type LiveCluster } from './live-cluster.ts';

test('an upload goes on while the leader and then a seeder are killed, and both rejoin', async () => {
  await withCluster({}, async (cluster) => {
    for (let round = 1; round <= Number(process.env['OFFSHORE_TEST_ROUNDS'] ?? 1); round += 1) await killDuringUpload(cluster, round);
  });
});

async function killDuringUpload(cluster: LiveCluster, round: number): Promise<void> {
  const hash = await writeRandomFile(cluster.path('big'), scaledBytes(192));
  const leader = await cluster.leader();
  const seeder = `seeder-${1 + (round % 3)}`;
  const upload = cluster.start(['put', cluster.path('big'), `/big-${round}`], { timeoutMs: 600_000 });

  await pause(400);
  assert.is((await cluster.cluster('kill', leader)).code, 0);
  await pause(400);
  assert.is((await cluster.cluster('kill', seeder)).code, 0);
  const during = upload.child.exitCode === null;
  const uploaded = await upload.done;
  process.stderr.write(`round ${round}: killed ${leader} and ${seeder}${during ? '' : ' (the upload was already over)'}\n`);

  assert.is(uploaded.code, 0, uploaded.stderr);
  await cluster.must(['get', `/big-${round}`, cluster.path('back')], { timeoutMs: 600_000 });
  assert.is(await hashFile(cluster.path('back')), hash);
  const started = await cluster.cluster('start', leader, seeder);
  assert.is(started.code, 0, started.stderr);
  await untilWhole(cluster);
}

/** Until every partition is proved whole by inventory. */
async function untilWhole(cluster: LiveCluster): Promise<void> {
  let last = '';
  for (let attempt = 0; attempt < 240; attempt += 1) {
    last = (await cluster.run(['status', '--json'])).stdout;
    const status = JSON.parse(last.trim().split('\n')[0] ?? '{}') as { seeders?: { state: string }[]; classes?: { partitions: number; whole: number }[] };
    const up = status.seeders?.every((each) => each.state === 'up') ?? false;
    const whole = status.classes?.every((each) => each.whole === each.partitions) ?? false;
    if (up && whole) return;
    await pause(250);
  }
  throw new Error(`not whole within 60 s: ${last}`);
}

test('a tracker whose disk was emptied is refused under its old name, and the other two go on', async () => {
  await withCluster({}, async (cluster) => {
    await cluster.must(['mkdir', '/before']);
    await cluster.cluster('kill', 'tracker-2');
    await rm(`${cluster.dir}/tracker-2`, { recursive: true });

    await cluster.cluster('start', 'tracker-2');

    const log = `${cluster.dir}/logs/tracker-2.log`;
    for (let waited = 0; !(await readFile(log, 'utf8')).includes('process.stopped') && waited < 20_000; waited += 100) await pause(100);
    assert.match(await readFile(log, 'utf8'), /"event":"role.failed".*wiped-member/);
    assert.match((await cluster.cluster('status')).stdout, /tracker-2 +stopped/);
    await cluster.must(['mkdir', '/after']);
    assert.is((await cluster.must(['ls', '-1', '/'])).stdout, 'after\nbefore\n');
  });
});

test.run();
