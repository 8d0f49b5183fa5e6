import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DecodeError } from '../../../base/codec.ts';
import { isOffshoreError } from '../../../base/errors.ts';
import type { ClusterAge, WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { checkBatch, costOf } from './check.ts';
import type { BatchCommand, Command } from './command.ts';
import { decodeCommand, decodeEntry, encodeCommand, encodeEntry } from './command-codec.ts';

const hexOf = (bytes: number): fc.Arbitrary<string> => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString('hex'));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const expectation = fc.option(fc.oneof(fc.constant({ kind: 'absent' }), fc.record({ kind: fc.constant('version'), version: count })), { nil: undefined });
const entry = fc.oneof(
  fc.record({ kind: fc.constant('hole'), bytes: count }),
  fc.record({ kind: fc.constant('chunk'), bytes: count, chunk: hexOf(32) }),
);
const entries = fc.array(entry, { maxLength: 3 });
const change = fc.record({ mode: fc.nat(), uid: fc.nat(), gid: fc.nat(), mtimeMs: fc.integer() }, { requiredKeys: [] });
const parents = fc.constantFrom('must-exist', 'make');
const replace = fc.constantFrom('allowed', 'never');
const page = fc.oneof(fc.record({ kind: fc.constant('carried'), entries }), fc.record({ kind: fc.constant('staged'), page: hexOf(32) }));
const content = fc.oneof(
  fc.record({ kind: fc.constant('inline'), bytes: fc.uint8Array({ maxLength: 20 }) }),
  fc.record(
    { kind: fc.constant('chunked'), bytes: count, chunkBytes: count, storageClass: text, contentId: hexOf(32), pages: fc.array(page, { maxLength: 3 }), stamp: count, upload: hexOf(16) },
    { requiredKeys: ['kind', 'bytes', 'chunkBytes', 'storageClass', 'contentId', 'pages', 'stamp'] },
  ),
);
const withExpect = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.tuple(fc.record(fields), expectation).map(([operation, expect]) => (expect === undefined ? operation : { ...operation, expect }));

