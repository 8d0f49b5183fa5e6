// Folders for tests that need a real disk: made under the system's temporary folder, removed when the test is done with them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `use` with the path of an empty folder, and removes the folder whatever happens. */
export async function withTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeTempFolder();
  try {
    return await use(folder);
  } finally {
    await removeTempFolder(folder);
  }
}

/** For tests whose folder lives longer than one function; pair it with `removeTempFolder`. */
export function makeTempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'offshore-test-'));
}

export async function removeTempFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
