import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Operation } from '../../src/model/operation.ts';
import { inlineFile, StateWorld } from './state-world.ts';

const rename = (from: string, to: string): Operation => ({ kind: 'rename', from, to, replace: 'allowed' });
const remove = (path: string, what: 'file' | 'empty-directory' | 'tree'): Operation => ({ kind: 'remove', path, what });
const symlink = (path: string, target: string): Operation => ({ kind: 'symlink', path, target });

test('mkdir refuses what is there and what has no parent; with parents it makes them and accepts a directory', async () => {
  const world = await StateWorld.ready();
  assert.is(await world.code({ kind: 'make-directory', path: '/a/b', mode: 0o755, parents: 'must-exist' }), 'not-found');
  assert.is(await world.code({ kind: 'make-directory', path: '/a/b/c', mode: 0o700, parents: 'make' }), 'ok');
  assert.is(await world.code({ kind: 'make-directory', path: '/a/b/c', mode: 0o755, parents: 'make' }), 'ok');
  assert.is(await world.code({ kind: 'make-directory', path: '/a/b/c', mode: 0o755, parents: 'must-exist' }), 'exists');
  assert.is(await world.code({ kind: 'make-directory', path: '/', mode: 0o755, parents: 'must-exist' }), 'exists');
  await world.put('/a/f', 'x');
  assert.is(await world.code({ kind: 'make-directory', path: '/a/f/g', mode: 0o755, parents: 'make' }), 'not-a-directory');
  assert.is(await world.code({ kind: 'make-directory', path: '/a/f', mode: 0o755, parents: 'make' }), 'exists');
  assert.is((await world.machine.queries.stat('/a/b/c', 'never')).mode, 0o700);
});

test('a published file has its bytes, its content id and its place', async () => {
  const world = await StateWorld.ready();
  const made = await world.put('/f', 'hello');
  const node = await world.machine.queries.stat('/f', 'never');
  assert.is(node.ino, made.ino);
  assert.is(node.bytes, 5);
  assert.is(node.contentId, made.contentId);
  const { body } = await world.machine.queries.manifest({ kind: 'path', path: '/f' }, { fromPage: 0, pages: 1 });
  assert.is(body.kind === 'inline' ? new TextDecoder().decode(body.bytes) : '', 'hello');
  const [match] = await world.machine.queries.findContent((node.contentId ?? '').slice(0, 5), 10);
  assert.is(match?.path, '/f');
});

test('publishing again replaces the content and keeps the inode and the mode', async () => {
  const world = await StateWorld.ready();
  const first = await world.must({ ...inlineFile('/f', 'one'), attributes: { mode: 0o600 } });
  const second = await world.put('/f', 'second');
  assert.is(second.ino, first.ino);
  const node = await world.machine.queries.stat('/f', 'never');
  assert.is(node.bytes, 6);
  assert.is(node.mode, 0o600);
  assert.equal(await world.machine.queries.findContent(first.contentId ?? '', 10), []);
  const old = await world.machine.queries.manifest({ kind: 'path', path: '/f' }, { version: first.version ?? 0 as never, fromPage: 0, pages: 1 });
  assert.is(old.body.kind === 'inline' ? new TextDecoder().decode(old.body.bytes) : '', 'one');
});

test('preconditions hold or refuse', async () => {
  const world = await StateWorld.ready();
  const absent = { kind: 'absent' } as const;
  const { version } = await world.must({ ...inlineFile('/f', 'a'), expect: absent });
  assert.is(await world.code({ ...inlineFile('/f', 'b'), expect: absent }), 'exists');
  const exact = { kind: 'version', version: version ?? 0 as never } as const;
  assert.is(await world.code({ ...inlineFile('/f', 'b'), expect: exact }), 'ok');
  assert.is(await world.code({ ...inlineFile('/f', 'c'), expect: exact }), 'precondition-failed');
  assert.is(await world.code({ ...inlineFile('/g', 'c'), expect: exact }), 'precondition-failed');
  assert.is(await world.code({ kind: 'remove', path: '/f', what: 'file', expect: exact }), 'precondition-failed');
});

