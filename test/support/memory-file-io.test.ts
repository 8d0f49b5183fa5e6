// The simulated disk must be as bad as a real one, and no worse: what is synced stays.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRng } from '../../src/base/rng.ts';
import { diskError } from './disk-error.ts';
import { MemoryFileIo } from './memory-file-io.ts';

const all = (): number => 0;
const none = (): number => 0.99;

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(() => 'done', (error: { code?: unknown }) => error.code);
}

test('synced bytes under a synced name survive every power loss', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (seed, content) => {
      const io = new MemoryFileIo({ tearing: 'torn' });
      const file = await io.open('file', 'create');
      await file.write(0, [content]);
      await file.sync();
      await io.syncFolder('.');
      await file.write(content.length, [content]);
      io.crash(seededRng(seed));
      assert.equal((await io.readFile('file'))?.subarray(0, content.length), Uint8Array.from(content));
    }),
    { numRuns: 50 },
  );
});

test('an unsynced write is lost or kept block by block', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed < 40; seed += 1) {
    const io = new MemoryFileIo({ blockBytes: 4 });
    await io.replaceFile('file', new Uint8Array(12));
    const file = await io.open('file', 'update');
    await file.write(2, [new Uint8Array(8).fill(1)]);
    io.crash(seededRng(seed));
    seen.add(String(await io.readFile('file')));
  }
  assert.is(seen.size, 8, 'three blocks, each there or not');
});

test('a name without a sync of its folder may be lost, a renamed file is under one name', async () => {
  for (const [rng, names] of [[all, ['new']], [none, ['old']]] as const) {
    const io = new MemoryFileIo();
    await io.replaceFile('old', Uint8Array.of(1));
    await io.rename('old', 'new');
    io.crash(rng);
    assert.equal(io.paths(), names);
  }
});

test('a failed sync forgets what it should have written, and later syncs do not bring it back', async () => {
  const io = new MemoryFileIo();
  const file = await io.open('file', 'create');
  await io.syncFolder('.');
  await file.write(0, [Uint8Array.of(1)]);
  io.failNext('sync', diskError('EIO'));
  assert.is(await codeOf(file.sync()), 'EIO');
  await file.sync();
  io.crash(all);
  assert.equal(await io.readFile('file'), new Uint8Array(0));
});

test('a full disk takes what fits, and refuses with ENOSPC until space is freed', async () => {
  const io = new MemoryFileIo({ capacityBytes: 10 });
  const file = await io.open('file', 'create');
  assert.is(await codeOf(file.write(0, [new Uint8Array(6), new Uint8Array(6)])), 'ENOSPC');
  assert.is(await file.size(), 10);
  assert.is(await codeOf(file.write(0, [new Uint8Array(10)])), 'done');
  assert.equal(await io.space('.'), { totalBytes: 10, freeBytes: 0 });
  io.capacityBytes = 20;
  assert.is(await codeOf(file.write(10, [new Uint8Array(6)])), 'done');
});

test('handles die with the process and with the machine', async () => {
  const io = new MemoryFileIo();
  const first = await io.open('file', 'create');
  io.kill();
  assert.is(await codeOf(first.write(0, [Uint8Array.of(1)])), 'EBADF');
  const second = await io.open('file', 'update');
  io.crash(all);
  assert.is(await codeOf(second.sync()), 'EBADF');
});

test('a flipped bit stays flipped', async () => {
  const io = new MemoryFileIo();
  await io.replaceFile('file', Uint8Array.of(0, 0));
  io.flipBit('file', 1, 3);
  assert.equal(await io.readFile('file'), Uint8Array.of(0, 8));
  io.crash(none);
  assert.equal(await io.readFile('file'), Uint8Array.of(0, 8));
});

test('failures queue up by operation', async () => {
  const io = new MemoryFileIo();
  io.failNext('open', diskError('EMFILE'));
  io.failNext('open', diskError('EIO'));
  assert.equal([await codeOf(io.open('a', 'create')), await codeOf(io.open('a', 'create')), await codeOf(io.open('a', 'create'))], ['EMFILE', 'EIO', 'done']);
});

test.run();
