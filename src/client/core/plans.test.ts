import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, ContentId, LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ManifestEntry } from '../../model/manifest.ts';
import type { Operation } from '../../model/operation.ts';
import { splitOperations } from './batch-split.ts';
import { isRegularPage, isZero, pageOfChunk, slicesOfRange } from './chunk-plan.ts';
import { planPacks } from './pack-plan.ts';

test('the slices of a range are exactly its bytes, in order', () => {
  fc.assert(fc.property(fc.nat(5000), fc.nat(6000), fc.nat(6000), fc.integer({ min: 1, max: 700 }), (bytes, start, end, chunkBytes) => {
    const covered: number[] = [];
    for (const slice of slicesOfRange({ start, end }, { bytes, chunkBytes })) {
      assert.ok(slice.bytes > 0 && slice.bytes <= chunkBytes);
      for (let at = slice.wanted.start; at < slice.wanted.end; at += 1) covered.push(slice.number * chunkBytes + at);
    }
    const expected = Array.from({ length: Math.max(0, Math.min(end, bytes) - start) }, (_, i) => start + i);
    assert.equal(covered, expected);
  }), { numRuns: 100 });
});

test('isZero sees a single bit wherever it is', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(20), fc.nat(), (length, offset, at) => {
    const bytes = new Uint8Array(200).subarray(offset, offset + length);
    assert.ok(isZero(bytes));
    bytes[at % length] = 1;
    assert.not(isZero(bytes));
  }));
});

test('a page is regular when every entry but the last of the file has the size of a chunk', () => {
  const entry = (bytes: number): ManifestEntry => ({ kind: 'hole', bytes });
  const at = { page: 0, fileBytes: 250, chunkBytes: 100 };
  assert.ok(isRegularPage([entry(100), entry(100), entry(50)], at));
  assert.not(isRegularPage([entry(200), entry(50)], at));
  assert.not(isRegularPage([entry(100), entry(100)], at));
  assert.equal(pageOfChunk(limits.pageEntriesMax + 3), { page: 1, entry: 3 });
});

test('packs keep to their bounds, lose nothing and stay with one target', () => {
  const chunk = fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 50 }), target: fc.nat(3) });
  fc.assert(fc.property(fc.array(chunk, { maxLength: 60 }), (items) => {
    const packs = planPacks(items, (item) => item.target, { bytes: 120, chunks: 5 });
    assert.is(packs.flatMap((pack) => pack.items).length, items.length);
    for (const pack of packs) {
      assert.ok(pack.items.every((item) => item.target === pack.target) && pack.items.length <= 5);
      assert.ok(pack.items.length === 1 || pack.items.reduce((sum, item) => sum + item.bytes.length, 0) <= 120);
    }
  }));
});

test('batches keep order and bounds', () => {
  const publish = (entries: number): Operation => ({
    kind: 'publish', path: '/f', attributes: {}, parents: 'must-exist',
    content: {
      kind: 'chunked', bytes: entries, chunkBytes: 1, storageClass: 'copies=3', contentId: '' as ContentId, stamp: 1 as LogIndex,
      pages: [{ kind: 'carried', entries: Array.from({ length: entries }, () => ({ kind: 'chunk', chunk: '' as ChunkId, bytes: 1 })) }],
    },
  });
  const inline: Operation = { kind: 'publish', path: '/i', attributes: {}, parents: 'must-exist', content: { kind: 'inline', bytes: new Uint8Array(300) } };
  const operations = [publish(200), inline, publish(100), inline, publish(250), inline];
  const batches = splitOperations(operations, { operations: 4, bytes: 1_000_000, chunkRefs: 300 });
  assert.equal(batches.flat(), operations);
  assert.equal(batches.map((batch) => batch.length), [4, 2]);
  assert.equal(splitOperations(operations, { operations: 100, bytes: 1000, chunkRefs: 10_000 }).length, 6);
  assert.equal(splitOperations([]), []);
});

test.run();
