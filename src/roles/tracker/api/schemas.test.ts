import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { batchSchema, registerSchema } from './schemas.ts';

const half = 'z\ud800';
const seeder = { name: 's1', incarnation: 'ab'.repeat(16), url: 'http://s1:1', zone: 'z', host: 'h', capacityBytes: 1 };

function takes(operation: object): boolean {
  return v.is(batchSchema, { operationId: '0f'.repeat(16), operations: [operation] });
}

test('a seeder that names anything with half a character is refused before it reaches the log', () => {
  assert.ok(v.is(registerSchema, seeder));
  assert.ok(v.is(registerSchema, { ...seeder, zone: 'zóna 😀' }));
  for (const field of ['zone', 'host', 'url', 'name']) assert.not(v.is(registerSchema, { ...seeder, [field]: field === 'url' ? `http://${half}` : half }), field);
});

test('paths, targets and classes with half a character are refused too', () => {
  const directory = { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'make' };
  assert.ok(takes(directory));
  assert.not(takes({ ...directory, path: `/${half}` }));
  assert.not(takes({ kind: 'symlink', path: '/l', target: half }));
  assert.not(takes({ kind: 'set-policy', path: '/d', storageClass: half }));
});

test('a hole is no longer than a chunk', () => {
  const stage = (bytes: number) => ({ kind: 'stage', upload: 'ab'.repeat(16), storageClass: 'copies=3', stamp: 0, entries: [{ kind: 'hole', bytes }] });
  assert.ok(takes(stage(4096)));
  assert.not(takes(stage(Number.MAX_SAFE_INTEGER)));
});

test.run();
