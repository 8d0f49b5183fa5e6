// Manifests: the ordered chunks and holes of a file version, in pages named by the hash of their bytes.
// The encoding of a page is frozen (docs/formats.md): its hash is its name everywhere.

import { assert } from '../base/assert.ts';
import { fromHex, toHex } from '../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../base/codec.ts';
import type { ChunkId, ContentId, PageId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import type { Sha256 } from './chunk.ts';

export type ManifestEntry =
  | { readonly kind: 'chunk'; readonly chunk: ChunkId; readonly bytes: number }
  | { readonly kind: 'hole'; readonly bytes: number };

const pageVersion = 1;
const tagHole = 0;
const tagChunk = 1;

/** Page 1: version byte, count, then per entry a tag, the length and, for a chunk, its 32 bytes of id. */
export function encodePage(entries: readonly ManifestEntry[]): Uint8Array {
  assert(entries.length > 0 && entries.length <= limits.pageEntriesMax, 'a page has 1 to 256 entries');
  const writer = new ByteWriter(8 + entries.length * 40).u8(pageVersion).varint(entries.length);
  for (const entry of entries) {
    if (entry.kind === 'hole') writer.u8(tagHole).varint(entry.bytes);
    else writer.u8(tagChunk).varint(entry.bytes).raw(fromHex(entry.chunk));
  }
  return writer.finish();
}

/** Throws DecodeError on anything that `encodePage` would not have written. */
export function decodePage(bytes: Uint8Array): ManifestEntry[] {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== pageVersion) throw new DecodeError('manifest page has an unknown version');
  const count = reader.count(2);
  if (count === 0 || count > limits.pageEntriesMax) throw new DecodeError('manifest page has 1 to 256 entries');
  const entries: ManifestEntry[] = [];
  for (let i = 0; i < count; i += 1) entries.push(decodeEntry(reader));
  reader.end();
  return entries;
}

function decodeEntry(reader: ByteReader): ManifestEntry {
  const tag = reader.u8();
  const bytes = reader.varint();
  if (bytes === 0) throw new DecodeError('manifest entry is empty');
  if (tag === tagHole) return { kind: 'hole', bytes };
  if (tag !== tagChunk) throw new DecodeError('manifest entry has an unknown tag');
  if (bytes > limits.chunkBytesMax) throw new DecodeError('chunk is larger than the limit');
  return { kind: 'chunk', chunk: toHex(reader.raw(32)) as ChunkId, bytes };
}

export function pageIdOf(page: Uint8Array, sha256: Sha256): PageId {
  return toHex(sha256([page])) as PageId;
}

export function pageBytes(entries: readonly ManifestEntry[]): number {
  let total = 0;
  for (const entry of entries) total += entry.bytes;
  return total;
}

/** Cuts a manifest into pages. An empty file has none. */
export function toPages(entries: readonly ManifestEntry[]): ManifestEntry[][] {
  const pages: ManifestEntry[][] = [];
  for (let at = 0; at < entries.length; at += limits.pageEntriesMax) pages.push(entries.slice(at, at + limits.pageEntriesMax));
  return pages;
}

/**
 * Content id: SHA-256 of the tag, total length, chunk size and, in order, each entry's tag, length and chunk id.
 * Equal bytes cut at the same size have equal ids; an inline file counts as one chunk named by its own SHA-256.
 */
export function contentIdOf(content: { readonly bytes: number; readonly chunkBytes: number; readonly entries: readonly ManifestEntry[] }, sha256: Sha256): ContentId {
  const head = new ByteWriter(64).raw(encodeUtf8('offshore/content/1')).u64(content.bytes).u32(content.chunkBytes);
  const body = new ByteWriter(content.entries.length * 40 + 8);
  for (const entry of content.entries) {
    if (entry.kind === 'hole') body.u8(tagHole).u64(entry.bytes);
    else body.u8(tagChunk).u64(entry.bytes).raw(fromHex(entry.chunk));
  }
  return toHex(sha256([head.finish(), body.finish()])) as ContentId;
}
