// Reads bodies out of segments: positioned reads on cached descriptors, every touched block checked against its CRC-32.
// It never hands out a byte whose block does not match, and never writes.

import { crc32 } from 'node:zlib';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { FileHandle, FileIo } from '../file-io.ts';
import type { Location } from './core/record-format.ts';
import { segmentPath } from './segment-pool.ts';

export interface BodyPlace {
  readonly at: Location;
  readonly headBytes: number;
  readonly bytes: number;
  readonly blockCrcs: Uint32Array;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readers: number;
  /** Forgotten while it was read; the last reader closes it. */
  retired: boolean;
}

export class SegmentReader {
  readonly #folder: string;
  readonly #io: FileIo;
  /** In order of last use, oldest first. */
  readonly #open = new Map<number, OpenFile>();
  #closed = false;

  constructor(options: { readonly folder: string }, deps: { readonly io: FileIo }) {
    this.#folder = options.folder;
    this.#io = deps.io;
  }

  /** The bytes from `start` to `end` of a body; undefined when they are damaged or cannot be read. */
  async body(place: BodyPlace, range: { readonly start: number; readonly end: number }): Promise<Uint8Array | undefined> {
    const firstBlock = Math.floor(range.start / limits.blockBytes);
    const from = firstBlock * limits.blockBytes;
    const to = Math.min(place.bytes, Math.ceil(range.end / limits.blockBytes) * limits.blockBytes);
    const bytes = await this.bytes(place.at.slot, place.at.offset + place.headBytes + from, to - from);
    if (bytes.length !== to - from) return undefined;
    return blocksMatch(bytes, place.blockCrcs.subarray(firstBlock)) ? bytes.subarray(range.start - from, range.end - from) : undefined;
  }

  /** Raw bytes of a segment, fewer where the file ends; none when the disk cannot give them. */
  async bytes(slot: number, offset: number, length: number): Promise<Uint8Array> {
    if (this.#closed) throw new OffshoreError('store-closed', { reason: 'the store was closed' });
    const file = this.#use(slot);
    try {
      const handle = await file.handle;
      return await handle.read(offset, length).catch(() => new Uint8Array(0));
    } catch (error) {
      this.#open.delete(slot);
      if (isAbsent(error)) return new Uint8Array(0);
      throw error;
    } finally {
      await this.#release(file);
    }
  }

  /** Closes what is cached of a segment that is removed. */
  async forget(slot: number): Promise<void> {
    const file = this.#open.get(slot);
    if (file === undefined) return;
    this.#open.delete(slot);
    await this.#retire(file);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const slot of [...this.#open.keys()]) await this.forget(slot);
  }

  #use(slot: number): OpenFile {
    const file = this.#open.get(slot) ?? { handle: this.#io.open(segmentPath(this.#folder, slot), 'read'), readers: 0, retired: false };
    file.readers += 1;
    this.#open.delete(slot);
    this.#open.set(slot, file);
    return file;
  }

  async #release(file: OpenFile): Promise<void> {
    file.readers -= 1;
    if (file.retired) await this.#closeUnread(file);
    if (this.#open.size <= limits.segmentHandlesMax) return;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) await this.forget(oldest);
  }

  async #retire(file: OpenFile): Promise<void> {
    file.retired = true;
    await this.#closeUnread(file);
  }

  async #closeUnread(file: OpenFile): Promise<void> {
    if (file.readers > 0) return;
    const handle = await file.handle.catch(() => undefined);
    await handle?.close();
  }
}

/** True when every block of `bytes` has the CRC-32 at its place in `crcs`. */
export function blocksMatch(bytes: Uint8Array, crcs: Uint32Array): boolean {
  for (let at = 0, block = 0; at < bytes.length; at += limits.blockBytes, block += 1) {
    if (crc32(bytes.subarray(at, at + limits.blockBytes)) !== crcs[block]) return false;
  }
  return true;
}

/** CRC-32 of each 64 KiB block. */
export function blockCrcsOf(body: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: Math.ceil(body.length / limits.blockBytes) }, (_, block) =>
    crc32(body.subarray(block * limits.blockBytes, (block + 1) * limits.blockBytes)));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
