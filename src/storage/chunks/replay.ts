// Brings the index up to the segments: replays the records that it does not contain, or all of them. It believes a record only
// where that is safe: bodies that were written last, or that would replace another, are read first.

import { limits } from '../../base/limits.ts';
import { applyRecord } from './apply-record.ts';
import type { ChunkIndex } from './chunk-index.ts';
import type { SegmentRow } from './core/index-codec.ts';
import { headerBytes, type PlacedChunk } from './core/record-format.ts';
import type { IndexChange } from './index-change.ts';
import type { SegmentReader } from './segment-reader.ts';
import { scanSegment, type ScannedRecord, type ScanPlace } from './segment-scan.ts';

export interface ReplayDeps {
  readonly reader: SegmentReader;
  readonly index: ChunkIndex;
}

/** The segment that was appended to last: generations say so. */
export function lastSegment(index: ChunkIndex): { readonly slot: number; readonly row: SegmentRow } | undefined {
  let last: { readonly slot: number; readonly row: SegmentRow } | undefined;
  for (const [slot, row] of index.segments) if (last === undefined || row.generation > last.row.generation) last = { slot, row };
  return last;
}

export class Replay {
  readonly #options: { readonly tag: Uint8Array };
  readonly #deps: ReplayDeps;
  readonly #indexState: 'new' | 'known';
  records = 0;
  /** The highest in any whole header, believed or not: what is appended next must be above it. */
  generation = 0;
  damaged: readonly PlacedChunk[] = [];

  constructor(options: { readonly tag: Uint8Array }, deps: ReplayDeps, indexState: 'new' | 'known') {
    this.#options = options;
    this.#deps = deps;
    this.#indexState = indexState;
  }

  /**
   * The index is a state of the past (its batches are a chain): the log goes on where the last record that it contains ends, and
   * in segments that it does not know although they hold records.
   */
  async tail(sizes: ReadonlyMap<number, number>): Promise<void> {
    const last = lastSegment(this.#deps.index);
    const unknown = [...sizes].filter(([slot]) => !this.#deps.index.segments.has(slot));
    if (last !== undefined) {
      await this.#segment({ slot: last.slot, from: last.row.tail, end: sizes.get(last.slot) ?? 0, generation: last.row.generation }, 'every-body');
    }
    for (const { slot, end } of await this.#inOrder(unknown, limits.segmentScanBytes)) {
      await this.#segment({ slot, from: 0, end, generation: 0 }, 'every-body');
    }
  }

  /** Only bodies that replace others, or were written last, are read. */
  async everything(sizes: ReadonlyMap<number, number>): Promise<void> {
    const used = await this.#inOrder([...sizes], Infinity);
    for (const [i, { slot, end }] of used.entries()) {
      await this.#segment({ slot, from: 0, end, generation: 0 }, i === used.length - 1 ? 'every-body' : 'replacing-bodies');
    }
  }

  /** Those of the segments that hold records, in the order in which they were used. A record must show within `bytesMax`. */
  async #inOrder(segments: readonly (readonly [number, number])[], bytesMax: number): Promise<readonly { readonly slot: number; readonly end: number }[]> {
    const used: { readonly slot: number; readonly end: number; readonly first: number }[] = [];
    for (const [slot, end] of segments) {
      for await (const { header } of this.#scan({ slot, from: 0, end, until: bytesMax, generation: 0 })) {
        this.generation = Math.max(this.generation, header.at.generation);
        if (header.kind === 'begin') continue;
        used.push({ slot, end, first: header.at.generation });
        break;
      }
    }
    return used.sort((left, right) => left.first - right.first);
  }

  async #segment(place: Omit<ScanPlace, 'tag'>, verify: 'every-body' | 'replacing-bodies'): Promise<void> {
    const doubtful: PlacedChunk[] = [];
    let change = await this.#deps.index.begin();
    for await (const found of this.#scan(place)) {
      this.generation = Math.max(this.generation, found.header.at.generation);
      if (found.header.kind === 'begin') continue;
      if (await this.#believe(change, found, verify)) {
        const { record, header, end } = found;
        // A rebuilt row was not verified by anyone: the next touch reads the chunk first.
        const applied = record.kind === 'put' && this.#indexState === 'new' ? { ...record, wallMs: 0 } : record;
        applyRecord(change, { record: applied, at: header.at, metaBytes: header.metaBytes, end });
        this.records += 1;
      } else if (found.record.kind === 'put') {
        doubtful.push({ key: found.record.key, at: found.header.at });
      }
      if (change.rows < limits.indexBatchRows) continue;
      await this.#deps.index.commit(change, 'unsynced');
      change = await this.#deps.index.begin();
    }
    await this.#deps.index.commit(change, 'unsynced');
    // What lies behind the tail is overwritten by what comes next.
    const tail = this.#deps.index.segments.get(place.slot)?.tail ?? 0;
    this.damaged = this.damaged.concat(doubtful.filter(({ at }) => at.offset < tail));
  }

  async #believe(change: IndexChange, { record, header }: ScannedRecord, verify: 'every-body' | 'replacing-bodies'): Promise<boolean> {
    if (record.kind !== 'put') return true;
    if (verify === 'replacing-bodies' && change.chunk(record.key) === undefined) return true;
    const place = { at: header.at, headBytes: headerBytes + header.metaBytes, bytes: record.bytes, blockCrcs: record.blockCrcs };
    return (await this.#deps.reader.body(place, { start: 0, end: record.bytes })) !== undefined;
  }

  #scan(place: Omit<ScanPlace, 'tag'>): AsyncGenerator<ScannedRecord> {
    return scanSegment((offset, length) => this.#deps.reader.bytes(place.slot, offset, length), { ...place, tag: this.#options.tag });
  }
}
