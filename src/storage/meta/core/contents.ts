// Contents: what the bytes of file versions are, shared by the versions that have them and counted by them.
// A content nobody has releases its pages; the only way there is history pruned, or a version that never was visible.

import { mustExist, unreachable } from '../../../base/assert.ts';
import { toHex } from '../../../base/bytes.ts';
import { ByteReader, ByteWriter } from '../../../base/codec.ts';
import type { ChunkId, ContentId, PageId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';
import { contentIdOf, type ManifestEntry } from '../../../model/manifest.ts';
import type { FileContent, PublishedPage } from '../../../model/operation.ts';
import { type ClassCode, classCode, parseStorageClass } from '../../../model/storage-class.ts';
import { checkStamp } from './chunk-refs.ts';
import { type Context, refusal } from './context.ts';
import type { Draft } from './draft.ts';
import { holdPage, holdStaged, releasePage } from './pages.ts';
import { contentCountTable, contentTable, pageTable } from './records-content.ts';
import { allocatorsFact } from './records-facts.ts';
import type { FileBodyRef } from './records-names.ts';

/** A content of more pages is not dropped inside an entry (`history.ts`). */
const largePages = 16;

export interface PreparedContent {
  readonly bytes: number;
  readonly contentId: ContentId;
  readonly body: FileBodyRef;
}

/** Checks everything about what a writer wants to publish, takes the references and makes the content row. */
export function prepareContent(context: Context, content: FileContent): PreparedContent {
  return content.kind === 'inline' ? prepareInline(context, content.bytes) : prepareChunked(context, content);
}

function prepareInline(context: Context, bytes: Uint8Array): PreparedContent {
  if (bytes.length > context.settings.inlineBytes) throw refusal('bad-request', { reason: 'too large to be inline', bytes: bytes.length });
  const entries: ManifestEntry[] = bytes.length === 0 ? [] : [{ kind: 'chunk', chunk: toHex(context.sha256([bytes])) as ChunkId, bytes: bytes.length }];
  const contentId = contentIdOf({ bytes: bytes.length, chunkBytes: limits.chunkBytesDefault, entries }, context.sha256);
  if (bytes.length === 0) return { bytes: 0, contentId, body: { kind: 'empty' } };
  const number = allocateContent(context.draft);
  context.draft.insert(contentTable, number, { kind: 'inline', bytes });
  return { bytes: bytes.length, contentId, body: { kind: 'inline', content: number } };
}

function prepareChunked(context: Context, content: Extract<FileContent, { kind: 'chunked' }>): PreparedContent {
  const storageClass = parseStorageClass(content.storageClass);
  if (storageClass === undefined) throw refusal('bad-request', { reason: 'unknown storage class', storageClass: content.storageClass });
  if (content.chunkBytes < 1 || content.chunkBytes > limits.chunkBytesMax) throw refusal('bad-request', { reason: 'chunk size', bytes: content.chunkBytes });
  if (content.pages.length > limits.uploadPagesMax) throw refusal('bad-request', { reason: 'too many pages', pages: content.pages.length });
  checkStamp(context, content.stamp);
  const code = classCode(storageClass);
  const pages: PageId[] = [];
  let bytes = 0;
  for (const [i, page] of content.pages.entries()) {
    const held = page.kind === 'staged'
      ? holdStaged(context, { classCode: code, page: page.page })
      : holdPage(context, { classCode: code, entries: page.entries, chunkBytes: content.chunkBytes, stamp: content.stamp });
    checkRegular(content, page, held.bytes, i === content.pages.length - 1 ? 'last' : 'full');
    pages.push(held.page);
    bytes += held.bytes;
  }
  if (bytes !== content.bytes) throw refusal('bad-request', { reason: 'length is not that of the pages', bytes: content.bytes, pages: bytes });
  if (pages.length <= limits.contentCheckPagesMax) checkContentId(context, { classCode: code, pages, content });
  if (pages.length === 0) return { bytes: 0, contentId: content.contentId, body: { kind: 'empty' } };
  const number = allocateContent(context.draft);
  context.draft.insert(contentTable, number, { kind: 'pages', classCode: code, pages });
  return { bytes, contentId: content.contentId, body: { kind: 'chunked', content: number, chunkBytes: content.chunkBytes, classCode: code } };
}

/** Every entry but the file's last is one chunk size long and every page but its last is full, so that readers can compute where an offset is. */
function checkRegular(content: Extract<FileContent, { kind: 'chunked' }>, page: PublishedPage, bytes: number, place: 'full' | 'last'): void {
  const fullBytes = limits.pageEntriesMax * content.chunkBytes;
  const entries = page.kind === 'carried' ? page.entries : [];
  const regular = entries.every((entry, i) => entry.bytes === content.chunkBytes || (i === entries.length - 1 && entry.bytes < content.chunkBytes));
  if (!regular || (place === 'full' ? bytes !== fullBytes : bytes > fullBytes)) throw refusal('bad-request', { reason: 'only the last chunk of a file may be shorter than the others' });
}

function checkContentId(
  context: Context,
  claim: { readonly classCode: ClassCode; readonly pages: readonly PageId[]; readonly content: Extract<FileContent, { kind: 'chunked' }> },
): void {
  const bodies = claim.pages.map((page) => mustExist(context.draft.get(pageTable, { classCode: claim.classCode, page }), 'a counted page has a body'));
  const computed = toHex(context.sha256([contentHead(claim.content), ...bodies.map(contentPart)]));
  if (computed !== claim.content.contentId) throw refusal('bad-request', { reason: 'content id is not that of the pages', contentId: claim.content.contentId });
}

/** The bytes that `contentIdOf` hashes, made from page bodies directly: no hex in between, ten times as fast. */
function contentHead(content: { readonly bytes: number; readonly chunkBytes: number }): Uint8Array {
  return new ByteWriter(64).raw(encodeUtf8('offshore/content/1')).u64(content.bytes).u32(content.chunkBytes).finish();
}

function contentPart(page: Uint8Array): Uint8Array {
  const reader = new ByteReader(page);
  reader.u8();
  const count = reader.varint();
  const writer = new ByteWriter(count * 41);
  for (let i = 0; i < count; i += 1) {
    const tag = reader.u8();
    writer.u8(tag).u64(reader.varint());
    if (tag === 1) writer.raw(reader.raw(32));
  }
  return writer.finish();
}

function allocateContent(draft: Draft): number {
  const allocators = mustExist(draft.get(allocatorsFact, 'only'), 'a founded state has allocators');
  draft.put(allocatorsFact, 'only', { ...allocators, content: allocators.content + 1 });
  return allocators.content;
}

export function retainContent(draft: Draft, body: FileBodyRef): void {
  if (body.kind === 'empty') return;
  draft.put(contentCountTable, body.content, (draft.get(contentCountTable, body.content) ?? 1) + 1);
}

export function releaseContent(context: Context, body: FileBodyRef): void {
  if (body.kind === 'empty') return;
  const { draft } = context;
  const count = draft.get(contentCountTable, body.content) ?? 1;
  if (count > 2) draft.put(contentCountTable, body.content, count - 1);
  else draft.remove(contentCountTable, body.content);
  if (count > 1) return;
  const content = mustExist(draft.get(contentTable, body.content), 'a counted content exists');
  draft.remove(contentTable, body.content);
  switch (content.kind) {
    case 'inline': return;
    case 'pages':
      for (const page of content.pages) releasePage(context, { classCode: content.classCode, page });
      return;
    default: return unreachable(content);
  }
}

export function isLarge(draft: Draft, body: FileBodyRef): boolean {
  if (body.kind !== 'chunked') return false;
  const content = draft.get(contentTable, body.content);
  return content?.kind === 'pages' && content.pages.length > largePages;
}
