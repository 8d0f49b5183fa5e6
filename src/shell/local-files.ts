// The local disk as the shell uses it; the only file here that imports node:fs. Owns: names as strict UTF-8, errors as codes
// of our table, sources that notice a file changing under an upload, downloads that appear whole or not at all.

import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { isOffshoreError, messageOf, OffshoreError } from '../base/errors.ts';
import type { ErrorCodeName } from '../base/error-codes.ts';
import type { Rng } from '../base/rng.ts';
import { randomInt } from '../base/rng.ts';
import { MiB, limits } from '../base/limits.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { UploadSource } from '../client/remote-files.ts';
import { baseName, parentOf } from './core/remote-path.ts';
import { toBytes, type Sink } from './sink.ts';

export interface LocalNode {
  /** `other`: a device, a socket or a pipe. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly bytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** `bad-name`: the name is no UTF-8, so the cluster cannot have it; `shown` has its odd bytes as `\xff`. */
export type LocalEntry =
  | { readonly kind: 'file' | 'directory' | 'symlink' | 'other'; readonly name: string }
  | { readonly kind: 'bad-name'; readonly shown: string };

export async function statLocal(path: string, follow: 'final-symlink' | 'never'): Promise<LocalNode> {
  return guarded(path, async () => toNode(await (follow === 'never' ? fs.lstat(checked(path)) : fs.stat(checked(path)))));
}

/** As statLocal, but undefined where nothing is. */
export async function findLocal(path: string, follow: 'final-symlink' | 'never'): Promise<LocalNode | undefined> {
  try {
    return await statLocal(path, follow);
  } catch (error) {
    if (isOffshoreError(error, 'not-found') || isOffshoreError(error, 'not-a-directory')) return undefined;
    throw error;
  }
}

/** Entries of a directory in the order of their names. One directory's names are held at once. */
export async function listLocal(path: string): Promise<LocalEntry[]> {
  return guarded(path, async () => {
    const entries = await fs.readdir(checked(path), { withFileTypes: true, encoding: 'buffer' });
    const listed: LocalEntry[] = entries.map((entry) => {
      const bytes = entry.name as unknown as Uint8Array;
      const name = decodeUtf8(bytes);
      if (name === undefined) return { kind: 'bad-name', shown: showBytes(bytes) };
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : entry.isSymbolicLink() ? 'symlink' : 'other';
      return { kind, name };
    });
    return listed.sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  });
}

function nameOf(entry: LocalEntry): string {
  return entry.kind === 'bad-name' ? entry.shown : entry.name;
}

function showBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)).join('');
}

export async function readLocalLink(path: string): Promise<string> {
  return guarded(path, async () => {
    const target = decodeUtf8(await fs.readlink(checked(path), 'buffer'));
    if (target === undefined) throw new OffshoreError('invalid-name', { path }, { message: 'Link target is not UTF-8' });
    return target;
  });
}

export async function realLocal(path: string): Promise<string> {
  return guarded(path, () => fs.realpath(checked(path)));
}

/** Makes one directory; one that is already there (a real one, not a link to one) is fine. */
export async function makeLocalDirectory(path: string): Promise<'made' | 'was-there'> {
  return guarded(path, async () => {
    try {
      await fs.mkdir(checked(path), { mode: 0o700 });
      return 'made';
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || !(await fs.lstat(path)).isDirectory()) throw error;
      return 'was-there';
    }
  });
}

/** A symbolic link that takes the place of any file or link there; a directory stays and is an error. */
export async function placeLocalLink(path: string, target: string): Promise<void> {
  return guarded(path, async () => {
    try {
      await fs.symlink(checked(target), checked(path));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      await fs.unlink(path);
      await fs.symlink(target, path);
    }
  });
}

export async function setLocalAttributes(path: string, attributes: { readonly mode: number; readonly mtimeMs: number }): Promise<void> {
  return guarded(path, async () => {
    await fs.chmod(path, attributes.mode & 0o777);
    const seconds = attributes.mtimeMs / 1000;
    await fs.utimes(path, seconds, seconds);
  });
}

