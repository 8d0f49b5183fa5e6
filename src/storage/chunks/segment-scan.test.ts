import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeChunk, toStore } from '../../../test/contract/chunk-store.ts';
import type { LogIndex } from '../../base/ids.ts';
import { KiB } from '../../base/limits.ts';
import { encodeMeta, encodeRecordHead, recordBytes, type SegmentRecord } from './core/record-format.ts';
import { scanSegment } from './segment-scan.ts';

const tag = new Uint8Array(8).fill(7);

/** A segment file put together by hand. */
class FileOfRecords {
  readonly bytes = new Uint8Array(512 * KiB);
  tail = 0;

  put(seed: number, generation: number, bodyBytes: number): number {
    const { key, blockCrcs } = toStore(makeChunk(seed, bodyBytes), 1);
    const record: SegmentRecord = { kind: 'put', key, stamp: 1 as LogIndex, wallMs: 0, bytes: bodyBytes, blockCrcs };
    const meta = encodeMeta(record);
    const offset = this.tail;
    this.bytes.set(encodeRecordHead(record, meta, { slot: 0, generation, offset }, tag), offset);
    this.tail += recordBytes({ metaBytes: meta.length, bodyBytes });
    return offset;
  }

  async scan(place: { readonly generation?: number; readonly until?: number } = {}): Promise<number[]> {
    const found: number[] = [];
    const read = async (offset: number, length: number): Promise<Uint8Array> => this.bytes.slice(offset, offset + length);
    for await (const { header } of scanSegment(read, { slot: 0, from: 0, end: this.bytes.length, tag, generation: 0, ...place })) found.push(header.at.offset);
    return found;
  }
}

test('records are found one after the other, to the end of what was written', async () => {
  const file = new FileOfRecords();
  const offsets = [file.put(1, 5, 100), file.put(2, 5, 70_000), file.put(3, 5, 1)];
  assert.equal(await file.scan(), offsets);
});

test('a damaged header hides its record, not those behind it', async () => {
  const file = new FileOfRecords();
  const offsets = [file.put(1, 5, 100), file.put(2, 5, 300_000), file.put(3, 5, 1)];
  file.bytes[(offsets[1] as number) + 20] = 255;
  assert.equal(await file.scan(), [offsets[0], offsets[2]]);
});

test('damaged metadata hides its record, not those behind it', async () => {
  const file = new FileOfRecords();
  const offsets = [file.put(1, 5, 100), file.put(2, 5, 1000), file.put(3, 5, 1)];
  file.bytes[(offsets[1] as number) + 60] = 255;
  assert.equal(await file.scan(), [offsets[0], offsets[2]]);
});

test('a record of a lower generation behind a higher one is a remain', async () => {
  const file = new FileOfRecords();
  const offsets = [file.put(1, 5, 100), file.put(2, 9, 100)];
  file.put(3, 5, 100);
  const newer = file.put(4, 9, 100);
  assert.equal(await file.scan(), [...offsets, newer]);
});

test('a record that begins before the limit of a search is found, however long it is', async () => {
  const file = new FileOfRecords();
  const offset = file.put(1, 5, 300_000);
  assert.equal(await file.scan({ until: 4096 }), [offset]);
});

test.run();
