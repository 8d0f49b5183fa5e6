// Makes nodes: directories, symbolic links, and whatever `publish` and `copy` need made. One place writes dirent, inode, standing and sums of a new node.

import type { Ino } from '../../../base/ids.ts';
import type { Operation, Outcome } from '../../../model/operation.ts';
import { attributesOf, mustMode } from './attributes.ts';
import { type Context, refusal } from './context.ts';
import { type InodeDraft, insertInode, putDirent } from './history.ts';
import { checkName, checkTarget } from './path.ts';
import { allocatorsFact } from './records-facts.ts';
import { standingTable } from './records-names.ts';
import { resolve, rootIno, type Vacant } from './resolve.ts';
import { checkDepth, growTree } from './tree.ts';

/** Permission bits of directories made on the way (`mkdir -p`). */
const parentMode = 0o755;

export function makeDirectory(context: Context, operation: Extract<Operation, { kind: 'make-directory' }>): Outcome {
  const mode = mustMode(operation.mode);
  const found = resolve(context.draft, operation.path, operation.parents === 'make' ? 'final-symlink' : 'never');
  if (found.kind === 'vacant') {
    if (operation.parents === 'must-exist' && found.rest.length > 0) throw refusal('not-found', { path: operation.path });
    // The link itself is there, whatever it points to (mkdir(2): EEXIST).
    if (found.via === 'link') throw refusal('exists', { path: operation.path });
    const at = makeParents(context, found, operation.path);
    return made(context, createNode(context, { ...at, path: operation.path, inode: directory(context, mode), content: 'fresh' }));
  }
  const ino = found.kind === 'root' ? undefined : found.dirent;
  if (operation.parents === 'must-exist' || (ino !== undefined && ino.kind !== 'directory')) throw refusal('exists', { path: operation.path });
  return { ok: true, index: context.index };
}

export function makeSymlink(context: Context, operation: Extract<Operation, { kind: 'symlink' }>): Outcome {
  checkTarget(operation.target, operation.path);
  const found = resolve(context.draft, operation.path, 'never');
  if (found.kind !== 'vacant') throw refusal('exists', { path: operation.path });
  if (found.rest.length > 0) throw refusal('not-found', { path: operation.path });
  const inode = {
    kind: 'symlink', target: operation.target, mode: 0o777, uid: 0, gid: 0, mtimeMs: context.wallMs, ctimeMs: context.wallMs, links: 1,
  } as const;
  return made(context, createNode(context, { parent: found.parent, name: found.name, path: operation.path, inode, content: 'fresh' }));
}

export interface NodePlace {
  readonly parent: Ino;
  readonly name: string;
}

/** Makes the directories that lead to the last name of a vacant path, if it is more than one name away. */
export function makeParents(context: Context, vacant: Vacant, path: string): NodePlace {
  if (vacant.rest.length > 0 && (vacant.via === 'link' || vacant.rest.some((name) => name === '' || name === '.' || name === '..'))) throw refusal('not-found', { path });
  const levels = vacant.rest.length;
  if (levels === 0) return { parent: vacant.parent, name: vacant.name };
  checkDepth(context.draft, vacant.parent, { levels, path });
  let place: NodePlace = { parent: vacant.parent, name: vacant.name };
  vacant.rest.forEach((name, i) => {
    // Each holds the ones made after it: known now, so the sums above change once and not once a level.
    const below = levels - 1 - i;
    const ino = placeNode(context, { ...place, path, inode: directory(context, parentMode), content: 'fresh' }, { children: below > 0 ? 1 : 0, inodes: below });
    place = { parent: ino, name };
  });
  growTree(context, vacant.parent, { children: 1, bytes: 0, inodes: levels });
  return place;
}

export interface NewNode extends NodePlace {
  /** For messages. */
  readonly path: string;
  readonly inode: InodeDraft;
  readonly content: 'fresh' | 'shared';
}

export function createNode(context: Context, node: NewNode): Ino {
  checkDepth(context.draft, node.parent, { levels: 1, path: node.path });
  const ino = placeNode(context, node, { children: 0, inodes: 0 });
  growTree(context, node.parent, { children: 1, bytes: node.inode.kind === 'file' ? node.inode.bytes : 0, inodes: 1 });
  return ino;
}

/** The node's own rows; the sums of the directories above are the caller's. */
function placeNode(context: Context, node: NewNode, below: { readonly children: number; readonly inodes: number }): Ino {
  checkName(node.name, node.path);
  const { draft } = context;
  let ino = rootIno;
  draft.update(allocatorsFact, 'only', (allocators) => {
    ino = allocators.ino as Ino;
    return { ...allocators, ino: allocators.ino + 1 };
  });
  putDirent(context, node, { ino, kind: node.inode.kind });
  insertInode(context, ino, node.inode, node.content);
  const tally = node.inode.kind === 'directory' ? { tally: { children: below.children, mtimeMs: node.inode.mtimeMs, treeBytes: 0, treeInodes: below.inodes } } : {};
  draft.insert(standingTable, ino, { parent: node.parent, name: node.name, ...tally });
  return ino;
}

function directory(context: Context, mode: number): InodeDraft {
  return { kind: 'directory', ...attributesOf({ mode }, { mode, uid: 0, gid: 0, mtimeMs: context.wallMs }), ctimeMs: context.wallMs, links: 1 };
}

export function made(context: Context, ino: Ino): Outcome {
  return { ok: true, index: context.index, ino, version: context.index };
}
