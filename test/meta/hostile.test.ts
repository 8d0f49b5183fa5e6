import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AssertionError } from '../../src/base/assert.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { ContentId, LogIndex, PageId, SessionId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { ManifestEntry } from '../../src/model/manifest.ts';
import type { Operation } from '../../src/model/operation.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { checkBatch } from '../../src/storage/meta/core/check.ts';
import type { BatchCommand, SessionMark } from '../../src/storage/meta/core/command.ts';
import { Draft } from '../../src/storage/meta/core/draft.ts';
import { standingTable } from '../../src/storage/meta/core/records-names.ts';
import { rootIno } from '../../src/storage/meta/core/resolve.ts';
import { chunked, chunkNamed, inlineFile, openMachine, operationId, StateWorld } from './state-world.ts';

const upload = 'ab'.repeat(16);
const mkdir = (path: string): Operation => ({ kind: 'make-directory', path, mode: 0o755, parents: 'must-exist' });
const mark = (id: SessionId, firstSequence: number): SessionMark => ({ id, firstSequence, firstUnacked: 1 });

test('a refused name is cut between characters, so that its refusal can be remembered', async () => {
  const world = await StateWorld.ready(1);
  const id = await world.session();
  const paths = [`/a${'😀'.repeat(100)}`, `/${'😀'.repeat(3000)}`, `/a${'😀'.repeat(3000)}`, `/a/${'x'.repeat(79)}${'😀'.repeat(60)}`];
  const outcomes = await world.run(paths.map(mkdir), mark(id, 1));
  assert.equal(outcomes.map((each) => (each.ok ? 'ok' : each.code)), ['invalid-name', 'path-too-long', 'path-too-long', 'invalid-name']);
  assert.equal(await world.run(paths.map(mkdir), mark(id, 1)), outcomes, 'and answered again');
});

test('a page of holes longer than chunks can be is refused', async () => {
  const world = await StateWorld.ready(1);
  await world.must({ kind: 'open-upload', upload });
  const holes = (bytes: number): ManifestEntry[] => [{ kind: 'hole', bytes }, { kind: 'hole', bytes }];
  const stage = (entries: readonly ManifestEntry[]): Operation => ({ kind: 'stage', upload, storageClass: 'copies=3', entries, stamp: world.index });
  assert.is(await world.code(stage(holes(Number.MAX_SAFE_INTEGER))), 'bad-request');
  assert.is(await world.code(stage(holes(limits.chunkBytesMax + 1))), 'bad-request');
  assert.is(await world.code(stage(holes(limits.chunkBytesMax))), 'ok');
});

test('a tree never sums up to more bytes than a number can say', async () => {
  const world = await StateWorld.ready(1);
  await world.must({ kind: 'open-upload', upload });
  const entries = Array.from({ length: limits.pageEntriesMax }, (): ManifestEntry => ({ kind: 'hole', bytes: limits.chunkBytesMax }));
  const staged = await world.must({ kind: 'stage', upload, storageClass: 'copies=3', entries, stamp: world.index });
  const bytes = limits.uploadPagesMax * limits.pageEntriesMax * limits.chunkBytesMax;
  const pages = Array.from({ length: limits.uploadPagesMax }, () => ({ kind: 'staged', page: staged.page as PageId }) as const);
  await world.must({
    kind: 'publish', path: '/f', parents: 'must-exist', attributes: {},
    content: { kind: 'chunked', bytes, chunkBytes: limits.chunkBytesMax, storageClass: 'copies=3', contentId: 'cc'.repeat(32) as ContentId, stamp: world.index, upload, pages },
  });
  await world.mkdir('/d');
  const fitting = Math.floor(Number.MAX_SAFE_INTEGER / bytes) - 1;
  for (let made = 0; made < fitting; made += 500) {
    const outcomes = await world.run(Array.from({ length: Math.min(500, fitting - made) }, (_, i): Operation => ({ kind: 'copy', from: '/f', to: `/d/${made + i}`, replace: 'never' })));
    assert.ok(outcomes.every((each) => each.ok));
  }
  assert.is(await world.code({ kind: 'copy', from: '/f', to: '/d/more', replace: 'never' }), 'quota-exceeded');
  assert.is(await world.code({ kind: 'remove', path: '/d/0', what: 'file' }), 'ok', 'and the tree goes on');
});

test('sequence numbers that would run out of safe numbers are refused, at the border and in apply', async () => {
  const world = await StateWorld.ready(1);
  const id = await world.session();
  const last = Number.MAX_SAFE_INTEGER;
  assert.throws(() => checkBatch(batchOf([mkdir('/a')], mark(id, last))), (error: unknown) => isOffshoreError(error, 'bad-request'));
  for (const operations of [[mkdir('/a')], [mkdir('/a'), mkdir('/b')]]) {
    const outcomes = await world.run(operations, mark(id, last));
    assert.ok(outcomes.every((each) => !each.ok && each.code === 'bad-request'));
  }
});

test('what has no stored form is refused by the operation that wrote it, and nothing before it is lost', () => {
  const draft = new Draft({ get: () => undefined }, 1);
  draft.put(standingTable, rootIno, { parent: 0, name: 'before' });
  assert.is(draft.seal(), 'sealed');
  draft.savepoint();
  draft.put(standingTable, rootIno, { parent: -1, name: 'after' });
  assert.is(draft.seal(), 'unstorable');
  draft.rollback();
  assert.equal(draft.get(standingTable, rootIno), { parent: 0, name: 'before' });
  assert.is(draft.changes().length, 1);
});

