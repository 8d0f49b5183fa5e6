// Rewrites segments that are over half dead, in steps of bounded size that its caller paces, and recycles what is empty.
// Nothing is recycled before everything needed from it is durable elsewhere, index included.

import { limits } from '../../base/limits.ts';
import type { Clock } from '../../base/clock.ts';
import type { ChunkKey } from '../../model/chunk.ts';
import type { ChunkIndex, HeldChunk } from './chunk-index.ts';
import { carryStampsTask, dropTask, moveTask } from './chunk-tasks.ts';
import { familyRange } from './core/index-codec.ts';
import { sameLocation } from './core/record-format.ts';
import { segmentToCompact, type SegmentUse } from './core/segment-plan.ts';
import type { SegmentPool } from './segment-pool.ts';
import type { SegmentReader } from './segment-reader.ts';
import { scanSegment, type ScannedRecord } from './segment-scan.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface CompactorDeps {
  readonly index: ChunkIndex;
  readonly pool: SegmentPool;
  readonly reader: SegmentReader;
  readonly writer: SegmentWriter;
  readonly clock: Clock;
}

export class Compactor {
  readonly #tag: Uint8Array;
  readonly #deps: CompactorDeps;
  #current: { readonly slot: number; readonly records: AsyncGenerator<ScannedRecord> } | undefined;

  constructor(options: { readonly tag: Uint8Array }, deps: CompactorDeps) {
    this.#tag = options.tag;
    this.#deps = deps;
  }

  /** Moves about `limits.compactStepBytes`; false when no segment is worth it. */
  async step(): Promise<boolean> {
    this.#current ??= this.#begin();
    if (this.#current === undefined) return false;
    const { slot, records } = this.#current;
    for (let moved = 0; moved < limits.compactStepBytes;) {
      const next = await records.next();
      if (next.done === true) {
        this.#current = undefined;
        await this.#moveStragglers(slot);
        return true;
      }
      moved += await this.#rescue(slot, next.value);
    }
    return true;
  }

  /** Makes segments in which nothing is needed free again; answers how many. */
  async recycleEmpty(): Promise<number> {
    const { index, pool, writer } = this.#deps;
    const empty = (): number[] => this.#sealed().filter((each) => each.heldBytes === 0 && each.quarantinedBytes === 0).map(({ slot }) => slot);
    if (empty().length === 0) return 0;
    return writer.alone(0, async () => {
      const slots = empty();
      // The index must not fall back to a state that points into what is overwritten from now on.
      await index.flush();
      for (const slot of slots) {
        await pool.recycle(slot);
        const change = await index.begin();
        change.setSegment(slot, undefined);
        await index.commit(change, 'unsynced');
      }
      return slots.length;
    });
  }

  #begin(): { readonly slot: number; readonly records: AsyncGenerator<ScannedRecord> } | undefined {
    const chosen = segmentToCompact(this.#sealed());
    if (chosen === undefined) return undefined;
    const read = (offset: number, length: number): Promise<Uint8Array> => this.#deps.reader.bytes(chosen.slot, offset, length);
    return { slot: chosen.slot, records: scanSegment(read, { slot: chosen.slot, from: 0, end: chosen.bytes, tag: this.#tag, generation: 0 }) };
  }

  #sealed(): SegmentUse[] {
    const { index, pool, writer } = this.#deps;
    return [...index.segments].filter(([slot]) => slot !== writer.activeSlot)
      .map(([slot, row]) => ({ slot, generation: row.generation, bytes: pool.sizeOf(slot), heldBytes: row.heldBytes, quarantinedBytes: row.quarantinedBytes }));
  }

  /** Takes out of a record what is still needed; answers how many bytes that were. */
  async #rescue(slot: number, { record, header }: ScannedRecord): Promise<number> {
    switch (record.kind) {
      case 'put': {
        const row = this.#deps.index.get(record.key);
        return row !== undefined && sameLocation(row.at, header.at) ? this.#move({ key: record.key, row }) : 0;
      }
      case 'stamp': {
        await this.#deps.writer.submit(carryStampsTask(slot, record.stamps.map(({ key }) => key)));
        return header.metaBytes;
      }
      default:
        // Deletions are not carried on: without them a rebuilt index may show a deleted chunk as fresh, to be collected again.
        return 0;
    }
  }

  async #move(chunk: HeldChunk): Promise<number> {
    const { reader, writer, clock } = this.#deps;
    const body = await reader.body({ ...chunk.row }, { start: 0, end: chunk.row.bytes });
    if (body === undefined) await writer.submit(dropTask([{ key: chunk.key, at: chunk.row.at }]));
    else await writer.submit(moveTask(chunk, body, clock.wallMs()));
    return chunk.row.bytes;
  }

  /** Rows that still point into the segment although its records did not show them: their headers are damaged, their bodies may be whole. */
  async #moveStragglers(slot: number): Promise<void> {
    const { index, writer } = this.#deps;
    if ((index.segments.get(slot)?.heldBytes ?? 0) === 0) return;
    let after: ChunkKey | undefined;
    for (;;) {
      const page = await index.heldPage(familyRange('chunk'), after, limits.indexBatchRows);
      for (const chunk of page) if (chunk.row.at.slot === slot) await this.#move(chunk);
      const stamped = page.filter(({ row }) => row.at.slot !== slot && row.stampSlot === slot).map(({ key }) => key);
      if (stamped.length > 0) await writer.submit(carryStampsTask(slot, stamped));
      after = page.at(-1)?.key;
      if (page.length < limits.indexBatchRows) break;
    }
    await writer.alone(0, () => this.#declareEmpty(slot));
  }

  /** No row points into the segment any more, so whatever its tally says is left of miscounting. */
  async #declareEmpty(slot: number): Promise<void> {
    const row = this.#deps.index.segments.get(slot);
    if (row === undefined || row.heldBytes === 0) return;
    const change = await this.#deps.index.begin();
    change.setSegment(slot, { ...row, heldBytes: 0 });
    await this.#deps.index.commit(change, 'unsynced');
  }
}
