// Reads every table and write-ahead log of a LevelDB folder and compares all checksums: before the folder is opened, because opening
// and compacting carry damage into new files with fresh checksums; and at leisure later, for rot. It must never write.

import { DecodeError } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { FileIo } from '../file-io.ts';
import { checkLog } from './core/level-log.ts';
import { checkTable } from './core/level-table.ts';
import type { OpenKv } from './kv.ts';

/**
 * Throws `state-damaged` with the name of the file. A log that just ends too early passes: LevelDB drops its tail, which the owner
 * sees as an older state. While the store is open its newest log may be in the middle of an append: `tables` looks at tables only.
 */
export async function checkLevelFiles(io: FileIo, folder: string, scope: 'all' | 'tables', signal?: AbortSignal): Promise<void> {
  const names = await io.list(folder);
  // Without CURRENT, LevelDB would make a new database and remove the files of the old one.
  if (names.some(isDataFile) && !names.includes('CURRENT')) throw new OffshoreError('state-damaged', { folder, file: 'CURRENT' });
  for (const name of names) {
    signal?.throwIfAborted();
    const check = checkOf(name, scope);
    if (check === undefined) continue;
    const bytes = await io.readFile(`${folder}/${name}`);
    // Compaction may remove a table between the listing and the reading.
    if (bytes === undefined) continue;
    try {
      check(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new OffshoreError('state-damaged', { folder, file: name, reason: error.message }, { cause: error });
    }
  }
}

/** `open`, preceded by a check of all files. */
export function checkedOpen(open: OpenKv, io: FileIo): OpenKv {
  return async (folder) => {
    await checkLevelFiles(io, folder, 'all');
    return open(folder);
  };
}

function isDataFile(name: string): boolean {
  return /^\d+\.(ldb|sst|log)$/.test(name);
}

function checkOf(name: string, scope: 'all' | 'tables'): ((bytes: Uint8Array) => void) | undefined {
  if (/^\d+\.(ldb|sst)$/.test(name)) return checkTable;
  if (/^\d+\.log$/.test(name) && scope === 'all') return mustBeUndamaged;
  return undefined;
}

function mustBeUndamaged(log: Uint8Array): void {
  const check = checkLog(log);
  if (check.kind === 'damaged') throw new DecodeError(`log is damaged at byte ${check.at}`);
}
