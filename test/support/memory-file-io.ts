// A disk in memory for crash tests: writes are durable only after a sync, names only after a sync of their folder, and a power
// loss keeps a random part of the rest. It also fails on demand, fills up, flips bits, and counts.

import type { Rng } from '../../src/base/rng.ts';
import type { DiskSpace, FileHandle, FileIo } from '../../src/storage/file-io.ts';
import { diskError } from './disk-error.ts';
import { MemoryFile, type Tearing } from './memory-file.ts';
import { MemoryNames } from './memory-names.ts';

export type FileOperation = Exclude<keyof FileHandle, 'size' | 'close'> | keyof FileIo;

export interface MemoryDiskOptions {
  /** A write beyond it fails with ENOSPC, after the part that fitted. */
  readonly capacityBytes?: number;
  /** What a power loss keeps or loses as one. */
  readonly blockBytes?: number;
  readonly tearing?: Tearing;
}

export interface FileCounters {
  reads: number;
  writes: number;
  writtenBytes: number;
  syncs: number;
  folderSyncs: number;
}

export class MemoryFileIo implements FileIo {
  /** May be changed at any time: space freed, disk shrunk. */
  capacityBytes: number;
  readonly counters: FileCounters = { reads: 0, writes: 0, writtenBytes: 0, syncs: 0, folderSyncs: 0 };
  readonly #blockBytes: number;
  readonly #tearing: Tearing;
  readonly #names = new MemoryNames();
  readonly #failures = new Map<FileOperation, Error[]>();
  /** Handles of an earlier life of the machine or process are dead. */
  #life = 1;

  constructor(options: MemoryDiskOptions = {}) {
    this.capacityBytes = options.capacityBytes ?? Infinity;
    this.#blockBytes = options.blockBytes ?? 512;
    this.#tearing = options.tearing ?? 'whole';
  }

  /** The next call of `operation` throws `error`; several calls queue up. A failed `sync` also forgets what it should have written. */
  failNext(operation: FileOperation, error: Error = diskError('EIO')): void {
    this.#failures.set(operation, [...(this.#failures.get(operation) ?? []), error]);
  }

  /** Damage at rest: on the disk and in what is read from now on. */
  flipBit(path: string, offset: number, bit = 0): void {
    this.#names.mustFind(path).flipBit(offset, bit);
  }

  /** Power loss. Open the files again. */
  crash(rng: Rng): void {
    this.#life += 1;
    this.#names.crash(rng);
    for (const file of this.#names.files()) file.crash(rng, this.#blockBytes, this.#tearing);
  }

  /** The process dies and the machine lives: everything written stays. */
  kill(): void {
    this.#life += 1;
  }

  /** Paths of all files, sorted. */
  paths(): readonly string[] {
    return this.#names.paths();
  }

  get usedBytes(): number {
    let used = 0;
    for (const file of this.#names.files()) used += file.size;
    return used;
  }

  async open(path: string, mode: 'read' | 'update' | 'create'): Promise<FileHandle> {
    this.#maybeFail('open');
    if (mode === 'create') {
      if (this.#names.find(path) !== undefined) throw diskError('EEXIST', path);
      this.#names.set(path, new MemoryFile());
    }
    return this.#handle(this.#names.mustFind(path), mode);
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#maybeFail('readFile');
    this.counters.reads += 1;
    const file = this.#names.find(path);
    return file?.read(0, file.size);
  }

  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    this.#maybeFail('replaceFile');
    this.#names.mustHaveFolder(this.#names.parentOf(path));
    const file = new MemoryFile();
    this.#write(file, 0, bytes);
    file.sync();
    this.counters.syncs += 1;
    this.#names.set(path, file);
    this.#syncFolder(this.#names.parentOf(path));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#maybeFail('rename');
    this.#names.rename(from, to);
  }

  async removeFile(path: string): Promise<void> {
    this.#maybeFail('removeFile');
    this.#names.remove(path);
  }

  async removeFolder(path: string): Promise<void> {
    this.#maybeFail('removeFolder');
    this.#names.removeFolder(path);
  }

  async makeFolder(path: string): Promise<void> {
    this.#maybeFail('makeFolder');
    this.#names.makeFolder(path);
  }

  async list(path: string): Promise<readonly string[]> {
    this.#maybeFail('list');
    return this.#names.list(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#maybeFail('syncFolder');
    this.#syncFolder(path);
  }

  async space(_path: string): Promise<DiskSpace> {
    this.#maybeFail('space');
    const totalBytes = Math.min(this.capacityBytes, Number.MAX_SAFE_INTEGER);
    return { totalBytes, freeBytes: Math.max(0, totalBytes - this.usedBytes) };
  }

  #handle(file: MemoryFile, mode: 'read' | 'update' | 'create'): FileHandle {
    const life = this.#life;
    let closed = false;
    const begin = (operation: FileOperation): void => {
      if (closed || life !== this.#life || (mode === 'read' && operation !== 'read')) throw diskError('EBADF');
      this.#maybeFail(operation);
    };
    return {
      read: async (offset, length) => {
        begin('read');
        this.counters.reads += 1;
        return file.read(offset, length);
      },
      write: async (offset, parts) => {
        begin('write');
        let at = offset;
        for (const part of parts) {
          this.#write(file, at, part);
          at += part.length;
        }
      },
      sync: async () => {
        try {
          begin('sync');
        } catch (error) {
          if (life === this.#life) file.failSync();
          throw error;
        }
        this.counters.syncs += 1;
        file.sync();
      },
      preallocate: async (bytes) => {
        begin('preallocate');
        if (bytes > file.size) this.#write(file, file.size, new Uint8Array(bytes - file.size));
        file.sync();
      },
      truncate: async (bytes) => {
        begin('truncate');
        file.truncate(bytes);
      },
      size: async () => file.size,
      close: async () => {
        closed = true;
      },
    };
  }

  #write(file: MemoryFile, offset: number, bytes: Uint8Array): void {
    const grow = Math.max(0, offset + bytes.length - file.size);
    const lacking = grow === 0 ? 0 : Math.max(0, this.usedBytes + grow - this.capacityBytes);
    const fitting = bytes.subarray(0, Math.max(0, bytes.length - lacking));
    file.write(offset, fitting);
    this.counters.writes += 1;
    this.counters.writtenBytes += fitting.length;
    if (fitting.length < bytes.length) throw diskError('ENOSPC');
  }

  #syncFolder(path: string): void {
    this.#names.sync(path);
    this.counters.folderSyncs += 1;
  }

  #maybeFail(operation: FileOperation): void {
    const [error, ...later] = this.#failures.get(operation) ?? [];
    this.#failures.set(operation, later);
    if (error !== undefined) throw error;
  }
}
