// Reads a segment from some offset on and yields every record that is whole and not a remain of earlier use. Damage is passed
// over by looking for the next header; must never throw on what a disk may contain.

import { headerBytes, decodeHeader, decodeMeta, recordAlign, recordBytes, recordMagic, type RecordHeader, type SegmentRecord } from './core/record-format.ts';
import { limits } from '../../base/limits.ts';

export interface ScannedRecord {
  readonly record: SegmentRecord;
  readonly header: RecordHeader;
  readonly end: number;
}

export interface ScanPlace {
  readonly slot: number;
  readonly from: number;
  readonly end: number;
  /** Records must start before; the end when absent. */
  readonly until?: number;
  readonly tag: Uint8Array;
  /** Records of lower generations are remains. */
  readonly generation: number;
}

/** Reads as many of the bytes as the disk gives; an unreadable part counts as zeros. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Generations never fall along a segment: each run of appending draws a higher one. So a record of a lower generation than
 * one before it was there before: a remain of recycled use, or of a group that was torn.
 */
export async function* scanSegment(read: ReadAt, place: ScanPlace): AsyncGenerator<ScannedRecord> {
  const window = new Window(read, place.end);
  let generation = place.generation;
  const until = Math.min(place.until ?? place.end, place.end);
  let offset = place.from;
  while (offset + headerBytes <= until) {
    const found = await recordAt(window, place, offset);
    if (found !== undefined && found.header.at.generation >= generation) {
      generation = found.header.at.generation;
      yield found;
      offset = found.end;
    } else {
      offset = await nextMagic(window, offset + recordAlign, until);
    }
  }
}

async function recordAt(window: Window, place: ScanPlace, offset: number): Promise<ScannedRecord | undefined> {
  const header = decodeHeader(await window.bytes(offset, headerBytes), { slot: place.slot, offset, tag: place.tag });
  if (header === undefined) return undefined;
  const end = offset + recordBytes(header);
  if (end > place.end) return undefined;
  const record = decodeMeta(header, await window.bytes(offset + headerBytes, header.metaBytes));
  return record === undefined ? undefined : { record, header, end };
}

/** The next aligned place that starts like a header; `end` when there is none. */
async function nextMagic(window: Window, from: number, end: number): Promise<number> {
  for (let at = from; at + headerBytes <= end;) {
    const bytes = await window.upTo(at);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i + 4 <= bytes.length; i += recordAlign) {
      if (view.getUint32(i) === recordMagic) return at + i;
    }
    at += Math.ceil(bytes.length / recordAlign) * recordAlign;
  }
  return end;
}

/** The part of the file that was read last. */
class Window {
  readonly #read: ReadAt;
  readonly #end: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(read: ReadAt, end: number) {
    this.#read = read;
    this.#end = end;
  }

  async bytes(offset: number, length: number): Promise<Uint8Array> {
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      await this.#load(offset, Math.max(length, limits.segmentScanBytes));
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }

  /** At least one record's alignment from `offset` on, as much as is there already. */
  async upTo(offset: number): Promise<Uint8Array> {
    if (offset < this.#start || offset + recordAlign > this.#start + this.#bytes.length) await this.#load(offset, limits.segmentScanBytes);
    return this.#bytes.subarray(offset - this.#start);
  }

  async #load(offset: number, length: number): Promise<void> {
    const wanted = Math.min(length, this.#end - offset);
    const got = await this.#read(offset, wanted);
    this.#bytes = got.length === wanted ? got : filledUp(got, wanted);
    this.#start = offset;
  }
}

function filledUp(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}
