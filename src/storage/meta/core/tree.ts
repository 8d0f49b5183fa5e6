// Standings and tallies: where inodes hang, and what every directory above them sums up. No version, no history (`architecture.md` 3, Shape).

import { mustExist } from '../../../base/assert.ts';
import type { Ino, WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { type Context, refusal } from './context.ts';
import { parentOf, rootIno } from './resolve.ts';
import { type Standing, standingTable, type Tally } from './records-names.ts';
import type { Rows } from './tables.ts';

export interface TreeChange {
  /** Entries gained by the directory itself. */
  readonly children: number;
  readonly bytes: number;
  readonly inodes: number;
}

export function standingOf(rows: Rows, ino: Ino): Standing {
  return mustExist(rows.get(standingTable, ino), 'every inode has a standing');
}

export function tallyOf(rows: Rows, directory: Ino): Tally {
  return mustExist(standingOf(rows, directory).tally, 'a directory has a tally');
}

/** Adds to a directory and to every directory above it. Its mtime moves when its entries change. */
export function growTree(context: Context, directory: Ino, change: TreeChange): void {
  const entriesChanged = change.children !== 0 || change.inodes !== 0;
  let above = 0;
  context.draft.update(standingTable, directory, (standing) => {
    above = standing.parent;
    const tally = mustExist(standing.tally, 'a directory has a tally');
    return grown(standing, change, { children: tally.children + change.children, mtimeMs: entriesChanged ? context.wallMs : tally.mtimeMs });
  });
  if (change.bytes === 0 && change.inodes === 0) return;
  while (above !== 0) {
    context.draft.update(standingTable, above as Ino, (standing) => {
      above = standing.parent;
      const tally = mustExist(standing.tally, 'a directory has a tally');
      return grown(standing, change, tally);
    });
  }
}

function grown(standing: Standing, change: TreeChange, own: { readonly children: number; readonly mtimeMs: WallMillis }): Standing {
  const { parent, name } = standing;
  const tally = mustExist(standing.tally, 'a directory has a tally');
  const treeBytes = tally.treeBytes + change.bytes;
  // Copies and sparse files cost nothing, so their lengths add up to any number.
  if (!Number.isSafeInteger(treeBytes)) throw refusal('quota-exceeded', { bytes: tally.treeBytes });
  return { parent, name, tally: { children: own.children, mtimeMs: own.mtimeMs, treeBytes, treeInodes: tally.treeInodes + change.inodes } };
}

/** A directory's mtime is set by its owner. */
export function touchDirectory(context: Context, directory: Ino, mtimeMs: WallMillis): void {
  context.draft.update(standingTable, directory, (standing) => ({ ...standing, tally: { ...mustExist(standing.tally, 'a directory has a tally'), mtimeMs } }));
}

/** Throws `path-too-long` when `levels` further levels in the directory would lie too deep. Deep trees cost every operation inside them. */
export function checkDepth(rows: Rows, directory: Ino, more: { readonly levels: number; readonly path: string }): void {
  const { levels, path } = more;
  let depth = levels;
  if (depth > limits.directoryDepthMax) throw refusal('path-too-long', { path });
  for (let ino = directory; ino !== rootIno; ino = parentOf(rows, ino)) {
    depth += 1;
    if (depth > limits.directoryDepthMax) throw refusal('path-too-long', { path });
  }
}

/** True when `inside` is `top` or hangs somewhere below it. */
export function isWithin(rows: Rows, inside: Ino, top: Ino): boolean {
  for (let ino = inside; ; ino = parentOf(rows, ino)) {
    if (ino === top) return true;
    if (ino === rootIno) return false;
  }
}
