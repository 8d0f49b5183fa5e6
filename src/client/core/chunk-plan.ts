// Where the chunks of a file begin and end, and which of them are holes. A file is cut regularly: every entry of its manifest
// but the last is exactly `chunkBytes` long, holes too, so that an offset names its page without reading the pages before it.

import { limits } from '../../base/limits.ts';
import type { ManifestEntry } from '../../model/manifest.ts';

export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** One chunk of a file, by its number, and the part of it that a range wants (relative to the chunk). */
export interface ChunkSlice {
  readonly number: number;
  readonly bytes: number;
  readonly wanted: ByteSpan;
}

export function chunkCount(fileBytes: number, chunkBytes: number): number {
  return Math.ceil(fileBytes / chunkBytes);
}

/** The chunks that `range` needs, in order; the range is cut to the file. */
export function* slicesOfRange(range: ByteSpan, file: { readonly bytes: number; readonly chunkBytes: number }): Generator<ChunkSlice> {
  const end = Math.min(range.end, file.bytes);
  const start = Math.max(0, range.start);
  for (let number = Math.floor(start / file.chunkBytes); number * file.chunkBytes < end && start < end; number += 1) {
    const offset = number * file.chunkBytes;
    const bytes = Math.min(file.chunkBytes, file.bytes - offset);
    yield { number, bytes, wanted: { start: Math.max(0, start - offset), end: Math.min(bytes, end - offset) } };
  }
}

export function pageOfChunk(number: number): { readonly page: number; readonly entry: number } {
  return { page: Math.floor(number / limits.pageEntriesMax), entry: number % limits.pageEntriesMax };
}

/** True when a page's entries are as long as a regular cut makes them. */
export function isRegularPage(entries: readonly ManifestEntry[], at: { readonly page: number; readonly fileBytes: number; readonly chunkBytes: number }): boolean {
  const first = at.page * limits.pageEntriesMax;
  const expected = Math.min(limits.pageEntriesMax, chunkCount(at.fileBytes, at.chunkBytes) - first);
  return entries.length === expected
    && entries.every((entry, i) => entry.bytes === Math.min(at.chunkBytes, at.fileBytes - (first + i) * at.chunkBytes));
}

/** True when every byte is zero. The first byte that is not decides, so that ordinary data costs nothing. */
export function isZero(bytes: Uint8Array): boolean {
  const head = Math.min(bytes.length, (8 - (bytes.byteOffset % 8)) % 8);
  const words = Math.floor((bytes.length - head) / 8);
  for (let i = 0; i < head; i += 1) if (bytes[i] !== 0) return false;
  // A view must begin at a multiple of its element size, which a short array may not reach.
  const view = words === 0 ? [] : new Uint32Array(bytes.buffer, bytes.byteOffset + head, words * 2);
  for (let i = 0; i < view.length; i += 1) if (view[i] !== 0) return false;
  for (let i = head + words * 8; i < bytes.length; i += 1) if (bytes[i] !== 0) return false;
  return true;
}
