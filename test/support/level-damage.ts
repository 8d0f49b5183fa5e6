// Damage to the files of a closed LevelDB folder, the way disks and crashes do it.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, mustExist } from '../../src/base/assert.ts';
import { readLog, writeLog } from '../../src/storage/kv/core/level-log.ts';

export type LevelFileKind = 'log' | 'ldb';

/** Paths of the files of one kind, oldest first. */
export async function levelFiles(folder: string, kind: LevelFileKind): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => new RegExp(`^\\d+\\.${kind}$`).test(name));
  return names.sort((left, right) => parseInt(left, 10) - parseInt(right, 10)).map((name) => join(folder, name));
}

/** The write-ahead log that LevelDB appended to last. */
export async function newestLog(folder: string): Promise<string> {
  return mustExist((await levelFiles(folder, 'log')).at(-1), 'the folder has a write-ahead log');
}

export async function flipBitInFile(path: string, offset: number, bit = 0): Promise<void> {
  const bytes = await readFile(path);
  assert(offset >= 0 && offset < bytes.length, 'the bit to flip lies inside the file');
  bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
  await writeFile(path, bytes);
}

/**
 * Power loss in unsynced mode (`raft.md` 2.3, L3): the log was rotated without fsync and only its first `kept` records reached the
 * disk, while the log after it, which begins at record `rotatedAt`, survived because a later write was synced.
 */
export async function loseRotatedTail(folder: string, options: { readonly kept: number; readonly rotatedAt: number }): Promise<void> {
  const log = await newestLog(folder);
  const records = readLog(await readFile(log));
  assert(options.kept <= options.rotatedAt && options.rotatedAt < records.length, 'the newer log has records too');
  await writeFile(log, writeLog(records.slice(0, options.kept)));
  const later = join(folder, `${String(parseInt(log.slice(folder.length + 1), 10) + 50).padStart(6, '0')}.log`);
  await writeFile(later, writeLog(records.slice(options.rotatedAt)));
}
