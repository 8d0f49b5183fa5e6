// Port: files and folders with explicit durability. Implementations: platform/node-file-io, test/support/memory-file-io, the simulator's disk.

export interface FileHandle {
  /** Exactly `length` bytes from `offset`, fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Writes all parts one after the other from `offset`. */
  write(offset: number, parts: readonly Uint8Array[]): Promise<void>;
  /** fdatasync. After a failure the handle must not be used again. */
  sync(): Promise<void>;
  /** Reserves blocks so that later writes inside do not change the file's size. */
  preallocate(bytes: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface DiskSpace {
  readonly totalBytes: number;
  /** What this process may still use. */
  readonly freeBytes: number;
}

export interface FileIo {
  /** `create` fails when the file is there; `update` fails when it is not. */
  open(path: string, mode: 'read' | 'update' | 'create'): Promise<FileHandle>;
  /** The whole file; undefined when there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Temporary file, write, fsync, rename over `path`, fsync of the folder: old bytes or new ones, durable when resolved. */
  replaceFile(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** No error when it is absent already. */
  removeFile(path: string): Promise<void>;
  /** Removes a folder with everything in it; no error when absent. */
  removeFolder(path: string): Promise<void>;
  /** Makes the folder and its parents; no error when present. */
  makeFolder(path: string): Promise<void>;
  /** Names in the folder, sorted; empty when there is no folder. */
  list(path: string): Promise<readonly string[]>;
  syncFolder(path: string): Promise<void>;
  space(path: string): Promise<DiskSpace>;
}
