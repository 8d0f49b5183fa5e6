import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { LogIndex, Term } from '../../src/base/ids.ts';
import { seededRng } from '../../src/base/rng.ts';
import type { Operation } from '../../src/model/operation.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import type { KvEntry } from '../../src/storage/kv/kv.ts';
import { encodeCommand, encodeEntry } from '../../src/storage/meta/core/command-codec.ts';
import { MetaFolders } from '../../src/storage/meta/folders.ts';
import type { MetaMachine } from '../../src/storage/meta/machine.ts';
import { damagedRanges, MetaStaging } from '../../src/storage/meta/snapshot-stream.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { chunkedFile, entriesOf, inlineFile, openMachine, sha256, StateWorld } from './state-world.ts';

/** A history with everything in it: files, trees, chunks, sessions, refusals. */
async function busyWorld(seed: number): Promise<StateWorld> {
  const world = await StateWorld.ready();
  const rng = seededRng(seed);
  const pick = <T>(items: readonly T[]): T => mustExist(items[Math.floor(rng() * items.length)], 'not empty');
  const paths = ['/a', '/b', '/a/c', '/a/d', '/b/e', '/b/e/f', '/l'];
  const session = await world.session();
  for (let i = 1; i <= 60; i += 1) {
    const operations: Operation[] = Array.from({ length: 1 + Math.floor(rng() * 4) }, (): Operation => pick<() => Operation>([
      () => ({ kind: 'make-directory', path: pick(paths), mode: 0o755, parents: 'make' }),
      () => inlineFile(pick(paths), String(rng())),
      () => chunkedFile(pick(paths), entriesOf(pick(['x', 'y', 'z']), pick(['x', 'y', 'z'])), world.index),
      () => ({ kind: 'rename', from: pick(paths), to: pick(paths), replace: 'allowed' }),
      () => ({ kind: 'copy', from: pick(paths), to: pick(paths), replace: 'allowed' }),
      () => ({ kind: 'symlink', path: pick(paths), target: pick(paths) }),
      () => ({ kind: 'remove', path: pick(paths), what: 'tree' }),
      () => ({ kind: 'set-attributes', path: pick(paths), change: { mode: 0o600 }, follow: 'never' }),
    ])());
    await world.run(operations, { id: session, firstSequence: i * 10, firstUnacked: Math.max(1, i * 10 - 50) });
  }
  return world;
}

async function hashOf(machine: MetaMachine): Promise<readonly string[]> {
  return (await machine.queries.stateHash()).ranges;
}

async function rowsOf(machine: MetaMachine): Promise<KvEntry[]> {
  const pin = machine.pin();
  const rows: KvEntry[] = [];
  for (;;) {
    const page = await pin.page(rows.at(-1)?.key, 4096);
    if (page.length === 0) break;
    rows.push(...page);
  }
  await pin.release();
  return rows;
}

test('the same log gives the same state, whatever the groups, restarts and caches', async () => {
  const world = await busyWorld(1);
  const grouped = await openMachine(new MemoryKvDisk());
  for (let at = 0; at < world.log.length; at += 7) await grouped.apply(world.log.slice(at, at + 7));
  const disk = new MemoryKvDisk();
  let restarted = await openMachine(disk);
  for (let at = 0; at < world.log.length; at += 40) {
    await restarted.apply(world.log.slice(at, at + 40));
    await restarted.close();
    restarted = await openMachine(disk);
  }
  const expected = await hashOf(world.machine);
  assert.equal(await hashOf(grouped), expected);
  assert.equal(await hashOf(restarted), expected);
  assert.equal(restarted.progress(), world.machine.progress());
  assert.ok(new Set(expected).size > 50, 'the hash says something');
});

test('the stored hash is the hash of the rows', async () => {
  const world = await busyWorld(2);
  await world.machine.close();
  const kv = await openGuardedKv(world.disk.open, 'state');
  assert.equal(await damagedRanges(kv, 1), []);
});

test('a state received page by page continues as the original does', async () => {
  const world = await busyWorld(3);
  const rows = await rowsOf(world.machine);
  const disk = new MemoryKvDisk();
  const folders = new MetaFolders({ parent: 'data', group: 1, cacheBytes: 1 << 20 }, { open: disk.open, io: new MemoryFileIo(), sha256, clock: new ManualClock() });
  const staging = await folders.stage('state-1-9');
  for (let at = 0; at < rows.length; at += 50) await staging.put(rows.slice(at, at + 50));
  await staging.seal(world.machine.progress());
  const copy = await folders.open('state-1-9');
  const next = world.committed([{ kind: 'batch', operation: '00'.repeat(16) as never, user: 'u', operations: [inlineFile('/after', 'x')] }]);
  await world.machine.apply([next]);
  await copy.apply([next]);
  assert.equal(await hashOf(copy), await hashOf(world.machine));
  assert.equal(copy.clusterAge(), world.machine.clusterAge());
});

