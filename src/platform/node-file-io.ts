// The file port on Node's file system. Owns nothing: every durability step is explicit, every failure is passed on with its code.
// It must never retry a failed sync: after one the kernel may have dropped the pages ("fsyncgate"), so success would be a lie.

import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { assert } from '../base/assert.ts';
import { totalBytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { DiskSpace, FileHandle, FileIo } from '../storage/file-io.ts';

const openFlags = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
} as const;

/** Ending of the temporary file of `replaceFile`; a crash may leave one behind, the next call overwrites it. One call per path at a time. */
const temporaryEnding = '.tmp';

export function nodeFileIo(): FileIo {
  return {
    open: async (path, mode) => new NodeFileHandle(await fs.open(path, openFlags[mode], 0o640)),
    readFile,
    replaceFile,
    rename: (from, to) => fs.rename(from, to),
    removeFile: (path) => fs.rm(path, { force: true }),
    removeFolder: (path) => fs.rm(path, { force: true, recursive: true }),
    makeFolder: async (path) => void (await fs.mkdir(path, { recursive: true })),
    list: async (path) => ((await orUndefined(fs.readdir(path))) ?? []).sort(),
    syncFolder,
    space,
  };
}

async function readFile(path: string): Promise<Uint8Array | undefined> {
  const bytes = await orUndefined(fs.readFile(path));
  // A Buffer's `slice` shares memory where that of every other Uint8Array copies.
  return bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = path + temporaryEnding;
  try {
    await writeSynced(temporary, bytes);
    await fs.rename(temporary, path);
  } catch (error) {
    // On a full disk the part that was written must not take the rest.
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, 'w', 0o640);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function space(path: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await fs.statfs(path);
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}

/** Absence is an answer, every other failure is not. */
async function orUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

class NodeFileHandle implements FileHandle {
  readonly #file: fs.FileHandle;

  constructor(file: fs.FileHandle) {
    this.#file = file;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await this.#file.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  }

  /** pwritev may write less than asked: what is left is written again from where it stopped. */
  async write(offset: number, parts: readonly Uint8Array[]): Promise<void> {
    let rest = parts.filter((part) => part.length > 0);
    let at = offset;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest.slice(0, limits.writePartsMax), at);
      assert(bytesWritten > 0, 'a write that did not fail wrote something');
      at += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
    }
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  /**
   * Node has no fallocate: zeros are written over the part that has no blocks yet, and synced, so that size and blocks
   * are settled before the first record (a later fdatasync then writes no metadata).
   */
  async preallocate(bytes: number): Promise<void> {
    const zeros = new Uint8Array(limits.preallocateStepBytes);
    for (let at = await this.size(); at < bytes; at += zeros.length) {
      await this.write(at, [zeros.subarray(0, Math.min(zeros.length, bytes - at))]);
    }
    await this.#file.sync();
  }

  async truncate(bytes: number): Promise<void> {
    await this.#file.truncate(bytes);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function withoutFirst(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const rest: Uint8Array[] = [];
  for (const part of parts) {
    if (skip >= part.length) {
      skip -= part.length;
    } else {
      rest.push(part.subarray(skip));
      skip = 0;
    }
  }
  assert(skip === 0 && totalBytes(rest) <= totalBytes(parts), 'no more was written than was given');
  return rest;
}
