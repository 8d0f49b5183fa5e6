// Upload sessions: hold staged pages, and with them their chunks, until a publish names them or the lease ends (`architecture.md` 5, Write).

import { mustExist } from '../../../base/assert.ts';
import { limits } from '../../../base/limits.ts';
import type { Operation, Outcome } from '../../../model/operation.ts';
import { classCode, parseStorageClass } from '../../../model/storage-class.ts';
import type { CommandResult } from './command.ts';
import { type Context, refusal } from './context.ts';
import { holdPage, releasePage } from './pages.ts';
import { countsFact } from './records-facts.ts';
import { stagedTable, type UploadRow, uploadTable } from './records-data.ts';

export function openUpload(context: Context, operation: Extract<Operation, { kind: 'open-upload' }>): Outcome {
  const { draft } = context;
  const old = draft.get(uploadTable, operation.upload);
  if (old?.state === 'closed') throw refusal('exists', { upload: operation.upload });
  if (old === undefined) {
    const counts = mustExist(draft.get(countsFact, 'only'), 'a founded state has counts');
    if (counts.uploads >= limits.uploadSessionsMax) throw refusal('overloaded', { uploads: counts.uploads });
    draft.put(countsFact, 'only', { ...counts, uploads: counts.uploads + 1 });
  }
  draft.put(uploadTable, operation.upload, { state: 'open', pages: old?.pages ?? 0, renewed: context.age });
  return { ok: true, index: context.index };
}

export function stage(context: Context, operation: Extract<Operation, { kind: 'stage' }>): Outcome {
  const { draft } = context;
  const { upload } = operation;
  const row = mustOpen(context, upload);
  const storageClass = parseStorageClass(operation.storageClass);
  if (storageClass === undefined) throw refusal('bad-request', { reason: 'unknown storage class', storageClass: operation.storageClass });
  if (row.pages >= limits.uploadPagesMax) throw refusal('bad-request', { reason: 'too many pages', pages: row.pages });
  const code = classCode(storageClass);
  const held = holdPage(context, { classCode: code, entries: operation.entries, chunkBytes: limits.chunkBytesMax, stamp: operation.stamp });
  draft.put(stagedTable, { upload, page: row.pages }, { classCode: code, page: held.page });
  draft.put(uploadTable, upload, { state: 'open', pages: row.pages + 1, renewed: context.age });
  return { ok: true, index: context.index, page: held.page };
}

/** Releases at once what fits one command; `expire-uploads` does the rest of a big one. */
export function closeUpload(context: Context, operation: Extract<Operation, { kind: 'close-upload' }>): Outcome {
  const row = context.draft.get(uploadTable, operation.upload);
  if (row !== undefined) emptyUpload(context, { upload: operation.upload, row, chunks: limits.uploadReleaseChunksMax });
  return { ok: true, index: context.index };
}

/** Skips uploads that were renewed within the lease. Ends early when the command has released as much as one may. */
export function expireUploads(context: Context, uploads: readonly string[]): CommandResult {
  let accepted = 0;
  let chunks: number = limits.uploadReleaseChunksMax;
  for (const upload of uploads) {
    const row = context.draft.get(uploadTable, upload);
    if (row === undefined || (row.state === 'open' && row.renewed + limits.uploadLeaseMs > context.age) || chunks <= 0) continue;
    chunks -= emptyUpload(context, { upload, row, chunks });
    accepted += 1;
  }
  return { kind: 'counted', accepted, skipped: uploads.length - accepted };
}

/** Answers how much work it was, in chunk references (a page counts as one at least). */
function emptyUpload(context: Context, job: { readonly upload: string; readonly row: UploadRow; readonly chunks: number }): number {
  const { draft } = context;
  let { pages } = job.row;
  let released = 0;
  while (pages > 0 && released < job.chunks) {
    const name = { upload: job.upload, page: pages - 1 };
    const staged = mustExist(draft.get(stagedTable, name), 'an upload counts its pages');
    draft.remove(stagedTable, name);
    released += 1 + releasePage(context, staged);
    pages -= 1;
  }
  if (pages > 0) {
    draft.put(uploadTable, job.upload, { state: 'closed', pages, renewed: job.row.renewed });
    return released;
  }
  draft.remove(uploadTable, job.upload);
  const counts = mustExist(draft.get(countsFact, 'only'), 'a founded state has counts');
  draft.put(countsFact, 'only', { ...counts, uploads: counts.uploads - 1 });
  return released;
}

function mustOpen(context: Context, upload: string): UploadRow {
  const row = context.draft.get(uploadTable, upload);
  // Its pages may be gone with it: the writer starts over, and dedupe makes that cheap.
  if (row?.state !== 'open') throw refusal('reupload', { upload, reason: 'no such upload' });
  return row;
}
