// Publishes files: creates one or replaces its content in one step, so that readers see old bytes or new ones. Also copies, which share content.

import { mustExist, unreachable } from '../../../base/assert.ts';
import type { Ino } from '../../../base/ids.ts';
import type { Operation, Outcome } from '../../../model/operation.ts';
import { attributesOf, checkExpect } from './attributes.ts';
import { type PreparedContent, prepareContent } from './contents.ts';
import { type Context, refusal } from './context.ts';
import { type InodeDraft, mustInode, putInode } from './history.ts';
import { createNode, makeParents, type NodePlace } from './make.ts';
import type { FileInode, Inode } from './records-names.ts';
import { detachNode } from './remove.ts';
import { type Found, mustResolve, resolve } from './resolve.ts';
import { growTree, standingOf } from './tree.ts';

const newFileMode = 0o644;

export function publish(context: Context, operation: Extract<Operation, { kind: 'publish' }>): Outcome {
  const { path, attributes } = operation;
  const found = resolve(context.draft, path, 'final-symlink');
  const place = vacancy(context, found, { path, parents: operation.parents });
  const old = found.kind === 'entry' ? mustFile(context, found.dirent.ino, path) : undefined;
  if (found.kind === 'root') throw refusal('is-a-directory', { path });
  checkExpect(context, operation.expect, { ino: old?.ino, path });
  const content = prepareContent(context, operation.content);
  const base = old?.inode ?? { mode: newFileMode, uid: 0, gid: 0, mtimeMs: context.wallMs };
  const inode = fileInode(context, content, attributesOf({ mtimeMs: context.wallMs, ...attributes }, base));
  const ino = old === undefined
    ? createNode(context, { ...mustExist(place, 'a file that is not there has a place'), path, inode, content: 'fresh' })
    : replaceContent(context, old, inode, 'fresh');
  return { ok: true, index: context.index, ino, version: context.index, contentId: content.contentId };
}

export function copy(context: Context, operation: Extract<Operation, { kind: 'copy' }>): Outcome {
  const { from, to } = operation;
  const source = mustResolve(context.draft, from, 'never');
  if (source.kind === 'root' || source.dirent.kind === 'directory') throw refusal('is-a-directory', { path: from });
  const inode = mustInode(context, source.dirent.ino);
  const found = resolve(context.draft, to, inode.kind === 'symlink' ? 'never' : 'final-symlink');
  if (found.kind === 'root' || (found.kind === 'entry' && found.dirent.kind === 'directory')) throw refusal('is-a-directory', { path: to });
  if (found.kind === 'entry' && operation.replace === 'never') throw refusal('exists', { path: to });
  if (found.kind === 'entry' && found.dirent.ino === source.dirent.ino) throw refusal('same-file', { path: to, from });
  const ino = copyTo(context, { inode, found, to });
  return { ok: true, index: context.index, ino, version: context.index, ...(inode.kind === 'file' ? { contentId: inode.contentId } : {}) };
}

function copyTo(context: Context, copied: { readonly inode: Inode; readonly found: Exclude<Found, { kind: 'root' }>; readonly to: string }): Ino {
  const { inode, found, to } = copied;
  const fresh = { ...inode, mtimeMs: context.wallMs, ctimeMs: context.wallMs, links: 1 };
  if (found.kind === 'vacant') {
    const place = mustExist(vacancy(context, found, { path: to, parents: 'must-exist' }), 'vacant');
    return createNode(context, { ...place, path: to, inode: fresh, content: 'shared' });
  }
  if (inode.kind === 'file' && found.dirent.kind === 'file') {
    const old = mustFile(context, found.dirent.ino, to);
    const { mode, uid, gid } = old.inode;
    return replaceContent(context, old, { ...fresh, mode, uid, gid, kind: 'file', bytes: inode.bytes, contentId: inode.contentId, body: inode.body }, 'shared');
  }
  detachNode(context, found);
  return createNode(context, { parent: found.parent, name: found.name, path: to, inode: fresh, content: 'shared' });
}

/** Where to make what is not there; undefined when something is. */
function vacancy(context: Context, found: Found, wish: { readonly path: string; readonly parents: 'must-exist' | 'make' }): NodePlace | undefined {
  if (found.kind !== 'vacant') return undefined;
  if (wish.parents === 'must-exist' && found.rest.length > 0) throw refusal('not-found', { path: wish.path });
  return makeParents(context, found, wish.path);
}

interface OldFile {
  readonly ino: Ino;
  readonly inode: FileInode;
}

function mustFile(context: Context, ino: Ino, path: string): OldFile {
  const inode = mustInode(context, ino);
  switch (inode.kind) {
    case 'file': return { ino, inode };
    case 'directory': throw refusal('is-a-directory', { path });
    case 'symlink': throw refusal('not-a-file', { path });
    default: return unreachable(inode);
  }
}

function fileInode(context: Context, content: PreparedContent, attributes: ReturnType<typeof attributesOf>): InodeDraft & { readonly kind: 'file' } {
  return { kind: 'file', ...attributes, ctimeMs: context.wallMs, links: 1, ...content };
}

function replaceContent(context: Context, old: OldFile, inode: InodeDraft & { readonly kind: 'file' }, content: 'fresh' | 'shared'): Ino {
  putInode(context, old.ino, inode, content);
  const grown = inode.bytes - old.inode.bytes;
  const { parent } = standingOf(context.draft, old.ino);
  if (grown !== 0) growTree(context, parent as Ino, { children: 0, bytes: grown, inodes: 0 });
  return old.ino;
}
