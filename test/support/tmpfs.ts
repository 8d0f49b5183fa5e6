// Small file systems that really fill up. Needs root and the right to mount; a test that cannot have one must say so loudly.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';

const run = promisify(execFile);

/** Runs `use` on a mounted tmpfs of that size and always unmounts it. Returns false when nothing could be mounted. */
export async function withTmpfs(sizeBytes: number, use: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = await makeTempFolder();
  try {
    if (!(await mounted(folder, sizeBytes))) return false;
    try {
      await use(folder);
    } finally {
      await run('umount', ['--lazy', folder]);
    }
    return true;
  } finally {
    await removeTempFolder(folder);
  }
}

async function mounted(folder: string, sizeBytes: number): Promise<boolean> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
    return true;
  } catch {
    return false;
  }
}
