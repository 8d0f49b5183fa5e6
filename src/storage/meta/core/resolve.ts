// From a path to what stands there, following links as POSIX.1-2017 4.13 (Pathname Resolution) says, `..` of link targets included.
// Reads only; runs on a draft in apply and on a pinned state in queries.

import { assert, mustExist, unreachable } from '../../../base/assert.ts';
import type { Ino } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { refusal } from './context.ts';
import { parsePath } from './path.ts';
import { direntTable, type Dirent, inodeTable, standingTable } from './records-names.ts';
import type { Rows } from './tables.ts';

export const rootIno = 1 as Ino;

export interface FoundEntry {
  readonly kind: 'entry';
  readonly parent: Ino;
  readonly name: string;
  readonly dirent: Dirent;
}

/** Nothing has this name in `parent`. `rest`: names that would follow below it; `via`: whether the name is the user's or a link's. */
export interface Vacant {
  readonly kind: 'vacant';
  readonly parent: Ino;
  readonly name: string;
  readonly rest: readonly string[];
  readonly via: 'path' | 'link';
}

export type Found = { readonly kind: 'root' } | FoundEntry | Vacant;

/** Throws `not-a-directory`, `too-many-links`, and what the form of the path throws. A missing name is `vacant`, wherever it is. */
export function resolve(rows: Rows, path: string, follow: 'final-symlink' | 'never'): Found {
  const pending = parsePath(path).reverse();
  let current = rootIno;
  let hops = 0;
  /** Names still pending that came from the last link; the rest is the user's own. */
  let linked = 0;
  for (;;) {
    const name = pending.pop();
    if (name === undefined) return foundDirectory(rows, current);
    const via = linked > 0 ? 'link' : 'path';
    linked = Math.max(0, linked - 1);
    if (name === '' || name === '.') continue;
    if (name === '..') {
      current = parentOf(rows, current);
      continue;
    }
    const dirent = rows.get(direntTable, { parent: current, name });
    if (dirent === undefined) return { kind: 'vacant', parent: current, name, rest: pending.slice().reverse(), via };
    const last = pending.length === 0;
    if (last && (dirent.kind !== 'symlink' || follow === 'never')) return { kind: 'entry', parent: current, name, dirent };
    switch (dirent.kind) {
      case 'directory':
        current = dirent.ino;
        break;
      case 'file': throw refusal('not-a-directory', { path });
      case 'symlink': {
        hops += 1;
        if (hops > limits.symlinkHopsMax) throw refusal('too-many-links', { path });
        const target = targetOf(rows, dirent.ino);
        const names = target.split('/');
        linked += names.length;
        pending.push(...names.reverse());
        if (target.startsWith('/')) current = rootIno;
        break;
      }
      default: return unreachable(dirent.kind);
    }
  }
}

/** What exists at the path; throws `not-found` otherwise. */
export function mustResolve(rows: Rows, path: string, follow: 'final-symlink' | 'never'): FoundEntry | { readonly kind: 'root' } {
  const found = resolve(rows, path, follow);
  if (found.kind === 'vacant') throw refusal('not-found', { path });
  return found;
}

export function inoOf(found: FoundEntry | { readonly kind: 'root' }): Ino {
  return found.kind === 'root' ? rootIno : found.dirent.ino;
}

/** The directory above; the root is above itself. */
export function parentOf(rows: Rows, directory: Ino): Ino {
  const standing = mustExist(rows.get(standingTable, directory), 'every inode has a standing');
  return standing.parent === 0 ? rootIno : standing.parent as Ino;
}

function foundDirectory(rows: Rows, ino: Ino): Found {
  if (ino === rootIno) return { kind: 'root' };
  const standing = mustExist(rows.get(standingTable, ino), 'every inode has a standing');
  const parent = standing.parent as Ino;
  const dirent = mustExist(rows.get(direntTable, { parent, name: standing.name }), 'a standing names its directory entry');
  return { kind: 'entry', parent, name: standing.name, dirent };
}

function targetOf(rows: Rows, ino: Ino): string {
  const inode = mustExist(rows.get(inodeTable, ino), 'a directory entry names an inode');
  assert(inode.kind === 'symlink', 'a directory entry and its inode are of one kind');
  return inode.target;
}
