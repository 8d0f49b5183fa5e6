// `offshore cluster` with real processes: up, status, kill, start, down, and what it refuses.

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive } from '../../src/roles/local-cluster/node-process.ts';
import { freeBasePort, InstalledProgram, type Ran } from '../support/run-program.ts';

interface FileOnDisk {
  readonly trackerUrls: readonly string[];
  readonly nodes: readonly { readonly name: string; readonly port: number; readonly pid?: number; readonly startTime?: string; readonly data: string; readonly url: string; readonly log: string }[];
}

const program = new InstalledProgram();
const dir = join(program.cwd, 'disks');

function cluster(...args: readonly string[]): Promise<Ran> {
  return program.run(['cluster', ...args, '--dir', dir]);
}

function file(): FileOnDisk {
  return JSON.parse(readFileSync(join(dir, 'cluster.json'), 'utf8')) as FileOnDisk;
}

type NodeOnDisk = FileOnDisk['nodes'][number];

function runs({ pid, startTime }: NodeOnDisk): boolean {
  return pid !== undefined && startTime !== undefined && isAlive({ pid, startTime });
}

test.after(async () => {
  if (existsSync(join(dir, 'cluster.json'))) await cluster('down');
  program[Symbol.dispose]();
});

test('a local cluster lives: up, status, kill, start, down', async () => {
  const basePort = await freeBasePort();

  const up = await cluster('up', '--detach', '--base-port', String(basePort), '--trackers', '3', '--seeders', '2');
  assert.is(up.code, 0, up.stderr);
  assert.is(up.stdout, `OFFSHORE_TRACKER=${[1, 2, 3].map((i) => `http://127.0.0.1:${basePort + i}`).join(',')}\n`);
  assert.equal(file().nodes.map(({ name, port }) => `${name} ${port - basePort}`), ['tracker-1 1', 'tracker-2 2', 'tracker-3 3', 'seeder-1 101', 'seeder-2 102']);
  assert.ok(file().nodes.every((node) => runs(node) && existsSync(node.data) && existsSync(node.log)));

  const status = await cluster('status', '--json');
  assert.is(status.code, 0);
  assert.ok(status.stdout.trim().split('\n').map((line) => JSON.parse(line) as { state: string }).every(({ state }) => state === 'ready'), status.stdout);

  const before = file().nodes;
  assert.is((await cluster('kill', 'tracker-2')).code, 0);
  assert.equal(before.map(runs), [true, false, true, true, true]);
  assert.is((await cluster('status')).code, 1);
  assert.is(file().nodes[1]?.pid, undefined);

  const again = await cluster('up', '--detach', '--json');
  assert.is(again.code, 0, again.stderr);
  assert.equal((JSON.parse(again.stdout) as { started: string[] }).started, ['tracker-2']);

  assert.is((await cluster('stop', 'seeder-2')).code, 0);
  const started = await cluster('start', 'seeder-2');
  assert.is(started.code, 0, started.stderr);
  const running = file().nodes;
  const down = await cluster('down');
  assert.is(down.code, 0, down.stderr);
  assert.not(running.some(runs));
  for (const { log } of file().nodes) {
    const last = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
    assert.is((JSON.parse(last) as { event: string }).event, 'process.stopped', `${log}: ${last}`);
  }
});

test('a port in use is named with the node that needs it', async () => {
  const basePort = await freeBasePort();
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(basePort + 101, '127.0.0.1', resolve));

  const { code, stderr } = await program.run(['cluster', 'up', '--detach', '--dir', join(program.cwd, 'other'), '--base-port', String(basePort)]);
  await new Promise((resolve) => blocker.close(resolve));

  assert.is(code, 2);
  assert.match(stderr, `port ${basePort + 101}, which seeder-1 needs, is taken`);
});

test('what is no node, and what is no cluster, is said', async () => {
  const nobody = await program.run(['cluster', 'down', '--dir', join(program.cwd, 'nothing')]);

  assert.is(nobody.code, 4);
  assert.match(nobody.stderr, 'no cluster in');
  if (existsSync(join(dir, 'cluster.json'))) assert.match((await cluster('kill', 'tracker-9')).stderr, 'no node "tracker-9"');
});

test.run();
