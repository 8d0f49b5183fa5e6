// Writes of versioned records: the old version goes to history with its end, the new one gets its beginning (`architecture.md` 3, Time travel).
// A version that begins and ends in one entry was never visible at any index and is dropped.

import { mustExist } from '../../../base/assert.ts';
import type { Ino } from '../../../base/ids.ts';
import type { NodeKind } from '../../../model/node-info.ts';
import { type Context, now } from './context.ts';
import { isLarge, releaseContent, retainContent } from './contents.ts';
import {
  contentIndexTable, type DirectoryInode, type DirentName, direntTable, type FileInode, historyPrefix, historyTable, inodeTable, type Inode, type RecordName, type SymlinkInode,
} from './records-names.ts';

/** A record without its beginning, which `putInode` knows. */
export type InodeDraft = Omit<FileInode, 'since'> | Omit<DirectoryInode, 'since'> | Omit<SymlinkInode, 'since'>;

export function putDirent(context: Context, name: DirentName, row: { readonly ino: Ino; readonly kind: NodeKind }): void {
  archiveDirent(context, name);
  context.draft.put(direntTable, name, { ...row, since: now(context) });
}

export function dropDirent(context: Context, name: DirentName): void {
  archiveDirent(context, name);
  context.draft.remove(direntTable, name);
}

/** `fresh`: the content row was made for this version. `shared`: this version is one more that has it. */
export function putInode(context: Context, ino: Ino, row: InodeDraft, content: 'fresh' | 'shared'): void {
  const { draft } = context;
  const old = draft.get(inodeTable, ino);
  if (row.kind === 'file' && content === 'shared') retainContent(draft, row.body);
  if (old !== undefined) archiveInode(context, ino, old);
  touch(context, { kind: 'inode', ino });
  draft.put(inodeTable, ino, { ...row, since: now(context) });
  indexContent(context, { ino, old, row });
}

/** First version of an inode whose number was just handed out. */
export function insertInode(context: Context, ino: Ino, row: InodeDraft, content: 'fresh' | 'shared'): void {
  const { draft } = context;
  if (row.kind === 'file' && content === 'shared') retainContent(draft, row.body);
  touch(context, { kind: 'inode', ino });
  draft.insert(inodeTable, ino, { ...row, since: now(context) });
  if (row.kind === 'file') draft.insert(contentIndexTable, { contentId: row.contentId, ino }, true);
}

function archiveDirent(context: Context, name: DirentName): void {
  const old = context.draft.get(direntTable, name);
  const of: RecordName = { kind: 'dirent', parent: name.parent, name: name.name };
  touch(context, of);
  if (old === undefined || old.since.index === context.index) return;
  context.draft.put(historyTable, { of, until: now(context) }, direntTable.encode(old));
}

function archiveInode(context: Context, ino: Ino, old: Inode): void {
  const { draft } = context;
  // Dropping a large content at once could release a million chunks in one entry, so pruning does it in its own time.
  if (old.since.index === context.index && !(old.kind === 'file' && isLarge(draft, old.body))) {
    if (old.kind === 'file') releaseContent(context, old.body);
    return;
  }
  draft.put(historyTable, { of: { kind: 'inode', ino }, until: now(context) }, inodeTable.encode(old));
}

function indexContent(context: Context, change: { readonly ino: Ino; readonly old: Inode | undefined; readonly row: InodeDraft }): void {
  const { ino, old, row } = change;
  const before = old?.kind === 'file' ? old.contentId : undefined;
  const after = row.kind === 'file' ? row.contentId : undefined;
  if (before === after) return;
  if (before !== undefined) context.draft.remove(contentIndexTable, { contentId: before, ino });
  if (after !== undefined) context.draft.put(contentIndexTable, { contentId: after, ino }, true);
}

function touch(context: Context, of: RecordName): void {
  context.touched.set(historyPrefix(of), of);
}

export function mustInode(context: Context, ino: Ino): Inode {
  return mustExist(context.draft.get(inodeTable, ino), 'a directory entry names an inode');
}