function batchOf(operations: readonly Operation[], session?: SessionMark): BatchCommand {
  return { kind: 'batch', operation: operationId, user: 'ann', operations, ...(session === undefined ? {} : { session }) };
}

const nastyName = fc.oneof(
  fc.constantFrom('a', 'b', '.', '..', '', '\0', 'é'.repeat(128), '😀'.repeat(64), `x${'😀'.repeat(64)}`, '\ud83d', 'a\udc00', 'x'.repeat(256)),
  fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 5 }),
);
const plainPath = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
const path = fc.oneof({ weight: 2, arbitrary: plainPath }, { weight: 1, arbitrary: fc.array(nastyName, { maxLength: 30 }).map((names) => `/${names.join('/')}`) }, { weight: 1, arbitrary: nastyName });
const count = fc.oneof(fc.constantFrom(0, 1, 99, 100, 101, 0o777, limits.chunkBytesMax, limits.chunkBytesMax + 1, 2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER), fc.maxSafeNat());
const number = fc.oneof(count, count.map((value) => -value), fc.double());
const text = fc.oneof(fc.constantFrom('copies=3', 'ec=4+2', 'copies=0', 'copies=99', '', '\ud83d'), nastyName);
const entry: fc.Arbitrary<ManifestEntry> = fc.oneof(
  fc.record({ kind: fc.constant('hole' as const), bytes: count }),
  fc.record({ kind: fc.constant('chunk' as const), chunk: fc.constantFrom('x', 'y').map(chunkNamed), bytes: count }),
);
const entries = fc.oneof(fc.array(entry, { maxLength: 4 }), fc.constantFrom([100], [100, 1], [100, 100]).map((sizes) => sizes.map((bytes): ManifestEntry => ({ kind: 'hole', bytes }))));
const stamp = count.map((value) => value as LogIndex);
const page = fc.oneof(fc.record({ kind: fc.constant('carried' as const), entries }), fc.record({ kind: fc.constant('staged' as const), page: fc.constant('dd'.repeat(32) as PageId) }));
const content = fc.oneof(
  fc.record({ kind: fc.constant('inline' as const), bytes: fc.uint8Array({ maxLength: 20 }) }),
  entries.map((each) => chunked(each.filter((one) => one.bytes <= limits.chunkBytesMax).slice(0, 2), 5)),
  fc.record({
    kind: fc.constant('chunked' as const), bytes: count, chunkBytes: count, storageClass: text, contentId: fc.constant('cc'.repeat(32) as ContentId), stamp, upload: fc.constant(upload),
    pages: fc.array(page, { maxLength: 3 }),
  }),
);
const change = fc.record({ mode: number, uid: number, gid: number, mtimeMs: number }, { requiredKeys: [] });
const expect = fc.oneof(fc.constant({ kind: 'absent' as const }), count.map((version) => ({ kind: 'version' as const, version: version as LogIndex })));
const parents = fc.constantFrom('must-exist' as const, 'make' as const);
const replace = fc.constantFrom('allowed' as const, 'never' as const);
const follow = fc.constantFrom('final-symlink' as const, 'never' as const);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant('make-directory' as const), path, mode: number, parents }),
  fc.record({ kind: fc.constant('publish' as const), path, content, attributes: change, parents, expect }, { requiredKeys: ['kind', 'path', 'content', 'attributes', 'parents'] }).map((each) => each as Operation),
  fc.constant<Operation>({ kind: 'open-upload', upload }),
  fc.record({ kind: fc.constant('stage' as const), upload: fc.constant(upload), storageClass: text, entries, stamp }),
  fc.constant<Operation>({ kind: 'close-upload', upload }),
  fc.record({ kind: fc.constant('rename' as const), from: path, to: path, replace }),
  fc.record({ kind: fc.constant('copy' as const), from: path, to: path, replace }),
  fc.record({ kind: fc.constant('symlink' as const), path, target: path }),
  fc.record({ kind: fc.constant('remove' as const), path, what: fc.constantFrom('file' as const, 'empty-directory' as const, 'tree' as const), expect }, { requiredKeys: ['kind', 'path', 'what'] }).map((each) => each as Operation),
  fc.record({ kind: fc.constant('set-attributes' as const), path, change, follow }).map((each) => each as Operation),
  fc.record({ kind: fc.constant('set-policy' as const), path, storageClass: text }),
);

test('whatever passes the check of a leader is applied, remembered and answered again, and never ends a tracker', async () => {
  let passed = 0;
  await fc.assert(fc.asyncProperty(fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 30 }), count, async (batches, start) => {
    const world = await StateWorld.ready(1);
    const id = await world.session();
    let sequence = 1 + (start % 2) * start;
    for (const operations of [...batches, [inlineFile('/end', 'x')]]) {
      const session = { id, firstSequence: sequence, firstUnacked: sequence };
      try {
        checkBatch(batchOf(operations, session));
      } catch (error) {
        if (!isOffshoreError(error)) throw error;
        continue;
      }
      passed += 1;
      const outcomes = await world.run(operations, session);
      assert.equal(await world.run(operations, session), outcomes);
      sequence += operations.length;
    }
    const replica = await openMachine(new MemoryKvDisk());
    await replica.apply(world.log);
    assert.equal(replica.marks().at(-1), world.machine.marks().at(-1));
  }), { numRuns: 60, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false });
  assert.ok(passed > 20, 'enough batches passed the check');
});

test('a broken rule that is no matter of encoding still ends the tracker', async () => {
  const world = await StateWorld.ready(1);
  const draft = new Draft({ get: () => undefined }, 1);
  assert.throws(() => draft.update(standingTable, rootIno, (row) => row), (error: unknown) => error instanceof AssertionError);
  await world.machine.close();
});

test.run();