test('the name of a new state is durable before the log may rely on it', async () => {
  const world = await busyWorld(3);
  const synced: string[] = [];
  class Recorded extends MemoryFileIo {
    override syncFolder(path: string): Promise<void> {
      synced.push(path);
      return super.syncFolder(path);
    }
  }
  const deps = { open: new MemoryKvDisk().open, io: new Recorded(), sha256, clock: new ManualClock() };
  const folders = new MetaFolders({ parent: 'data/states', group: 1, cacheBytes: 1 << 20 }, deps);
  await folders.open('state-0');
  assert.equal(synced.splice(0), ['data/states', 'data']);
  const staging = await folders.stage('state-1-9');
  await staging.put(await rowsOf(world.machine));
  await staging.seal(world.machine.progress());
  assert.equal(synced, ['data/states', 'data']);
});

test('seal refuses a state with a missing, altered or misplaced row, or another progress', async () => {
  const world = await busyWorld(4);
  const rows = await rowsOf(world.machine);
  const attempt = async (altered: readonly KvEntry[], progress = world.machine.progress()): Promise<string> => {
    const kv = await openGuardedKv(new MemoryKvDisk().open, 'x');
    const staging = new MetaStaging({ group: 1 }, { kv, remove: () => Promise.resolve(), syncName: () => Promise.resolve() });
    try {
      await staging.put(altered);
      await staging.seal(progress);
      return 'sealed';
    } catch (error) {
      return isOffshoreError(error) ? error.code : 'other';
    }
  };
  const flipped = (entry: KvEntry): KvEntry => ({ key: entry.key, value: entry.value.map((byte, i) => (i === entry.value.length - 1 ? byte ^ 1 : byte)) });
  assert.is(await attempt(rows), 'sealed');
  for (let at = 0; at < rows.length; at += Math.ceil(rows.length / 12)) {
    assert.is(await attempt(rows.filter((_, i) => i !== at)), 'state-damaged', `row ${at} missing`);
    assert.is(await attempt(rows.map((row, i) => (i === at ? flipped(row) : row))), 'state-damaged', `row ${at} altered`);
  }
  assert.is(await attempt([...rows].reverse()), 'state-damaged');
  assert.is(await attempt(rows, { ...world.machine.progress(), term: 9 as Term }), 'state-damaged');
});

test('progress moves with entries that carry no command, and never back', async () => {
  const world = await StateWorld.ready();
  const confState = Uint8Array.of(1, 2, 3);
  const index = (world.index + 1) as LogIndex;
  await world.machine.apply([{ index, term: 2 as Term, data: new Uint8Array(0), confState }]);
  assert.equal(world.machine.progress(), { index, term: 2, confState });
  try {
    await world.machine.apply([{ index, term: 2 as Term, data: new Uint8Array(0) }]);
    assert.unreachable();
  } catch (error) {
    assert.ok(isOffshoreError(error, 'state-damaged'));
  }
  await world.restart();
  assert.equal(world.machine.progress(), { index, term: 2, confState });
});

test('an entry from a newer program ends apply and changes nothing', async () => {
  const world = await StateWorld.ready();
  const head = { wallMs: 1 as never, clusterAge: 1 as never };
  const unknown = encodeEntry(head, [Uint8Array.of(99)]);
  const level = encodeEntry(head, [encodeCommand({ kind: 'raise-level', level: 99 })]);
  const before = await hashOf(world.machine);
  for (const data of [unknown, level, Uint8Array.of(9)]) {
    try {
      await world.machine.apply([{ index: (world.index + 1) as LogIndex, term: 1 as Term, data }]);
      assert.unreachable();
    } catch (error) {
      assert.ok(isOffshoreError(error, 'version-unsupported'), String(error));
    }
  }
  assert.equal(await hashOf(world.machine), before);
});

test('a pin never changes while entries are applied', async () => {
  const world = await busyWorld(5);
  const pin = world.machine.pin();
  const first = await pin.page(undefined, 1 << 20);
  await world.mkdir('/later');
  assert.equal(await pin.page(undefined, 1 << 20), first);
  assert.is(pin.progress.index, world.index - 1);
  await pin.release();
});

test.run();