/** A file to upload. Each read opens it anew, so that a tree of a million files holds no descriptors. */
export async function openLocalSource(path: string): Promise<Extract<UploadSource, { kind: 'file' }>> {
  const first = await guarded(path, () => fs.stat(checked(path)));
  if (!first.isFile()) throw new OffshoreError(first.isDirectory() ? 'is-a-directory' : 'not-a-file', { path });
  await guarded(path, () => fs.access(path, constants.R_OK));
  return {
    kind: 'file', bytes: first.size,
    read: (offset, length) => guarded(path, async () => {
      const handle = await fs.open(path, 'r');
      try {
        const now = await handle.stat();
        // Half of one version and half of the next must never become a file: chunks are read at different times.
        if (now.ino !== first.ino || now.size !== first.size || now.mtimeMs !== first.mtimeMs) throw new OffshoreError('changed', { path });
        return await readFully(handle, offset, length);
      } finally {
        await handle.close();
      }
    }),
  };
}

async function readFully(handle: fs.FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new OffshoreError('changed', {});
    filled += bytesRead;
  }
  return buffer;
}

/** Bytes of a file in order, for `<` and `source`. */
export async function* readLocal(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await guarded(path, () => fs.open(checked(path), 'r'));
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await guarded(path, () => handle.read({ buffer: new Uint8Array(MiB / 4) }));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A small text file; undefined when it is not there. More than `bytesMax` is an error. */
export async function readLocalText(path: string, bytesMax: number): Promise<string | undefined> {
  const node = await findLocal(path, 'final-symlink');
  if (node === undefined) return undefined;
  if (node.bytes > bytesMax) throw new OffshoreError('body-too-large', { path }, { message: 'File too large' });
  return guarded(path, () => fs.readFile(path, 'utf8'));
}

/** The command history: whole file at the start, lines appended as they are typed; readable by its owner only. */
export async function appendHistory(path: string, line: string): Promise<void> {
  await guarded(path, async () => {
    await fs.mkdir(parentOf(path), { recursive: true, mode: 0o700 });
    await fs.appendFile(path, `${line}\n`, { mode: 0o600 });
  });
}

export async function replaceHistory(path: string, lines: readonly string[]): Promise<void> {
  await guarded(path, async () => {
    const temporary = `${path}.new`;
    await fs.writeFile(temporary, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    await fs.rename(temporary, path);
  });
}

/** A local file that output is redirected to. */
export class LocalFileSink implements Sink {
  readonly isTerminal = false;
  readonly columns = 80;
  readonly #path: string;
  readonly #handle: fs.FileHandle;

  private constructor(path: string, handle: fs.FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  static async open(path: string, how: 'write' | 'append'): Promise<LocalFileSink> {
    return new LocalFileSink(path, await guarded(path, () => fs.open(checked(path), how === 'write' ? 'w' : 'a')));
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes(data);
    await guarded(this.#path, async () => {
      for (let at = 0; at < bytes.length;) at += (await this.#handle.write(bytes, at)).bytesWritten;
    });
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    await guarded(this.#path, () => this.#handle.close());
  }
}

export interface ReceiveOptions {
  readonly mode: number;
  readonly mtimeMs: number;
  /** `replace` writes over a file as cp does; `number` goes to `name(1).ext` when something has the name. */
  readonly existing: 'replace' | 'number';
  readonly rng: Rng;
}

/** Downloads next to the target, makes it durable, then gives it its name in one step. Returns the path it got. */
export async function receiveLocal(path: string, chunks: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<string> {
  const partial = partialName(checked(path), options.rng);
  const handle = await guarded(path, () => fs.open(partial, 'wx', 0o600));
  let isPlaced = false;
  try {
    try {
      for await (const chunk of chunks) await guarded(path, () => writeFully(handle, chunk));
      await guarded(path, async () => {
        await handle.chmod(options.mode & 0o777);
        const seconds = options.mtimeMs / 1000;
        await handle.utimes(seconds, seconds);
        await handle.sync();
      });
    } finally {
      await handle.close();
    }
    const placed = await guarded(path, () => (options.existing === 'replace' ? replaceByRename(partial, path) : placeNumbered(partial, path)));
    isPlaced = true;
    await syncDirectory(parentOf(path));
    return placed;
  } finally {
    if (!isPlaced) await fs.rm(partial, { force: true });
  }
}

async function writeFully(handle: fs.FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
}

async function replaceByRename(partial: string, path: string): Promise<string> {
  const there = await findLocal(path, 'never');
  if (there?.kind === 'directory') throw new OffshoreError('is-a-directory', { path });
  await fs.rename(partial, path);
  return path;
}

/** `link` refuses an existing name in one step, so two downloads of one name never overwrite each other. */
async function placeNumbered(partial: string, path: string): Promise<string> {
  for (let number = 0; ; number += 1) {
    const candidate = number === 0 ? path : numberedName(path, number);
    try {
      await fs.link(partial, candidate);
      await fs.unlink(partial);
      return candidate;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EEXIST') continue;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
      // A file system without hard links: the look before the rename is the best there is.
      if ((await findLocal(candidate, 'never')) !== undefined) continue;
      await fs.rename(partial, candidate);
      return candidate;
    }
  }
}

/** `a.tar(1).gz`: the number goes before the last extension, as the original shell did. */
export function numberedName(path: string, number: number): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  const cut = path.length - name.length + (dot > 0 ? dot : name.length);
  return `${path.slice(0, cut)}(${number})${path.slice(cut)}`;
}

function partialName(path: string, rng: Rng): string {
  const suffix = `.offshore-${Array.from({ length: 6 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'.charAt(randomInt(rng, 0, 35))).join('')}.partial`;
  let name = baseName(path);
  // The name may use all 255 bytes itself.
  while (encodeUtf8(`.${name}${suffix}`).length > limits.nameBytesMax) name = [...name].slice(0, -1).join('');
  return `${path.slice(0, path.length - baseName(path).length)}.${name}${suffix}`;
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await fs.open(path, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    // Some file systems cannot sync a directory; the file itself is safe by then.
    await handle.sync().catch(() => undefined);
  } finally {
    await handle.close();
  }
}

/** `~` and relative paths against the shell's local directory. `..` is left to the system, which knows the links. */
export function resolveLocal(cwd: string, typed: string, home: string | undefined): string {
  if (home !== undefined && (typed === '~' || typed.startsWith('~/'))) return `${home}${typed.slice(1)}`;
  if (typed.startsWith('/')) return typed;
  return typed === '' || typed === '.' ? cwd : `${cwd === '/' ? '' : cwd}/${typed}`;
}

function toNode(stats: Stats): LocalNode {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'other';
  // utimes takes seconds as a double, which may land a fraction of a microsecond below the millisecond that was asked for.
  const mtimeMs = Math.floor(stats.mtimeMs + 0.01);
  return {
    kind, bytes: stats.size, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, links: stats.nlink, mtimeMs, ino: stats.ino,
  };
}

/** Node throws a TypeError for NUL; a lone surrogate would silently become another name. */
function checked(path: string): string {
  if (path.includes('\0') || /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(path)) throw new OffshoreError('invalid-name', { path });
  return path;
}

const codes: Readonly<Record<string, ErrorCodeName>> = {
  ENOENT: 'not-found', EACCES: 'permission-denied', EPERM: 'permission-denied', EROFS: 'permission-denied', EEXIST: 'exists', ENOTDIR: 'not-a-directory',
  EISDIR: 'is-a-directory', ENOTEMPTY: 'not-empty', ENOSPC: 'disk-full', EDQUOT: 'quota-exceeded', ELOOP: 'too-many-links', ENAMETOOLONG: 'path-too-long',
  EBUSY: 'busy',
};

async function guarded<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const code = codes[errno];
    throw new OffshoreError(code ?? 'local-io', { path, errno }, { cause: error, ...(code === undefined ? { message: messageOf(error) } : {}) });
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
