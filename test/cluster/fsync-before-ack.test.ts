// `strace -f` over a real put: every acknowledgement, of seeders and of trackers, leaves after the fsync that covers it. Says loudly
// when it cannot look (no strace, or ptrace is refused).

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { randomBytes, createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { acceptance, answerTo, durableWrite, mustFollow, statusOf, type Durable } from '../support/ack-order.ts';
import { parseTrace, type TracedCall } from '../support/strace.ts';
import { pause, withCluster, type LiveCluster } from './live-cluster.ts';

const seeders = ['seeder-1', 'seeder-2', 'seeder-3'] as const;
const calls = 'write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,fdatasync,fsync,read,readv,recvfrom';

class Tracer {
  readonly #child: ChildProcess;
  readonly #path: string;
  #stderr = '';

  constructor(pid: number, path: string) {
    this.#path = path;
    this.#child = spawn('strace', ['-f', '-ttt', '-yy', '-xx', '-s', '2048', '-e', `trace=${calls}`, '-p', String(pid), '-o', path], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (part: Buffer) => { this.#stderr += part.toString(); });
  }

  /** False when the kernel refuses. */
  async attached(): Promise<boolean> {
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (this.#stderr.includes(' attached')) return true;
      if (this.#child.exitCode !== null) return false;
      await pause(50);
    }
    return false;
  }

  async detach(): Promise<readonly TracedCall[]> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((settle) => this.#child.once('close', settle));
      this.#child.kill('SIGINT');
      await ended;
    }
    return parseTrace(await readFile(this.#path, 'latin1'));
  }
}

function canTrace(): boolean {
  return spawnSync('strace', ['-V'], { stdio: 'ignore' }).error === undefined;
}

async function untilWhole(cluster: LiveCluster): Promise<void> {
  for (let waited = 0; waited < 90_000; waited += 500) {
    const status = JSON.parse((await cluster.run(['status', '--json'])).stdout.split('\n')[0] || '{}') as { classes?: { partitions: number; whole: number }[] };
    if (status.classes?.length === 1 && status.classes.every((each) => each.whole === each.partitions)) return;
    await pause(500);
  }
  throw new Error('the cluster did not become quiet');
}

/** From when the write ended to when the sync had ended to when the acknowledgement began. */
function seen(what: string, { write, sync }: Durable, acknowledgement: TracedCall): void {
  mustFollow(acknowledgement, { write, sync });
  const ms = (time: number | undefined): string => `+${(((time ?? NaN) - write.beginTime) * 1000).toFixed(2)} ms`;
  process.stderr.write(`${what}: ${write.name} line ${write.begin} → ${sync.name} ended line ${sync.end} ${ms(sync.endTime)} → acknowledged line ${acknowledgement.begin} ${ms(acknowledgement.beginTime)}\n`);
}

/** The receipt, wherever it is printed. */
async function put(cluster: LiveCluster, name: string): Promise<string> {
  const { stdout, stderr } = await cluster.must(['put', cluster.path(name), `/traced-${name}`]);
  return stdout + stderr;
}

function indexOf(receipt: string): number {
  const index = Number(/index (\d+)/.exec(receipt)?.[1]);
  assert.ok(index > 0, `no index in: ${receipt}`);
  return index;
}

test('every acknowledgement of a put leaves after the sync that covers it', async () => {
  if (!canTrace()) {
    process.stderr.write('SKIPPED, LOUDLY: there is no strace here, so the order of syncs and acknowledgements was not looked at\n');
    return;
  }
  await withCluster({}, async (cluster) => {
    await writeFile(cluster.path('warm'), randomBytes(100_000));
    await cluster.must(['put', cluster.path('warm'), '/warm']);
    await untilWhole(cluster);
    const leader = await cluster.leader();
    const follower = ['tracker-1', 'tracker-2', 'tracker-3'].find((name) => name !== leader) ?? '';
    const tracers = new Map([leader, follower, ...seeders].map((name) => [name, new Tracer(cluster.pid(name) ?? 0, cluster.path(`${name}.trace`))]));
    const traces = new Map<string, readonly TracedCall[]>();
    const body = randomBytes(2_500_000);
    await writeFile(cluster.path('chunked'), body);
    await writeFile(cluster.path('inline'), 'a few bytes');
    const receipts: string[] = [];
    try {
      const attached = await Promise.all([...tracers.values()].map((tracer) => tracer.attached()));
      if (!attached.every((each) => each)) {
        process.stderr.write('SKIPPED, LOUDLY: ptrace is refused here, so the order of syncs and acknowledgements was not looked at\n');
        return;
      }
      receipts.push(await put(cluster, 'chunked'));
      receipts.push(await put(cluster, 'inline'));
      // The third copy of the chunk is finished behind the acknowledgement.
      await pause(1500);
    } finally {
      for (const [name, tracer] of tracers) traces.set(name, await tracer.detach());
    }
    const traceOf = (name: string): readonly TracedCall[] => traces.get(name) ?? [];

    const chunk = createHash('sha256').update(body).digest();
    const durableAt = seeders.map((name) => showSeeder(name, traceOf(name), chunk));
    showCoordinator(traceOf, durableAt, chunk);
    for (const [i, name] of ['traced-chunked', 'traced-inline'].entries()) {
      const index = indexOf(receipts[i] ?? '');
      seen(`${follower} accepts entry ${index} (${name})`, durableWrite(traceOf(follower), /raft-log\/\d+\.log$/, name), acceptance(traceOf(follower), index));
      showLeader(leader, traceOf(leader), name);
    }
  });
});

/** Its answer to the chunk comes after the sync of the segment with the chunk's record; answers when that was. */
function showSeeder(name: string, trace: readonly TracedCall[], chunk: Buffer): number {
  const durable = durableWrite(trace, /segments\/\d+\.seg$/, chunk.toString('latin1'));
  const answer = answerTo(trace, `PUT /v1/chunks/copies%3D3/${chunk.toString('hex')}`);
  assert.is(statusOf(answer), 201);
  seen(`${name} answers 201 to the chunk`, durable, answer);
  return durable.sync.endTime ?? Infinity;
}

/** The client's answer comes after two copies are durable anywhere. One clock made all the times. */
function showCoordinator(traceOf: (name: string) => readonly TracedCall[], durableAt: readonly number[], chunk: Buffer): void {
  const second = [...durableAt].sort((left, right) => left - right)[1] ?? Infinity;
  const request = `PUT /v1/chunks/copies%3D3/${chunk.toString('hex')}`;
  const answers = seeders.flatMap((name) => {
    const trace = traceOf(name);
    // A relay says so in its headers; the coordinator's own request comes without.
    const asked = trace.find((call) => call.name === 'read' && call.bytes.includes(request));
    return asked?.bytes.includes('offshore-relay: none') === true ? [] : [{ name, answer: answerTo(trace, request) }];
  });
  assert.is(answers.length, 1, 'one seeder was the coordinator');
  const [{ name, answer } = { name: '', answer: undefined }] = answers;
  assert.ok((answer?.beginTime ?? 0) > second, `${name} answered the client at ${answer?.beginTime}, the second copy was durable at ${second}`);
  process.stderr.write(`${name} coordinates: two copies durable, then ${(((answer?.beginTime ?? NaN) - second) * 1000).toFixed(2)} ms later its answer\n`);
}

/** The client's answer comes after the leader's own log and its own state hold the entry durably. */
function showLeader(name: string, trace: readonly TracedCall[], file: string): void {
  const log = durableWrite(trace, /raft-log\/\d+\.log$/, file);
  const state = durableWrite(trace, /states\/[^/]+\/\d+\.log$/, file);
  const asked = trace.filter((call) => call.begin < log.write.begin && call.bytes.includes('POST /v1/batch')).at(-1);
  assert.ok(asked !== undefined, 'the batch came to the leader');
  const answer = answerTo(trace, 'POST /v1/batch', asked.begin - 1);
  assert.is(statusOf(answer), 200);
  seen(`${name} answers the batch (${file}), its log`, log, answer);
  seen(`${name} answers the batch (${file}), its state`, state, answer);
}

test.run();
