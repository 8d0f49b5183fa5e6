// What every RemoteFiles promises: the codes of refusals, what stat and list show, that bytes come back as they went.
// Run on the client over the fake cluster and on the memory implementation; on the real cluster by test/cluster.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex, WallMillis } from '../../src/base/ids.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { RemoteFiles, TreeFile, TreeOutcome } from '../../src/client/remote-files.ts';
import type { Operation } from '../../src/model/operation.ts';
import { fileOf, patternBytes, readAll, streamOf } from '../support/fake-client.ts';

export interface RemoteFilesUnderTest {
  readonly files: RemoteFiles;
  /** Awaits with whatever the implementation needs to make progress. */
  drive<T>(promise: Promise<T>): Promise<T>;
}

type Make = () => RemoteFilesUnderTest;

const { signal } = new AbortController();

export function remoteFilesContract(name: string, make: Make): void {
  const contract = suite(name);
  const withFiles = (rule: string, body: (files: RemoteFiles) => Promise<void>): void => {
    contract(rule, async () => {
      const made = make();
      await made.drive(body(made.files));
      await made.files.close();
    });
  };

  withFiles('what was uploaded is read back, whatever its length', async (files) => {
    for (const length of [0, 1, 1023, 1024, 1025, 2048, 5000, 20_000]) {
      const bytes = patternBytes(length, length);
      const receipt = await files.upload(fileOf(bytes), `/f${length}`, { signal });
      assert.is(receipt.bytes, length);
      assert.equal(Buffer.from(await readAll(files, `/f${length}`)), Buffer.from(bytes));
      const node = await files.stat(`/f${length}`, 'final-symlink', signal);
      assert.is(node.bytes, length);
      assert.is(node.contentId, receipt.contentId);
    }
  });

  withFiles('a stream of unknown length is a file like any other', async (files) => {
    const bytes = patternBytes(9000);
    await files.upload(streamOf(bytes), '/stream', { signal });
    assert.equal(Buffer.from(await readAll(files, '/stream')), Buffer.from(bytes));
    await files.upload(streamOf(new Uint8Array(0)), '/nothing', { signal });
    assert.is((await files.stat('/nothing', 'never', signal)).bytes, 0);
  });

  withFiles('a range gives exactly its bytes, cut to the file', async (files) => {
    const bytes = patternBytes(10_000);
    await files.upload(fileOf(bytes), '/f', { signal });
    for (const [start, end] of [[0, 1], [2047, 2049], [4096, 4096], [9990, 20_000], [3000, 9000], [10_000, 10_001]] as const) {
      assert.equal(Buffer.from(await readAll(files, '/f', { start, end })), Buffer.from(bytes.slice(start, end)), `${start}-${end}`);
    }
  });

  withFiles('zeros come back as zeros', async (files) => {
    const bytes = new Uint8Array(9000);
    bytes[5000] = 1;
    await files.upload(fileOf(bytes), '/sparse', { signal });
    assert.equal(Buffer.from(await readAll(files, '/sparse')), Buffer.from(bytes));
  });

  withFiles('an upload replaces a file and keeps its attributes unless told', async (files) => {
    await files.upload(fileOf(patternBytes(10)), '/f', { signal, attributes: { mode: 0o600, mtimeMs: 5 as WallMillis } });
    await files.upload(fileOf(patternBytes(3000)), '/f', { signal });
    const node = await files.stat('/f', 'never', signal);
    assert.is(node.bytes, 3000);
    assert.is(node.mode, 0o600);
  });

  withFiles('uploads refuse bad places with their codes', async (files) => {
    await done(files, { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'must-exist' });
    await files.upload(fileOf(patternBytes(10)), '/f', { signal });
    const first = await files.stat('/f', 'never', signal);
    await refused(files.upload(fileOf(patternBytes(10)), '/d', { signal }), 'is-a-directory');
    await refused(files.upload(fileOf(patternBytes(3000)), '/d', { signal }), 'is-a-directory');
    await refused(files.upload(fileOf(patternBytes(10)), '/no/f', { signal }), 'not-found');
    await refused(files.upload(fileOf(patternBytes(10)), '/f/g', { signal }), 'not-a-directory');
    await refused(files.upload(fileOf(patternBytes(10)), '/f', { signal, expect: { kind: 'absent' } }), 'exists');
    await refused(files.upload(fileOf(patternBytes(10)), '/f', { signal, expect: { kind: 'version', version: (first.version + 1000) as LogIndex } }), 'precondition-failed');
    await files.upload(fileOf(patternBytes(10)), '/made/on/the/way', { signal, parents: 'make' });
    assert.is((await files.stat('/made/on/the', 'never', signal)).kind, 'directory');
  });

  withFiles('reads refuse what is not there or not a file', async (files) => {
    await done(files, { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'must-exist' });
    await refused(files.stat('/no', 'never', signal), 'not-found');
    await refused(files.open('/no', signal), 'not-found');
    await refused(files.open('/d', signal), 'is-a-directory');
    await refused(all(files.list('/no', signal)), 'not-found');
    await files.upload(fileOf(patternBytes(10)), '/f', { signal });
    await refused(all(files.list('/f', signal)), 'not-a-directory');
    await refused(files.stat('/f/x', 'never', signal), 'not-a-directory');
  });

  withFiles('list gives every entry once, in order of bytes', async (files) => {
    const names = ['b', 'a', 'ä', 'Z', '10', '9', 'a b', ...Array.from({ length: 700 }, (_, i) => `n${i}`)];
    const outcomes = await files.run(names.map((name): Operation => ({ kind: 'make-directory', path: `/d/${name}`, mode: 0o755, parents: 'make' })), { signal });
    assert.ok(outcomes.every((outcome) => outcome.ok));
    const listed = (await all(files.list('/d', signal))).map((entry) => entry.name);
    assert.equal(listed, [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))));
    assert.equal(await all(files.list('/d/a', signal)), []);
  });

  withFiles('every operation has its own outcome', async (files) => {
    const outcomes = await files.run([
      { kind: 'make-directory', path: '/a', mode: 0o755, parents: 'must-exist' },
      { kind: 'make-directory', path: '/a', mode: 0o755, parents: 'must-exist' },
      { kind: 'make-directory', path: '/x/y', mode: 0o755, parents: 'must-exist' },
      { kind: 'make-directory', path: '/a/b/c', mode: 0o755, parents: 'make' },
      { kind: 'make-directory', path: '/a/b/c', mode: 0o755, parents: 'make' },
    ], { signal });
    assert.equal(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code)), ['ok', 'exists', 'not-found', 'ok', 'ok']);
  });

  withFiles('rename follows POSIX', async (files) => {
    for (const path of ['/d', '/e', '/full/child']) await done(files, { kind: 'make-directory', path, mode: 0o755, parents: 'make' });
    for (const path of ['/f', '/g']) await files.upload(fileOf(patternBytes(10)), path, { signal });
    const rename = (from: string, to: string, replace: 'allowed' | 'never' = 'allowed'): Promise<string> => code(files, { kind: 'rename', from, to, replace });
    assert.is(await rename('/no', '/x'), 'not-found');
    assert.is(await rename('/f', '/d'), 'is-a-directory');
    assert.is(await rename('/d', '/f'), 'not-a-directory');
    assert.is(await rename('/d', '/full'), 'not-empty');
    assert.is(await rename('/d', '/d/inside'), 'into-itself');
    assert.is(await rename('/f', '/g', 'never'), 'exists');
    assert.is(await rename('/', '/x'), 'busy');
    assert.is(await rename('/f', '/f'), 'ok');
    assert.is(await rename('/f', '/g'), 'ok');
    assert.is(await rename('/d', '/e'), 'ok');
    assert.is(await rename('/full', '/e/full'), 'ok');
    assert.is((await files.stat('/e/full/child', 'never', signal)).kind, 'directory');
    await refused(files.stat('/f', 'never', signal), 'not-found');
  });

  withFiles('remove takes what it was told to take', async (files) => {
    await done(files, { kind: 'make-directory', path: '/d/e', mode: 0o755, parents: 'make' });
    await files.upload(fileOf(patternBytes(10)), '/f', { signal });
    const remove = (path: string, what: 'file' | 'empty-directory' | 'tree'): Promise<string> => code(files, { kind: 'remove', path, what });
    assert.is(await remove('/no', 'file'), 'not-found');
    assert.is(await remove('/d', 'file'), 'is-a-directory');
    assert.is(await remove('/d', 'empty-directory'), 'not-empty');
    assert.is(await remove('/f', 'empty-directory'), 'not-a-directory');
    assert.is(await remove('/', 'tree'), 'busy');
    assert.is(await remove('/f', 'file'), 'ok');
    assert.is(await remove('/d', 'tree'), 'ok');
    assert.equal(await all(files.list('/', signal)), []);
  });

  withFiles('symbolic links are followed where the operation says so', async (files) => {
    await files.upload(fileOf(patternBytes(3000)), '/d/f', { signal, parents: 'make' });
    await done(files, { kind: 'symlink', path: '/link', target: 'd/f' });
    await done(files, { kind: 'symlink', path: '/dlink', target: '/d' });
    await done(files, { kind: 'symlink', path: '/loop', target: 'loop' });
    assert.is((await files.stat('/link', 'never', signal)).target, 'd/f');
    assert.is((await files.stat('/link', 'final-symlink', signal)).bytes, 3000);
    assert.is((await files.stat('/dlink/f', 'never', signal)).bytes, 3000);
    await refused(files.stat('/loop', 'final-symlink', signal), 'too-many-links');
    assert.is(await code(files, { kind: 'symlink', path: '/link', target: 'x' }), 'exists');
    await files.upload(fileOf(patternBytes(40)), '/link', { signal });
    assert.is((await files.stat('/d/f', 'never', signal)).bytes, 40);
    assert.is(await code(files, { kind: 'remove', path: '/link', what: 'file' }), 'ok');
    assert.is((await files.stat('/d/f', 'never', signal)).bytes, 40);
  });

  withFiles('a copy shares the bytes and lives its own life', async (files) => {
    const bytes = patternBytes(5000);
    await files.upload(fileOf(bytes), '/f', { signal });
    await done(files, { kind: 'copy', from: '/f', to: '/g', replace: 'never' });
    await done(files, { kind: 'remove', path: '/f', what: 'file' });
    assert.equal(Buffer.from(await readAll(files, '/g')), Buffer.from(bytes));
    assert.is(await code(files, { kind: 'copy', from: '/g', to: '/g2', replace: 'never' }), 'ok');
    assert.is(await code(files, { kind: 'copy', from: '/g', to: '/g2', replace: 'never' }), 'exists');
    await done(files, { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'must-exist' });
    assert.is(await code(files, { kind: 'copy', from: '/d', to: '/h', replace: 'never' }), 'is-a-directory');
  });

  withFiles('attributes are set and seen', async (files) => {
    await files.upload(fileOf(patternBytes(10)), '/f', { signal });
    await done(files, { kind: 'set-attributes', path: '/f', change: { mode: 0o640, uid: 7, gid: 8, mtimeMs: 1234 as WallMillis }, follow: 'never' });
    const node = await files.stat('/f', 'never', signal);
    assert.equal([node.mode, node.uid, node.gid, node.mtimeMs], [0o640, 7, 8, 1234]);
    assert.is(await code(files, { kind: 'set-attributes', path: '/no', change: {}, follow: 'never' }), 'not-found');
  });

  withFiles('a tree is uploaded file by file, each with its outcome', async (files) => {
    await done(files, { kind: 'make-directory', path: '/t/dir', mode: 0o755, parents: 'make' });
    const sizes = [0, 5, 900, 1500, 2000, 2048, 7000, 30_000];
    const tree = sizes.map((size, i): TreeFile => ({ path: `/t/f${i}`, source: fileOf(patternBytes(size, 100 + i)), attributes: { mode: 0o604 } }));
    const bad: TreeFile = { path: '/t/dir', source: fileOf(patternBytes(10)), attributes: {} };
    const lost: TreeFile = { path: '/t/lost', source: { kind: 'file', bytes: 1500, read: async () => { throw new Error('disk gone'); } }, attributes: {} };
    const outcomes = await all(files.uploadTree(items([...tree, bad, lost]), { signal }));
    const byPath = new Map(outcomes.map((outcome): [string, TreeOutcome] => [outcome.path, outcome]));
    assert.is(outcomes.length, tree.length + 2);
    for (const [i, size] of sizes.entries()) {
      const outcome = byPath.get(`/t/f${i}`);
      assert.ok(outcome?.ok === true && outcome.receipt.bytes === size, `f${i}`);
      assert.equal(Buffer.from(await readAll(files, `/t/f${i}`)), Buffer.from(patternBytes(size, 100 + i)));
      assert.is((await files.stat(`/t/f${i}`, 'never', signal)).mode, 0o604);
    }
    const refusedDirectory = byPath.get('/t/dir');
    assert.ok(refusedDirectory?.ok === false && isOffshoreError(refusedDirectory.error, 'is-a-directory'));
    const unreadable = byPath.get('/t/lost');
    assert.ok(unreadable?.ok === false && unreadable.error.message === 'disk gone');
  });

  withFiles('content is found by the first digits of its id', async (files) => {
    const receipt = await files.upload(fileOf(patternBytes(3000)), '/f', { signal });
    const matches = await files.findContent(receipt.contentId.slice(0, 5), signal);
    assert.equal(matches.map(({ path, contentId }) => [path, contentId]), [['/f', receipt.contentId]]);
    assert.equal(await files.findContent('0'.repeat(20), signal), []);
  });

  withFiles('usage counts what is below a path', async (files) => {
    await files.upload(fileOf(patternBytes(3000)), '/d/f', { signal, parents: 'make' });
    await files.upload(fileOf(patternBytes(10)), '/d/g', { signal });
    assert.is((await files.usage('/d', signal)).bytes, 3010);
  });

  withFiles('an aborted call says so', async (files) => {
    const controller = new AbortController();
    controller.abort();
    await refused(files.stat('/', 'never', controller.signal), 'aborted');
    await refused(files.upload(fileOf(patternBytes(3000)), '/f', { signal: controller.signal }), 'aborted');
  });

  contract.run();
}

async function* items<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

export async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of iterable) found.push(item);
  return found;
}

async function done(files: RemoteFiles, operation: Operation): Promise<void> {
  assert.is(await code(files, operation), 'ok', JSON.stringify(operation));
}

async function code(files: RemoteFiles, operation: Operation): Promise<string> {
  const [outcome] = await files.run([operation], { signal });
  return outcome === undefined ? 'nothing' : outcome.ok ? 'ok' : outcome.code;
}

export async function refused(promise: Promise<unknown>, expected: string): Promise<void> {
  const error: unknown = await promise.then(() => undefined, (failure: unknown) => failure);
  assert.ok(isOffshoreError(error), `${expected}: ${String(error)}`);
  assert.is(error.code, expected);
}
