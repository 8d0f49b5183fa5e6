// A seeder is who its folder says, for good.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, NodeName, SeederId } from '../../base/ids.ts';
import { seededRng } from '../../base/rng.ts';
import { MemoryFileIo } from '../../../test/support/memory-file-io.ts';
import { codeOf } from '../../../test/support/seeder-world.ts';
import { SeederIdentity } from './identity.ts';

const cluster = 'c1' as ClusterId;

function open(files: MemoryFileIo, draws: string[] = ['drawn'], name = 's1'): Promise<SeederIdentity> {
  return SeederIdentity.open({ folder: 'd', name: name as NodeName }, { files, drawIncarnation: () => draws.shift() as Incarnation });
}

test('the incarnation is drawn once and durable before anybody is told', async () => {
  const files = new MemoryFileIo();
  const first = await open(files);
  files.crash(seededRng(1));

  const again = await open(files, []);

  assert.is(again.incarnation, first.incarnation);
  assert.equal(again.membership(), { kind: 'new' });
  assert.is(again.cluster(), undefined);
});

test('an emptied folder is another incarnation', async () => {
  assert.is.not((await open(new MemoryFileIo(), ['a'])).incarnation, (await open(new MemoryFileIo(), ['b'])).incarnation);
});

test('before its first registration it has no id', async () => {
  const identity = await open(new MemoryFileIo());

  assert.throws(() => identity.id(), (error: { readonly code?: string }) => error.code === 'starting');
});

test('the cluster joined and the id given there survive a power loss', async () => {
  const files = new MemoryFileIo();
  await (await open(files)).join(cluster, 7 as SeederId);
  files.crash(seededRng(2));

  const again = await open(files, []);

  assert.equal(again.membership(), { kind: 'member', cluster, id: 7 });
});

test('it never changes its cluster', async () => {
  const files = new MemoryFileIo();
  const identity = await open(files);
  await identity.join(cluster, 7 as SeederId);

  assert.is(await codeOf(identity.join('c2' as ClusterId, 7 as SeederId)), 'wrong-cluster');
  assert.is((await open(files, [])).cluster(), cluster);
});

test('joining again writes nothing', async () => {
  const files = new MemoryFileIo();
  const identity = await open(files);
  await identity.join(cluster, 7 as SeederId);
  files.failNext('replaceFile');

  await identity.join(cluster, 7 as SeederId);
});

test('a membership that could not be written is none', async () => {
  const files = new MemoryFileIo();
  const identity = await open(files);
  files.failNext('replaceFile');

  assert.is.not(await codeOf(identity.join(cluster, 7 as SeederId)), 'ok');

  assert.is(identity.cluster(), undefined);
});

test('the folder of another seeder is refused, and so is a damaged identity', async () => {
  const files = new MemoryFileIo();
  await open(files);

  assert.is(await codeOf(open(files, [], 's2')), 'bad-option');
  files.flipBit('d/identity', 9);
  assert.is(await codeOf(open(files, [])), 'state-damaged');
});

test.run();
