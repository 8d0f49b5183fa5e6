import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DecodeError } from '../../../base/codec.ts';
import { seededRng } from '../../../base/rng.ts';
import { changeTable } from './records-change.ts';
import { outcomesTable, seederTable, sessionTable } from './records-cluster.ts';
import { allocatorsFact, foundedFact, layoutFact, settingsFact } from './records-facts.ts';
import { progressTable } from './records-local.ts';
import { chunkTable, contentTable, pageCountTable } from './records-content.ts';
import { classTable, feedTable, partitionTable, sliceTable, stagedTable, uploadTable } from './records-data.ts';
import { detachedTable, direntTable, inodeTable, standingTable } from './records-names.ts';
import { addRow, emptySums, hashKey, removeRow, sumBytes } from './state-hash.ts';
import { defaultSettings } from './settings.ts';
import { fromBytes, keyHead, readHex, readU64, readUtf8, toBytes, u64, utf8, hex } from './key.ts';
import type { Table } from './tables.ts';

const since = { index: 300, position: 2 };
const id = 'ab'.repeat(32);
const head = { since, mode: 0o644, uid: 1, gid: 2, mtimeMs: -12345, ctimeMs: 1_700_000_000_000, links: 1 };

const samples: readonly (readonly [Table<never, unknown>, readonly unknown[]])[] = [
  [direntTable, [{ since, ino: 77, kind: 'symlink' }]],
  [inodeTable, [
    { ...head, kind: 'file', bytes: 12, contentId: id, body: { kind: 'chunked', content: 9, chunkBytes: 4096, classCode: 3 } },
    { ...head, kind: 'file', bytes: 0, contentId: id, body: { kind: 'empty' } },
    { ...head, kind: 'directory', policy: 0x8000 + 4 * 128 + 2 }, { ...head, kind: 'directory' }, { ...head, kind: 'symlink', target: '../é' },
  ]],
  [standingTable, [{ parent: 1, name: 'x' }, { parent: 0, name: '', tally: { children: 1, mtimeMs: 5, treeBytes: 1e12, treeInodes: 3 } }]],
  [detachedTable, [{ bytes: 1, inodes: 2 }]],
  [contentTable, [{ kind: 'inline', bytes: Uint8Array.of(1, 2) }, { kind: 'pages', classCode: 3, pages: [id, 'cd'.repeat(32)] }]],
  [pageCountTable, [{ count: 3, bytes: 1e10 }]],
  [chunkTable, [{ count: 1, bytes: 5, feed: 'live' }, { count: 0, bytes: 5, feed: 'live', idle: 0, condemned: 44 }]],
  [classTable, [{ partitions: 1024, chunks: 5, bytes: 6 }]],
  [partitionTable, [{ now: [1, 2, 3], since: 9, before: [] }]],
  [sliceTable, [{ count: 2, digests: [[1, 2, 3, 0xffffffff]] }]],
  [feedTable, [{ what: 'condemned-fresh', classCode: 3, bytes: 7, chunk: id, age: 8 }]],
  [uploadTable, [{ state: 'closed', renewed: 4, pages: 2 }]],
  [stagedTable, [{ classCode: 3, page: id }]],
  [foundedFact, [{ cluster: id, level: 1 }]],
  [allocatorsFact, [{ ino: 2, content: 3, seeder: 4 }]],
  [layoutFact, [{ version: 5, classes: [3, 2] }]],
  [settingsFact, [{ ...defaultSettings, defaultClass: 'copies=2' }]],
  [sessionTable, [{ user: 'ann', used: 5, firstUnacked: 6, ranges: [{ first: 6, count: 2 }] }]],
  [outcomesTable, [[
    { ok: true, index: 5, ino: 6, version: 5, contentId: id, page: id, removed: 0 }, { ok: true, index: 9 },
    { ok: false, code: 'not-found', details: { path: '/x', n: -4, list: ['a', 'b'] } },
  ]]],
  [seederTable, [{ id: 1, name: 's', incarnation: '00'.repeat(16), url: 'u', zone: 'z', host: 'h', capacityBytes: 5, state: 'draining' }]],
  [changeTable, [{ operation: '11'.repeat(16), user: 'u', wallMs: 4, what: 'rename', ino: 4, paths: ['/a', '/b'], records: [{ kind: 'inode', ino: 4 }, { kind: 'dirent', parent: 1, name: 'a' }] }]],
  [progressTable, [{ index: 5, term: 6, confState: Uint8Array.of(1) }]],
] as never;

test('every record is read back as it was written', () => {
  for (const [table, rows] of samples) for (const row of rows) assert.equal(table.decode(table.encode(row)), row, `table ${table.number}`);
});

test('a damaged record is a DecodeError or another record, never a crash', () => {
  const rng = seededRng(7);
  for (const [table, rows] of samples) {
    for (const row of rows) {
      const good = table.encode(row);
      for (let i = 0; i < 150; i += 1) {
        const bad = rng() < 0.2 ? good.slice(0, Math.floor(rng() * good.length)) : good.map((byte) => (rng() < 0.1 ? byte ^ (1 << Math.floor(rng() * 8)) : byte));
        try {
          table.decode(bad);
        } catch (error) {
          assert.ok(error instanceof DecodeError, `table ${table.number}: ${String(error)}`);
        }
      }
    }
  }
});

test('keys keep numbers, hex and names, and sort by number', () => {
  const key = keyHead(1, 6) + u64(2 ** 40 + 5) + hex(id) + utf8('né');
  assert.is(readU64(key, 4), 2 ** 40 + 5);
  assert.is(readHex(key, 12, 32), id);
  assert.is(readUtf8(key, 44), 'né');
  assert.is(fromBytes(toBytes(key)), key);
  assert.ok(u64(255) < u64(256) && u64(2 ** 32) > u64(2 ** 32 - 1));
});

test('range sums do not depend on order and forget what is taken out', () => {
  const rows = Array.from({ length: 50 }, (_, i) => ({ key: toBytes(keyHead(1, 7) + u64(i)), value: Uint8Array.of(i, 1, 2) }));
  const forward = emptySums();
  const backward = emptySums();
  for (const row of rows) addRow(forward, hashKey(row.key), row.value);
  for (const row of [...rows].reverse()) addRow(backward, hashKey(row.key), row.value);
  assert.equal(forward, backward);
  for (const row of rows) removeRow(forward, hashKey(row.key), row.value);
  assert.equal(forward, emptySums());
});

test('the row hash is MurmurHash3_x86_128', () => {
  // Vector of murmurhash3js-revisited, seed 0.
  const sums = emptySums();
  addRow(sums, { range: 0, key: [0, 0, 0, 0] }, new TextEncoder().encode('I will not buy this record, it is scratched.'));
  assert.is(Buffer.from(sumBytes(sums, 0)).toString('hex'), 'a0a9683b25ac5e40d9af2895890dddf5');
});

test.run();
