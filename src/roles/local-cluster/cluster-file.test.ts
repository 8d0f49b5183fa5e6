import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../base/errors.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { readClusterFile, withClusterLock, writeClusterFile, type ClusterFile } from './cluster-file.ts';
import { isAlive, thisProcess } from './node-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'offshore-lock-'));
const never = new AbortController().signal;
test.after(() => rmSync(dir, { recursive: true, force: true }));

test('what is written is read back; damaged files are refused, absent ones are no cluster', () => {
  const file: ClusterFile = { version: 1, dir, basePort: 1, trackers: 1, seeders: 0, trackerUrls: ['http://127.0.0.1:2'], nodes: [] };

  assert.is(readClusterFile(dir), undefined);
  writeClusterFile(file);
  assert.equal(readClusterFile(dir), file);
  writeFileSync(join(dir, 'cluster.json'), '{"version":1');
  assert.throws(() => readClusterFile(dir), (error: unknown) => isOffshoreError(error, 'local-io'));
});

test('changes happen one after the other', async () => {
  let inside = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 5 }, () => withClusterLock(dir, nodeClock, never, async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  })));

  assert.is(most, 1);
  assert.not(existsSync(join(dir, 'cluster.lock')));
});

test('a lock left by a process that is gone is taken over', async () => {
  writeFileSync(join(dir, 'cluster.lock'), JSON.stringify({ pid: process.pid, startTime: 'another life' }));

  assert.is(await withClusterLock(dir, nodeClock, never, async () => 'in'), 'in');
});

test('a process is known by its start time too: pids come back', () => {
  assert.ok(isAlive(thisProcess()));
  assert.not(isAlive({ pid: process.pid, startTime: '1' }));
});

test.run();
