import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, LogIndex } from '../../../base/ids.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { toHex } from '../../../base/bytes.ts';
import { blocksOf, decodeHeader, decodeMeta, encodeMeta, encodeRecordHead, headerBytes, recordBytes, type SegmentRecord } from './record-format.ts';

const tag = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const at = { slot: 3, generation: 77, offset: 4096 };
const place = { slot: 3, offset: 4096, tag };

/** Objects as the code makes them; fast-check's own have no prototype. */
function plain<T>(fields: { [Name in keyof T]: fc.Arbitrary<T[Name]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

const index = fc.nat().map((value) => value as LogIndex);
const keys = plain({
  classCode: fc.integer({ min: 0, max: 0xffff }).map((code) => code as ClassCode),
  chunk: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => toHex(bytes) as ChunkId),
  shard: fc.integer({ min: 0, max: 255 }),
});
const placed = fc.array(plain({ key: keys, at: plain({ slot: fc.nat(), generation: fc.maxSafeNat(), offset: fc.nat() }) }), { maxLength: 5 });
const puts = plain({ key: keys, stamp: index, wallMs: fc.maxSafeNat(), bytes: fc.integer({ min: 0, max: 300_000 }) })
  .map((put): SegmentRecord => ({ kind: 'put', ...put, blockCrcs: Uint32Array.from({ length: blocksOf(put.bytes) }, (_, i) => i * 7) }));
const records: fc.Arbitrary<SegmentRecord> = fc.oneof(
  puts,
  plain({ kind: fc.constant('begin' as const), segmentBytes: fc.nat() }),
  plain({ kind: fc.constant('stamp' as const), stamps: fc.array(plain({ key: keys, stamp: index }), { maxLength: 5 }) }),
  plain({ kind: fc.constant('quarantine' as const), decidedAt: index, wallMs: fc.maxSafeNat(), chunks: placed }),
  plain({ kind: fc.constant('drop' as const), chunks: placed }),
);

function encode(record: SegmentRecord): Uint8Array {
  return encodeRecordHead(record, encodeMeta(record), at, tag);
}

test('a record is read as it was written', () => {
  fc.assert(fc.property(records, (record) => {
    const head = encode(record);
    const header = decodeHeader(head, place);
    assert.ok(header !== undefined);
    if (header === undefined) return;
    assert.equal(header.at, at);
    assert.is(header.bodyBytes, record.kind === 'put' ? record.bytes : 0);
    assert.equal(decodeMeta(header, head.subarray(headerBytes)), record);
  }), { numRuns: 200 });
});

test('a header is believed only at its own place, in its own store', () => {
  const head = encode({ kind: 'drop', chunks: [] });
  assert.is(decodeHeader(head, { ...place, offset: 4112 }), undefined);
  assert.is(decodeHeader(head, { ...place, slot: 4 }), undefined);
  assert.is(decodeHeader(head, { ...place, tag: new Uint8Array(8) }), undefined);
  assert.is(decodeHeader(head.subarray(0, headerBytes - 1), place), undefined);
});

test('a flipped bit anywhere in header or metadata is found', () => {
  fc.assert(fc.property(records, fc.nat(), (record, bit) => {
    const head = encode(record).slice();
    const byte = (bit >> 3) % head.length;
    head[byte] = (head[byte] ?? 0) ^ (1 << (bit & 7));
    const header = decodeHeader(head, place);
    assert.ok(header === undefined || decodeMeta(header, head.subarray(headerBytes)) === undefined);
  }), { numRuns: 300 });
});

test('records take whole units of 16 bytes', () => {
  assert.is(recordBytes({ metaBytes: 0, bodyBytes: 0 }), 48);
  assert.is(recordBytes({ metaBytes: 1, bodyBytes: 0 }), 64);
  assert.is(recordBytes({ metaBytes: 10, bodyBytes: 6 }), 64);
});

test.run();