test('rename follows rename(2)', async () => {
  const world = await StateWorld.ready();
  await world.mkdir('/a/b');
  await world.mkdir('/c');
  await world.put('/f', 'f');
  await world.put('/g', 'gg');
  assert.is(await world.code(rename('/a', '/a/b/x')), 'into-itself');
  assert.is(await world.code(rename('/a', '/a')), 'ok');
  assert.is(await world.code(rename('/f', '/a')), 'is-a-directory');
  assert.is(await world.code(rename('/a', '/f')), 'not-a-directory');
  assert.is(await world.code(rename('/c', '/a')), 'not-empty');
  assert.is(await world.code(rename('/a', '/c')), 'ok');
  assert.is(await world.code({ ...rename('/f', '/g'), replace: 'never' } as Operation), 'exists');
  assert.is(await world.code(rename('/f', '/g')), 'ok');
  assert.is(await world.code(rename('/f', '/h')), 'not-found');
  assert.is(await world.code(rename('/', '/h')), 'busy');
  assert.is(await world.code(rename('/g', '/')), 'busy');
  assert.is(await world.code(rename('/g', '/missing/g')), 'not-found');
  const { entries } = await world.machine.queries.list('/', { limit: 10 });
  assert.equal(entries.map((entry) => entry.name), ['c', 'g']);
  assert.equal(await world.machine.queries.usage('/'), { bytes: 1, inodes: 4 });
});

test('a moved tree takes its counters along', async () => {
  const world = await StateWorld.ready();
  await world.mkdir('/a/deep/er');
  await world.mkdir('/b');
  await world.put('/a/deep/f', '12345');
  await world.must(rename('/a/deep', '/b/deep'));
  assert.equal(await world.machine.queries.usage('/a'), { bytes: 0, inodes: 1 });
  assert.equal(await world.machine.queries.usage('/b'), { bytes: 5, inodes: 4 });
  assert.is(await world.machine.queries.pathOf((await world.machine.queries.stat('/b/deep/er', 'never')).ino), '/b/deep/er');
});

test('remove tells kinds apart, refuses the root and detaches a tree in one step', async () => {
  const world = await StateWorld.ready();
  await world.mkdir('/a/b');
  const { contentId, ino } = await world.put('/a/b/f', 'f');
  assert.is(await world.code(remove('/a', 'file')), 'is-a-directory');
  assert.is(await world.code(remove('/a', 'empty-directory')), 'not-empty');
  assert.is(await world.code(remove('/a/b/f', 'empty-directory')), 'not-a-directory');
  assert.is(await world.code(remove('/', 'tree')), 'busy');
  const gone = await world.must(remove('/a', 'tree'));
  assert.is(gone.removed, 3);
  assert.is(await world.code(remove('/a', 'tree')), 'not-found');
  assert.equal(await world.machine.queries.findContent(contentId ?? '', 5), []);
  assert.is(await world.machine.queries.pathOf(ino ?? 0 as never), undefined);
  assert.equal(await world.machine.queries.usage('/'), { bytes: 0, inodes: 1 });
});

test('symbolic links are followed in the middle and, where asked, at the end', async () => {
  const world = await StateWorld.ready();
  await world.mkdir('/a/b');
  await world.mkdir('/c');
  await world.put('/c/f', 'deep');
  await world.must(symlink('/a/b/up', '../../c'));
  await world.must(symlink('/abs', '/a/./b//up/f'));
  assert.is((await world.machine.queries.stat('/abs', 'final-symlink')).bytes, 4);
  assert.is((await world.machine.queries.stat('/abs', 'never')).target, '/a/./b//up/f');
  await world.put('/abs', 'longer');
  assert.is((await world.machine.queries.stat('/c/f', 'never')).bytes, 6);
  await world.must(symlink('/dangling', '/c/new'));
  await world.put('/dangling', 'made');
  assert.is((await world.machine.queries.stat('/c/new', 'never')).bytes, 4);
  await world.must(symlink('/loop', '/loop'));
  assert.is(await world.code(inlineFile('/loop', 'x')), 'too-many-links');
  assert.is(await world.code(inlineFile('/loop/x', 'x')), 'too-many-links');
  assert.is(await world.code(symlink('/loop', 'x')), 'exists');
  assert.is(await world.code(symlink('/empty', '')), 'invalid-name');
});

test('mkdir -p does not make a directory through a link that leads nowhere', async () => {
  const world = await StateWorld.ready();
  await world.must(symlink('/l', '/missing/x'));
  assert.is(await world.code({ kind: 'make-directory', path: '/l', mode: 0o755, parents: 'make' }), 'exists');
  assert.is(await world.code({ kind: 'make-directory', path: '/l/y', mode: 0o755, parents: 'make' }), 'exists');
  assert.is(await world.code({ ...inlineFile('/l/y', 'x'), parents: 'make' }), 'not-found');
});

test('a chain of 40 links resolves and one of 41 does not', async () => {
  const world = await StateWorld.ready();
  await world.put('/l0', 'end');
  for (let i = 1; i <= 41; i += 1) await world.must(symlink(`/l${i}`, `l${i - 1}`));
  assert.is((await world.machine.queries.stat('/l40', 'final-symlink')).bytes, 3);
  assert.is(await world.code(inlineFile('/l41', 'x')), 'too-many-links');
});

