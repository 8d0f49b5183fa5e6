import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { KvWrite } from './kv.ts';
import { WriteQueue, type WriteGroup } from './write-queue.ts';

/** A disk whose writes end when the test says so. */
class HeldDisk {
  readonly groups: WriteGroup[] = [];
  readonly #ends: { readonly done: () => void; readonly failed: (error: Error) => void }[] = [];

  readonly write = (group: WriteGroup): Promise<void> => {
    this.groups.push(group);
    return new Promise((done, failed) => this.#ends.push({ done, failed }));
  };

  async end(failure?: Error): Promise<void> {
    await turns();
    const next = this.#ends.shift();
    if (failure === undefined) next?.done();
    else next?.failed(failure);
    await turns();
  }

  sizes(): readonly (number | string)[] {
    return this.groups.map((group) => (group.kind === 'flush' ? 'flush' : group.writes.length));
  }
}

async function turns(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

function put(bytes = 1): KvWrite {
  return { kind: 'put', key: Uint8Array.of(1), value: new Uint8Array(bytes) };
}

function caught(promise: Promise<void>): Promise<unknown> {
  return promise.then(() => 'done', (error: unknown) => error);
}

test('batches that wait are joined, in order and around flushes, while one group is on its way', async () => {
  const disk = new HeldDisk();
  const queue = new WriteQueue('here', disk.write);
  const first = queue.write([put()], 'synced');
  await turns();
  const others = [queue.write([put()], 'unsynced'), queue.write([put(), put()], 'synced'), queue.flush(), queue.write([put()], 'unsynced')];
  for (let i = 0; i < 4; i += 1) await disk.end();
  await Promise.all([first, ...others]);
  assert.equal(disk.sizes(), [1, 3, 'flush', 1]);
  assert.equal(disk.groups.map((group) => group.kind === 'batch' && group.durability), ['synced', 'synced', false, 'unsynced']);
});

test('a group ends at its size', async () => {
  const disk = new HeldDisk();
  const queue = new WriteQueue('here', disk.write);
  const half = Math.ceil(limits.kvGroupBytesMax * 0.6);
  const writes = Promise.all([queue.write([put(half)], 'synced'), queue.write([put(half)], 'synced')]);
  await disk.end();
  await disk.end();
  await writes;
  assert.equal(disk.sizes(), [1, 1]);
});

test('after a failure nothing is written or acknowledged: not the group, not those behind it, not later ones', async () => {
  const disk = new HeldDisk();
  const queue = new WriteQueue('here', disk.write);
  const first = caught(queue.write([put()], 'synced'));
  await turns();
  const behind = [caught(queue.write([put()], 'unsynced')), caught(queue.flush())];
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  await disk.end(full);
  const later = [caught(queue.write([put()], 'synced')), caught(queue.flush())];
  for (const outcome of await Promise.all([first, ...behind, ...later])) {
    assert.ok(isOffshoreError(outcome, 'store-closed'));
    assert.is((outcome as Error).cause, full);
  }
  assert.is(disk.groups.length, 1);
  assert.is(queue.poison, full);
});

test('a full queue refuses with overloaded and is not poisoned', async () => {
  const disk = new HeldDisk();
  const queue = new WriteQueue('here', disk.write);
  const first = queue.write([put()], 'synced');
  await turns();
  const large = queue.write([put(limits.kvPendingBytesMax)], 'synced');
  assert.ok(isOffshoreError(await caught(queue.write([put()], 'synced')), 'overloaded'));
  await disk.end();
  await disk.end();
  await Promise.all([first, large]);
  assert.is(queue.poison, undefined);
});

test('the end waits for what is under way and refuses what comes later', async () => {
  const disk = new HeldDisk();
  const queue = new WriteQueue('here', disk.write);
  const first = queue.write([put()], 'synced');
  let ended = false;
  const end = queue.end().then(() => {
    ended = true;
  });
  assert.ok(isOffshoreError(await caught(queue.write([put()], 'synced')), 'store-closed'));
  assert.not.ok(ended);
  await disk.end();
  await Promise.all([first, end]);
});

test.run();
