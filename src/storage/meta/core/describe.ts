// A node as readers see it, put together from its inode, its standing and, for files, nothing else: listing a directory reads two rows an entry.

import { mustExist, unreachable } from '../../../base/assert.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';
import type { Ino } from '../../../base/ids.ts';
import type { NodeInfo } from '../../../model/node-info.ts';
import { type ClassCode, formatStorageClass, fromClassCode } from '../../../model/storage-class.ts';
import { type Inode, inodeTable, standingTable, type Tally } from './records-names.ts';
import type { Rows } from './tables.ts';

export function describe(rows: Rows, ino: Ino): NodeInfo {
  const inode = mustExist(rows.get(inodeTable, ino), 'a directory entry names an inode');
  const tally = inode.kind === 'directory' ? mustExist(rows.get(standingTable, ino)?.tally, 'a directory has a tally') : undefined;
  return describeInode(ino, inode, tally);
}

export function describeInode(ino: Ino, inode: Inode, tally: Tally | undefined): NodeInfo {
  const { mode, uid, gid, mtimeMs, ctimeMs, links } = inode;
  const head = { ino, version: inode.since.index, mode, uid, gid, mtimeMs, ctimeMs, links };
  switch (inode.kind) {
    case 'file': return {
      ...head, kind: 'file', bytes: inode.bytes, contentId: inode.contentId,
      ...(inode.body.kind === 'chunked' ? { storageClass: className(inode.body.classCode) } : {}),
    };
    case 'symlink': return { ...head, kind: 'symlink', bytes: encodeUtf8(inode.target).length, target: inode.target };
    case 'directory': return {
      ...head, kind: 'directory', bytes: 0,
      ...(tally === undefined ? {} : { mtimeMs: tally.mtimeMs, children: tally.children, treeBytes: tally.treeBytes, treeInodes: tally.treeInodes }),
      ...(inode.policy === undefined ? {} : { storageClass: className(inode.policy) }),
    };
    default: return unreachable(inode);
  }
}

function className(code: ClassCode): string {
  return formatStorageClass(fromClassCode(code));
}