test('names and paths have a form', async () => {
  const world = await StateWorld.ready();
  for (const path of ['a', '', '/a/../b', '/./a', '/a//b', '/a/', `/${'x'.repeat(256)}`, '/a\0b', `/${'é'.repeat(128)}`]) {
    assert.is(await world.code(inlineFile(path, 'x')), 'invalid-name', JSON.stringify(path));
  }
  assert.is(await world.code(inlineFile(`/${'x/'.repeat(2100)}y`, 'x')), 'path-too-long');
  assert.is(await world.code(inlineFile(`/${'é'.repeat(127)}`, 'x')), 'ok');
});

test('a directory is not made deeper than the bound', async () => {
  const world = await StateWorld.ready();
  const deep = `/${Array.from({ length: 2047 }, () => 'd').join('/')}`;
  await world.mkdir(deep);
  await world.must(symlink('/s', deep));
  assert.is(await world.code({ kind: 'make-directory', path: '/s/x', mode: 0o755, parents: 'must-exist' }), 'ok');
  assert.is(await world.code({ kind: 'make-directory', path: '/s/x/y', mode: 0o755, parents: 'must-exist' }), 'path-too-long');
});

test('copy shares the content, follows nothing at its source and writes through a link at its target', async () => {
  const world = await StateWorld.ready();
  const { contentId } = await world.put('/f', 'shared');
  await world.must(symlink('/l', '/t'));
  const copy = (from: string, to: string, replace: 'allowed' | 'never' = 'allowed'): Operation => ({ kind: 'copy', from, to, replace });
  assert.is(await world.code(copy('/f', '/l')), 'ok');
  assert.is((await world.machine.queries.stat('/t', 'never')).contentId, contentId);
  assert.is(await world.code(copy('/f', '/t', 'never')), 'exists');
  assert.is(await world.code(copy('/f', '/f')), 'same-file');
  assert.is(await world.code(copy('/', '/x')), 'is-a-directory');
  assert.is(await world.code(copy('/l', '/l2')), 'ok');
  assert.is((await world.machine.queries.stat('/l2', 'never')).target, '/t');
  await world.must(remove('/f', 'file'));
  const { body } = await world.machine.queries.manifest({ kind: 'path', path: '/t' }, { fromPage: 0, pages: 1 });
  assert.is(body.kind === 'inline' ? new TextDecoder().decode(body.bytes) : '', 'shared');
});

test('attributes and policies change what they name', async () => {
  const world = await StateWorld.ready();
  await world.mkdir('/d/e');
  await world.put('/d/e/f', 'x');
  await world.must({ kind: 'set-attributes', path: '/d/e/f', change: { mode: 0o640, uid: 7, mtimeMs: -5 as never }, follow: 'never' });
  const node = await world.machine.queries.stat('/d/e/f', 'never');
  assert.equal([node.mode, node.uid, node.gid, node.mtimeMs], [0o640, 7, 0, -5]);
  assert.is(await world.code({ kind: 'set-attributes', path: '/d/e/f', change: { mode: 0o10000 }, follow: 'never' }), 'bad-request');
  assert.is(await world.machine.queries.policy('/d/e/new'), 'copies=3');
  await world.must({ kind: 'set-policy', path: '/d', storageClass: 'copies=2' });
  assert.is(await world.machine.queries.policy('/d/e/new'), 'copies=2');
  assert.is(await world.code({ kind: 'set-policy', path: '/d', storageClass: 'copies=99' }), 'bad-request');
  assert.is(await world.code({ kind: 'set-policy', path: '/d/e/f' }), 'not-a-directory');
  await world.must({ kind: 'set-policy', path: '/d' });
  assert.is(await world.machine.queries.policy('/d/e/new'), 'copies=3');
});

test('a refused operation leaves nothing behind, its batch goes on', async () => {
  const world = await StateWorld.ready();
  const outcomes = await world.run([
    { ...inlineFile('/p/q/f', 'x'.repeat(2000)), parents: 'make' },
    inlineFile('/ok', 'x'),
  ]);
  assert.equal(outcomes.map((outcome) => outcome.ok), [false, true]);
  assert.equal((await world.machine.queries.list('/', { limit: 5 })).entries.map((entry) => entry.name), ['ok']);
});

test('the changes table tells who changed what, entry by entry', async () => {
  const world = await StateWorld.ready();
  const before = world.index;
  await world.run([inlineFile('/a', '1'), inlineFile('/b', '2'), inlineFile('/bad/c', '3')]);
  await world.must(rename('/a', '/c'));
  const first = await world.machine.queries.changes(before, 1);
  assert.equal(first.changes.map((change) => change.paths), [['/a'], ['/b']]);
  const second = await world.machine.queries.changes(first.index, 1);
  assert.equal(second.changes.map((change) => [change.what, change.user, change.paths]), [['rename', 'ann', ['/a', '/c']]]);
  assert.is(second.index, world.index);
});

test.run();
