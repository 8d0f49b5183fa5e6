// The segment files of a store: makes them (preallocated, so that appending cannot meet a full disk), begins them anew when
// nothing in them is needed, and keeps the reserve that lets a full store delete and compact. It never looks into records.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { DiskSpace, FileHandle, FileIo } from '../file-io.ts';
import { encodeMeta, encodeRecordHead, recordBytes, type SegmentRecord } from './core/record-format.ts';
import { segmentsCreatable } from './core/segment-plan.ts';

/** `put` stops at the reserve; `upkeep` (stamps, deletions, compaction) may use it up. */
export type Purpose = 'put' | 'upkeep';

export interface SegmentPoolOptions {
  /** The store's folder. */
  readonly folder: string;
  readonly segmentBytes: number;
  readonly floorBytes: number;
  readonly tag: Uint8Array;
}

/** What start-up found: sizes of every file, those that are free, and the highest generation ever seen. */
export interface SegmentFiles {
  readonly sizes: ReadonlyMap<number, number>;
  readonly free: readonly number[];
  readonly generation: number;
}

const nameDigits = 8;

export function segmentsFolder(folder: string): string {
  return `${folder}/segments`;
}

export function segmentPath(folder: string, slot: number): string {
  return `${segmentsFolder(folder)}/${slot.toString(16).padStart(nameDigits, '0')}.seg`;
}

/** The slot of a file name; undefined for files that are none of ours. */
export function slotOfName(name: string): number | undefined {
  return /^[0-9a-f]{8}\.seg$/.test(name) ? Number.parseInt(name.slice(0, nameDigits), 16) : undefined;
}

/** Bytes of the record every segment starts with. */
export const beginBytes: number = recordBytes({ metaBytes: 4, bodyBytes: 0 });

export class SegmentPool {
  readonly #options: SegmentPoolOptions;
  readonly #io: FileIo;
  readonly #sizes: Map<number, number>;
  readonly #free: number[];
  #generation: number;
  /** Never used again while the process lives: a descriptor of a removed file must not be taken for a new one. */
  #nextSlot: number;
  #disk: DiskSpace = { totalBytes: 0, freeBytes: 0 };
  /** A segment being made; one at a time. */
  #making: Promise<boolean> | undefined;
  #failure: unknown;

  constructor(options: SegmentPoolOptions, files: SegmentFiles, deps: { readonly io: FileIo }) {
    this.#options = options;
    this.#io = deps.io;
    this.#sizes = new Map(files.sizes);
    this.#free = [...files.free];
    this.#generation = files.generation;
    this.#nextSlot = Math.max(-1, ...files.sizes.keys()) + 1;
  }

  /** Higher than any in any file: told by it, a run of records is newer than all before. */
  nextGeneration(): number {
    this.#generation += 1;
    return this.#generation;
  }

  sizeOf(slot: number): number {
    return this.#sizes.get(slot) ?? 0;
  }

  /** Segments that could be had now, the reserve included. */
  get available(): number {
    return this.#free.length + this.#creatable();
  }

  get diskBytes(): number {
    return this.#disk.totalBytes;
  }

  /** Bytes that puts may still get beyond the segment in use. */
  get spareBytes(): number {
    return Math.max(0, this.available - limits.segmentsReserved) * this.#options.segmentBytes;
  }

  /** False when only the reserve is left, or the index may soon lack room. */
  get putsAllowed(): boolean {
    return this.available >= limits.segmentsReserved && this.#disk.freeBytes * 2 >= this.#options.floorBytes;
  }

  /** Looks at the disk again. */
  async refresh(): Promise<void> {
    this.#disk = await this.#io.space(this.#options.folder);
  }

  /** An empty segment; undefined when the disk is full for this purpose. */
  async take(purpose: Purpose): Promise<number | undefined> {
    await this.refresh();
    if (purpose === 'put' && this.available - 1 < limits.segmentsReserved) return undefined;
    while (this.#free.length === 0) {
      if (!(await this.#make())) return undefined;
    }
    return this.#free.shift();
  }

  /** Writes the mark that makes everything in the file dead, and offers it for use. A file of a smaller size goes. */
  async recycle(slot: number): Promise<void> {
    if (this.sizeOf(slot) < this.#options.segmentBytes) return this.#remove(slot);
    const handle = await this.#io.open(segmentPath(this.#options.folder, slot), 'update');
    try {
      await this.#begin(handle, slot, this.sizeOf(slot));
    } finally {
      await handle.close();
    }
    this.#free.push(slot);
  }

  /** Keeps a spare ready, and the whole reserve where the disk is nearly full. Meant to run beside the writer. */
  async stockUp(): Promise<void> {
    await this.refresh();
    const scarce = this.#creatable() <= 2 * limits.segmentsReserved;
    const wanted = scarce ? limits.segmentsReserved + 1 : 1;
    while (this.#free.length < wanted && this.#creatable() > 0) {
      if (!(await this.#make())) return;
    }
  }

  /** Gives a free segment back to the disk when it is below the floor: the index needs room as well. */
  async shrink(): Promise<number | undefined> {
    await this.refresh();
    if (this.#disk.freeBytes >= this.#options.floorBytes || this.#free.length <= limits.segmentsReserved + 1) return undefined;
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    await this.#remove(slot);
    return slot;
  }

  /** Resolves when nothing is being made any more. */
  async close(): Promise<void> {
    await this.#making;
  }

  async #remove(slot: number): Promise<void> {
    await this.#io.removeFile(segmentPath(this.#options.folder, slot));
    await this.#io.syncFolder(segmentsFolder(this.#options.folder));
    this.#sizes.delete(slot);
  }

  #creatable(): number {
    return segmentsCreatable({ ...this.#options, freeBytes: this.#disk.freeBytes });
  }

  /** False when the disk is full. Throws what else went wrong, now and ever after. */
  async #make(): Promise<boolean> {
    if (this.#making === undefined) {
      this.#making = this.#makeOne().catch((error: unknown) => {
        this.#failure = error;
        return false;
      }).finally(() => { this.#making = undefined; });
    }
    const made = await this.#making;
    if (this.#failure !== undefined) throw new OffshoreError('store-closed', { folder: this.#options.folder }, { cause: this.#failure });
    return made;
  }

  async #makeOne(): Promise<boolean> {
    if (this.#creatable() === 0) return false;
    const slot = this.#nextSlot;
    this.#nextSlot += 1;
    const path = segmentPath(this.#options.folder, slot);
    const handle = await this.#io.open(path, 'create');
    try {
      await handle.preallocate(this.#options.segmentBytes);
      await this.#begin(handle, slot, this.#options.segmentBytes);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // Nothing was in it: a full disk is a condition, not a failure.
      await this.#io.removeFile(path);
      return false;
    } finally {
      await handle.close();
    }
    await this.#io.syncFolder(segmentsFolder(this.#options.folder));
    this.#sizes.set(slot, this.#options.segmentBytes);
    this.#free.push(slot);
    await this.refresh();
    return true;
  }

  async #begin(handle: FileHandle, slot: number, segmentBytes: number): Promise<void> {
    const record: SegmentRecord = { kind: 'begin', segmentBytes };
    const at = { slot, generation: this.nextGeneration(), offset: 0 };
    const head = encodeRecordHead(record, encodeMeta(record), at, this.#options.tag);
    await handle.write(0, [head, new Uint8Array(beginBytes - head.length)]);
    await handle.sync();
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