const operation = fc.oneof(
  fc.record({ kind: fc.constant('make-directory'), path: text, mode: count, parents }),
  withExpect({ kind: fc.constant('publish'), path: text, parents, attributes: change, content }),
  fc.record({ kind: fc.constantFrom('open-upload', 'close-upload'), upload: hexOf(16) }),
  fc.record({ kind: fc.constant('stage'), upload: hexOf(16), storageClass: text, stamp: count, entries }),
  withExpect({ kind: fc.constant('rename'), from: text, to: text, replace }),
  fc.record({ kind: fc.constant('copy'), from: text, to: text, replace }),
  fc.record({ kind: fc.constant('symlink'), path: text, target: text }),
  withExpect({ kind: fc.constant('remove'), path: text, what: fc.constantFrom('file', 'empty-directory', 'tree') }),
  withExpect({ kind: fc.constant('set-attributes'), path: text, change, follow: fc.constantFrom('final-symlink', 'never') }),
  fc.record({ kind: fc.constant('set-policy'), path: text, storageClass: fc.constant('copies=2') }, { requiredKeys: ['kind', 'path'] }),
);
const mark = fc.record({ id: count, firstSequence: count, firstUnacked: count });
const batch = fc.record(
  { kind: fc.constant('batch'), session: mark, operation: hexOf(16), user: text, operations: fc.array(operation, { maxLength: 4 }) },
  { requiredKeys: ['kind', 'operation', 'user', 'operations'] },
);
const classCode = fc.constantFrom(1, 3, 0x8000 + 4 * 128 + 2);
const setting = fc.record({ name: fc.constantFrom('default-class', 'inline-bytes'), value: text });
const ids = fc.array(count, { maxLength: 4 });
const system = fc.oneof(
  fc.record({ kind: fc.constant('found'), cluster: hexOf(32), level: count, settings: fc.array(setting, { maxLength: 2 }) }),
  fc.record({ kind: fc.constant('register-session'), user: text }),
  fc.record({ kind: fc.constant('close-session'), session: count }),
  fc.record({ kind: fc.constant('expire-sessions'), sessions: ids }),
  fc.record({ kind: fc.constant('register-seeder'), name: text, incarnation: hexOf(16), url: text, zone: text, host: text, capacityBytes: count }),
  fc.record({ kind: fc.constant('seeder-state'), seeder: count, state: fc.constantFrom('up', 'down', 'maintenance', 'draining', 'removed') }),
  fc.record({ kind: fc.constant('set-layout'), classCode, partitions: count, basedOn: count, moves: fc.array(fc.record({ partition: count, now: ids }), { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('settle'),
    items: fc.array(fc.record({ classCode, partition: count, since: count, proofs: fc.array(fc.record({ seeder: count, index: count, deletionsPending: count }), { maxLength: 3 }) }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('condemn'), grace: fc.constantFrom('kept', 'skipped'), chunks: fc.array(fc.record({ classCode, bytes: fc.nat({ max: limits.chunkBytesMax }), chunk: hexOf(32) }), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('forget-condemned'), chunks: fc.array(fc.record({ classCode, chunk: hexOf(32) }), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('expire-uploads'), uploads: fc.array(hexOf(16), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('trim-feed'), rows: fc.array(fc.record({ index: count, events: count }), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('set-config'), setting }),
  fc.record({ kind: fc.constant('raise-level'), level: count }),
);
// Built from plain strings and numbers; the brands say nothing at run time.
const command = fc.oneof(batch, system).map((each) => structuredClone(each)) as unknown as fc.Arbitrary<Command>;
const head = { wallMs: -1 as WallMillis, clusterAge: 5 as ClusterAge };

test('a command is read back as it was written', () => {
  fc.assert(fc.property(command, (each) => {
    assert.equal(decodeCommand(encodeCommand(each)), each);
  }), { numRuns: 500 });
});

test('an entry carries its head and its commands in order', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 4 }), (commands) => {
    assert.equal(decodeEntry(encodeEntry(head, commands.map(encodeCommand))), { ...head, commands });
  }), { numRuns: 100 });
});

test('flipped bits, cuts and extra bytes are a DecodeError, an unsupported version, or another valid entry', () => {
  fc.assert(fc.property(fc.array(command, { minLength: 1, maxLength: 2 }), fc.nat(), fc.nat({ max: 7 }), fc.nat({ max: 2 }), (commands, at, bit, how) => {
    const good = encodeEntry(head, commands.map(encodeCommand));
    const bytes = how === 0 ? good.slice(0, at % good.length) : how === 1 ? Uint8Array.of(...good, at & 255) : good.slice();
    if (how === 2) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
    try {
      decodeEntry(bytes);
    } catch (error) {
      assert.ok(error instanceof DecodeError || isOffshoreError(error, 'version-unsupported'), String(error));
    }
  }), { numRuns: 2000 });
});

test('a leader refuses a batch that no entry can hold or the codec cannot write', () => {
  const make: BatchCommand = { kind: 'batch', operation: 'ab'.repeat(16) as never, user: 'u', operations: [{ kind: 'make-directory', path: '/a', mode: 0, parents: 'make' }] };
  const code = (each: BatchCommand): string => {
    try {
      checkBatch(each);
      encodeCommand(each);
      return 'ok';
    } catch (error) {
      return isOffshoreError(error) ? error.code : String(error);
    }
  };
  assert.is(code(make), 'ok');
  assert.is(code({ ...make, operation: 'xyz' as never }), 'bad-request');
  assert.is(code({ ...make, user: '\ud800' }), 'bad-request');
  assert.is(code({ ...make, operations: [{ kind: 'make-directory', path: '/\ud800', mode: 0, parents: 'make' }] }), 'bad-request');
  assert.is(code({ ...make, operations: [{ kind: 'make-directory', path: '/a', mode: 0.5, parents: 'make' }] }), 'bad-request');
  assert.is(code({ ...make, operations: Array.from({ length: 1001 }, () => make.operations[0] as never) }), 'body-too-large');
  assert.is(code({ ...make, session: { id: 1 as never, firstSequence: 1, firstUnacked: 2 } }), 'bad-request');
  assert.equal(costOf(make), { operations: 1, chunkRefs: 0 });
});

test.run();
