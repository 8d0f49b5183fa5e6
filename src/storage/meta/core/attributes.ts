// Attributes and policies of existing nodes. A change writes a new version of the inode; contents are shared by both versions.

import type { Ino } from '../../../base/ids.ts';
import type { Attributes } from '../../../model/node-info.ts';
import type { AttributeChange, Expect, Operation, Outcome } from '../../../model/operation.ts';
import { classCode, parseStorageClass } from '../../../model/storage-class.ts';
import { type Context, refusal } from './context.ts';
import { mustInode, putInode } from './history.ts';
import { inodeTable } from './records-names.ts';
import { inoOf, mustResolve } from './resolve.ts';
import { touchDirectory } from './tree.ts';

const idMax = 0xffff_ffff;
/** What a JavaScript Date can show. */
const timeMax = 8.64e15;

export function mustMode(mode: number): number {
  if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) throw refusal('bad-request', { reason: 'mode', mode });
  return mode;
}

export function attributesOf(change: AttributeChange, base: Attributes): Attributes {
  const { uid = base.uid, gid = base.gid, mtimeMs = base.mtimeMs } = change;
  const fits = uid >= 0 && uid <= idMax && gid >= 0 && gid <= idMax && Math.abs(mtimeMs) <= timeMax;
  if (!fits) throw refusal('bad-request', { reason: 'attributes out of range' });
  return { mode: mustMode(change.mode ?? base.mode), uid, gid, mtimeMs };
}

/** The precondition of an operation on what it names. */
export function checkExpect(context: Context, expect: Expect | undefined, node: { readonly ino: Ino | undefined; readonly path: string }): void {
  if (expect === undefined) return;
  if (expect.kind === 'absent') {
    if (node.ino !== undefined) throw refusal('exists', { path: node.path });
    return;
  }
  const version = node.ino === undefined ? undefined : context.draft.get(inodeTable, node.ino)?.since.index;
  if (version !== expect.version) throw refusal('precondition-failed', { path: node.path, expected: expect.version, found: version ?? 'absent' });
}

export function setAttributes(context: Context, operation: Extract<Operation, { kind: 'set-attributes' }>): Outcome {
  const ino = inoOf(mustResolve(context.draft, operation.path, operation.follow));
  checkExpect(context, operation.expect, { ino, path: operation.path });
  const inode = mustInode(context, ino);
  const next = { ...inode, ...attributesOf(operation.change, inode), ctimeMs: context.wallMs };
  putInode(context, ino, next, 'shared');
  if (inode.kind === 'directory' && operation.change.mtimeMs !== undefined) touchDirectory(context, ino, next.mtimeMs);
  return { ok: true, index: context.index, ino, version: context.index };
}

export function setPolicy(context: Context, operation: Extract<Operation, { kind: 'set-policy' }>): Outcome {
  const ino = inoOf(mustResolve(context.draft, operation.path, 'final-symlink'));
  const inode = mustInode(context, ino);
  if (inode.kind !== 'directory') throw refusal('not-a-directory', { path: operation.path });
  const { policy: _old, ...rest } = inode;
  putInode(context, ino, { ...rest, ...policyOf(operation.storageClass), ctimeMs: context.wallMs }, 'fresh');
  return { ok: true, index: context.index, ino, version: context.index };
}

function policyOf(text: string | undefined): { readonly policy?: ReturnType<typeof classCode> } {
  if (text === undefined) return {};
  const storageClass = parseStorageClass(text);
  if (storageClass === undefined) throw refusal('bad-request', { reason: 'unknown storage class', storageClass: text });
  return { policy: classCode(storageClass) };
}
