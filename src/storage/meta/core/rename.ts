// rename(2) of POSIX: one entry, constant work for any tree, never a moment without the target. The client's `mv` builds on it.

import type { Operation, Outcome } from '../../../model/operation.ts';
import { checkExpect } from './attributes.ts';
import { type Context, refusal } from './context.ts';
import { dropDirent, mustInode, putDirent } from './history.ts';
import { checkName } from './path.ts';
import { standingTable } from './records-names.ts';
import { childrenOf, detachNode } from './remove.ts';
import { type FoundEntry, mustResolve, resolve, type Vacant } from './resolve.ts';
import { checkDepth, growTree, isWithin, standingOf } from './tree.ts';

export function rename(context: Context, operation: Extract<Operation, { kind: 'rename' }>): Outcome {
  const { from, to } = operation;
  const { draft } = context;
  const source = mustResolve(draft, from, 'never');
  if (source.kind === 'root') throw refusal('busy', { path: from });
  checkExpect(context, operation.expect, { ino: source.dirent.ino, path: from });
  const target = resolve(draft, to, 'never');
  if (target.kind === 'root') throw refusal('busy', { path: to });
  if (target.kind === 'vacant' && target.rest.length > 0) throw refusal('not-found', { path: to });
  if (target.kind === 'entry' && target.dirent.ino === source.dirent.ino) return { ok: true, index: context.index, ino: source.dirent.ino };
  if (target.kind === 'entry' && operation.replace === 'never') throw refusal('exists', { path: to });
  if (source.dirent.kind === 'directory' && isWithin(draft, target.parent, source.dirent.ino)) throw refusal('into-itself', { path: from, to });
  if (target.kind === 'entry') checkReplaceable(context, { source, target, to });
  checkName(target.name, to);
  checkDepth(draft, target.parent, { levels: 1, path: to });
  if (target.kind === 'entry') detachNode(context, target);
  move(context, source, target);
  return { ok: true, index: context.index, ino: source.dirent.ino };
}

function checkReplaceable(context: Context, pair: { readonly source: FoundEntry; readonly target: FoundEntry; readonly to: string }): void {
  const { source, target, to } = pair;
  if (source.dirent.kind !== 'directory' && target.dirent.kind === 'directory') throw refusal('is-a-directory', { path: to });
  if (source.dirent.kind === 'directory' && target.dirent.kind !== 'directory') throw refusal('not-a-directory', { path: to });
  if (target.dirent.kind === 'directory' && childrenOf(context, target) > 0) throw refusal('not-empty', { path: to });
}

function move(context: Context, source: FoundEntry, target: FoundEntry | Vacant): void {
  const { draft } = context;
  const { ino, kind } = source.dirent;
  const standing = standingOf(draft, ino);
  const inode = mustInode(context, ino);
  const bytes = inode.kind === 'file' ? inode.bytes : standing.tally?.treeBytes ?? 0;
  const inodes = 1 + (standing.tally?.treeInodes ?? 0);
  dropDirent(context, source);
  growTree(context, source.parent, { children: -1, bytes: -bytes, inodes: -inodes });
  putDirent(context, target, { ino, kind });
  draft.put(standingTable, ino, { ...standing, parent: target.parent, name: target.name });
  growTree(context, target.parent, { children: 1, bytes, inodes });
}
