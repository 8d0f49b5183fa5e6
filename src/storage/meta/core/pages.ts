// Manifest pages in the state: stored once a class, counted by the contents and staged uploads that name them.
// The first reference to a page takes references to its chunks, once for each distinct chunk; the last one gives them back.

import { mustExist } from '../../../base/assert.ts';
import type { ChunkId, LogIndex, PageId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { decodePage, encodePage, type ManifestEntry, pageBytes, pageIdOf } from '../../../model/manifest.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import { checkChunk, referenceChunk, releaseChunk } from './chunk-refs.ts';
import { type Context, refusal } from './context.ts';
import { type ClassPage, pageCountTable, pageTable } from './records-content.ts';

export interface HeldPage {
  readonly page: PageId;
  /** Length of what the page describes. */
  readonly bytes: number;
}

export interface PageToHold {
  readonly classCode: ClassCode;
  readonly entries: readonly ManifestEntry[];
  readonly chunkBytes: number;
  readonly stamp: LogIndex;
}

/** Takes a reference to a page that came with the operation; every chunk must still be as its stamp says. Throws `reupload`, `bad-request`. */
export function holdPage(context: Context, page: PageToHold): HeldPage {
  checkEntries(page);
  const body = encodePage(page.entries);
  const name = { classCode: page.classCode, page: pageIdOf(body, context.sha256) };
  const distinct = distinctChunks(page.entries);
  for (const [chunk, bytes] of distinct) checkChunk(context, { classCode: page.classCode, chunk, bytes, stamp: page.stamp });
  const { draft } = context;
  const known = draft.get(pageCountTable, name);
  if (known !== undefined) {
    draft.put(pageCountTable, name, { ...known, count: known.count + 1 });
    return { page: name.page, bytes: known.bytes };
  }
  const bytes = pageBytes(page.entries);
  draft.put(pageTable, name, body);
  draft.put(pageCountTable, name, { count: 1, bytes });
  for (const [chunk, length] of distinct) referenceChunk(context, { classCode: page.classCode, chunk }, length);
  return { page: name.page, bytes };
}

/** Takes a reference to a page that somebody holds already. A page whose count is 0 has no row: `reupload`. */
export function holdStaged(context: Context, name: ClassPage): HeldPage {
  const known = context.draft.get(pageCountTable, name);
  if (known === undefined) throw refusal('reupload', { page: name.page });
  context.draft.put(pageCountTable, name, { ...known, count: known.count + 1 });
  return { page: name.page, bytes: known.bytes };
}

/** Chunks released: 0 while others hold the page. */
export function releasePage(context: Context, name: ClassPage): number {
  const { draft } = context;
  const known = mustExist(draft.get(pageCountTable, name), 'a held page is counted');
  if (known.count > 1) {
    draft.put(pageCountTable, name, { ...known, count: known.count - 1 });
    return 0;
  }
  const distinct = distinctChunks(decodePage(mustExist(draft.get(pageTable, name), 'a counted page has a body')));
  draft.remove(pageCountTable, name);
  draft.remove(pageTable, name);
  for (const chunk of distinct.keys()) releaseChunk(context, { classCode: name.classCode, chunk });
  return distinct.size;
}

function checkEntries(page: PageToHold): void {
  if (page.entries.length === 0 || page.entries.length > limits.pageEntriesMax) throw refusal('bad-request', { reason: 'entries of a page' });
  for (const entry of page.entries) {
    // Holes too: the sum of a page must stay a number.
    if (entry.bytes < 1 || entry.bytes > page.chunkBytes) throw refusal('bad-request', { reason: 'length of a manifest entry', bytes: entry.bytes });
  }
}

/** Length of each chunk, in order of first appearance. A chunk has one length: its id is the hash of its bytes. */
function distinctChunks(entries: readonly ManifestEntry[]): Map<ChunkId, number> {
  const distinct = new Map<ChunkId, number>();
  for (const entry of entries) {
    if (entry.kind === 'hole') continue;
    const known = distinct.get(entry.chunk);
    if (known !== undefined && known !== entry.bytes) throw refusal('bad-request', { reason: 'one chunk with two lengths', chunk: entry.chunk });
    distinct.set(entry.chunk, entry.bytes);
  }
  return distinct;
}
