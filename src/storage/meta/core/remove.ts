// Takes nodes out of the tree. What goes is detached whole by one entry and stays in the state, references and all, until its history is pruned.

import { unreachable } from '../../../base/assert.ts';
import type { Operation, Outcome } from '../../../model/operation.ts';
import { checkExpect } from './attributes.ts';
import { type Context, now, refusal } from './context.ts';
import { dropDirent, mustInode } from './history.ts';
import { contentIndexTable, detachedTable, standingTable } from './records-names.ts';
import { type FoundEntry, mustResolve } from './resolve.ts';
import { growTree, standingOf } from './tree.ts';

export function remove(context: Context, operation: Extract<Operation, { kind: 'remove' }>): Outcome {
  const { path, what } = operation;
  const found = mustResolve(context.draft, path, 'never');
  if (found.kind === 'root') throw refusal('busy', { path });
  const { dirent } = found;
  checkExpect(context, operation.expect, { ino: dirent.ino, path });
  switch (what) {
    case 'file':
      if (dirent.kind === 'directory') throw refusal('is-a-directory', { path });
      break;
    case 'empty-directory':
      if (dirent.kind !== 'directory') throw refusal('not-a-directory', { path });
      if (childrenOf(context, found) > 0) throw refusal('not-empty', { path });
      break;
    case 'tree': break;
    default: return unreachable(what);
  }
  return { ok: true, index: context.index, ino: dirent.ino, removed: detachNode(context, found) };
}

export function childrenOf(context: Context, found: FoundEntry): number {
  return standingOf(context.draft, found.dirent.ino).tally?.children ?? 0;
}

/** Answers how many inodes went with it, itself included. Constant work, whatever hangs below. */
export function detachNode(context: Context, found: FoundEntry): number {
  const { draft } = context;
  const { ino } = found.dirent;
  const inode = mustInode(context, ino);
  const standing = standingOf(draft, ino);
  const bytes = inode.kind === 'file' ? inode.bytes : standing.tally?.treeBytes ?? 0;
  const inodes = 1 + (standing.tally?.treeInodes ?? 0);
  dropDirent(context, found);
  draft.put(standingTable, ino, { ...standing, parent: 0 });
  draft.put(detachedTable, { since: now(context), ino }, { bytes, inodes });
  if (inode.kind === 'file') draft.remove(contentIndexTable, { contentId: inode.contentId, ino });
  growTree(context, found.parent, { children: -1, bytes: -bytes, inodes: -inodes });
  return inodes;
}
