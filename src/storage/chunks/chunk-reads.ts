// Reading chunks, and what follows from it: an intact one was verified, a damaged one is missing from that moment on.
// It hands out nothing that fails its checksum, and tells damage from a chunk that compaction moved while it was read.

import type { Clock } from '../../base/clock.ts';
import { toHex } from '../../base/bytes.ts';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ChunkKey, Sha256 } from '../../model/chunk.ts';
import { fromClassCode } from '../../model/storage-class.ts';
import type { ChunkIndex, HeldChunk } from './chunk-index.ts';
import { dropTask, noteVerified, type Verified } from './chunk-tasks.ts';
import { keyText } from './core/chunk-key-codec.ts';
import { sameLocation } from './core/record-format.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface ChunkReadsDeps {
  readonly index: ChunkIndex;
  readonly reader: SegmentReader;
  readonly writer: SegmentWriter;
  readonly clock: Clock;
  readonly sha256: Sha256;
}

export class ChunkReads {
  readonly #deps: ChunkReadsDeps;
  /** Whole reads that found a chunk intact; written with the next upkeep. */
  readonly #notes = new Map<string, Verified>();

  constructor(deps: ChunkReadsDeps) {
    this.#deps = deps;
  }

  async read(key: ChunkKey, range: { readonly start: number; readonly end: number } | undefined): Promise<Uint8Array> {
    const { index, reader } = this.#deps;
    for (let attempt = 0; attempt < limits.readMovesMax; attempt += 1) {
      const row = index.get(key);
      if (row === undefined) throw new OffshoreError('chunk-missing', { chunk: key.chunk });
      const { start, end } = range ?? { start: 0, end: row.bytes };
      if (start < 0 || start > end || end > row.bytes) throw new OffshoreError('bad-request', { chunk: key.chunk, start, end });
      const body = await reader.body(row, { start, end });
      if (body !== undefined) {
        if (end - start === row.bytes) this.#note({ key, row });
        return body;
      }
      // Compaction may have moved it and recycled the segment while it was read.
      const now = index.get(key);
      if (now === undefined || sameLocation(now.at, row.at)) return this.#reportCorrupt({ key, row });
    }
    throw new OffshoreError('overloaded', { chunk: key.chunk });
  }

  /** Reads chunks whole, a few at a time; the damaged ones are missing afterwards. */
  async verify(chunks: readonly HeldChunk[]): Promise<readonly Verified[]> {
    const intact: Verified[] = [];
    for (let at = 0; at < chunks.length; at += limits.verifyReadsMax) {
      await Promise.all(chunks.slice(at, at + limits.verifyReadsMax).map(async (chunk) => {
        if (await this.#isIntact(chunk)) intact.push({ key: chunk.key, at: chunk.row.at });
      }));
    }
    return intact;
  }

  /** Writes what reads have verified since the last time. Only in the writer's turn. */
  async writeNotes(): Promise<void> {
    const { index, clock } = this.#deps;
    const notes = [...this.#notes.values()];
    this.#notes.clear();
    const change = await index.begin({ chunks: notes.map(({ key }) => key) });
    noteVerified(change, notes, clock.wallMs());
    await index.commit(change, 'unsynced');
  }

  async #isIntact({ key, row }: HeldChunk): Promise<boolean> {
    const { index, reader, writer } = this.#deps;
    const body = await reader.body(row, { start: 0, end: row.bytes });
    if (body !== undefined && this.#isNamed(key, body)) return true;
    const now = index.get(key);
    if (now === undefined || !sameLocation(now.at, row.at)) return false;
    index.forget({ key, row });
    await writer.submit(dropTask([{ key, at: row.at }]));
    return false;
  }

  /**
   * A relayed copy came with checksums of its coordinator and was never hashed here: it is once its day is over. A shard is not
   * what the chunk is named after; its own hash is checked where shards are decoded.
   */
  #isNamed(key: ChunkKey, body: Uint8Array): boolean {
    return fromClassCode(key.classCode).kind === 'ec' || toHex(this.#deps.sha256([body])) === key.chunk;
  }

  /** Missing from this moment, whether or not the removal can still be written. */
  async #reportCorrupt(chunk: HeldChunk): Promise<never> {
    const { index, writer } = this.#deps;
    index.forget(chunk);
    // A closed or full store cannot record it; the chunk stays missing until the next start finds it again.
    const cause = await writer.submit(dropTask([{ key: chunk.key, at: chunk.row.at }])).catch((error: unknown) => error);
    throw new OffshoreError('chunk-corrupt', { chunk: chunk.key.chunk, segment: chunk.row.at.slot, offset: chunk.row.at.offset }, cause === undefined ? {} : { cause });
  }

  #note({ key, row }: HeldChunk): void {
    if (this.#deps.clock.wallMs() - row.verifiedMs < limits.chunkVerifyAgeMs / 2 || this.#notes.size >= limits.verifiedNotesMax) return;
    this.#notes.set(keyText(key), { key, at: row.at });
  }
}
