// Which rows a command will read, as far as that can be told from rows known so far: the machine fetches them ahead, in a few rounds,
// so that apply itself never waits for a cold disk (`architecture.md` 3). Only a hint: apply reads whatever else it needs.

import type { Ino, PageId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import { partitionOf, sliceOf } from '../../../model/chunk.ts';
import type { ManifestEntry } from '../../../model/manifest.ts';
import type { Operation } from '../../../model/operation.ts';
import { type ClassCode, classCode, parseStorageClass } from '../../../model/storage-class.ts';
import type { Command } from './command.ts';
import type { Key } from './key.ts';
import { seederNameTable, seederTable, sessionTable } from './records-cluster.ts';
import { chunkTable, pageCountTable, pageTable } from './records-content.ts';
import { classTable, partitionTable, sliceTable, uploadTable } from './records-data.ts';
import { direntTable, inodeTable, standingTable } from './records-names.ts';
import { rootIno } from './resolve.ts';
import type { Table } from './tables.ts';

/** `undefined`: not fetched yet. `null`: no such row. */
export type Peek = (key: Key) => Uint8Array | null | undefined;

class Wishes {
  readonly keys = new Set<Key>();
  /** Directories by path, so that a thousand operations in one directory walk to it once. */
  readonly directories = new Map<string, Ino | 'elsewhere'>();
  readonly #heads: readonly string[];
  readonly #peek: Peek;

  constructor(heads: readonly string[], peek: Peek) {
    this.#heads = heads;
    this.#peek = peek;
  }

  /** The row when it is known; otherwise it is wished for, and whatever hangs on it waits for the next round. */
  want<K, V>(table: Table<K, V>, name: K): V | undefined {
    const bytes = this.wish(table, name);
    return bytes === undefined || bytes === null ? undefined : table.decode(bytes);
  }

  wish<K, V>(table: Table<K, V>, name: K): Uint8Array | null | undefined {
    const key = (this.#heads[table.number] as string) + table.key(name) as Key;
    const bytes = this.#peek(key);
    if (bytes === undefined) this.keys.add(key);
    return bytes;
  }
}

export function keysOf(commands: readonly Command[], heads: readonly string[], peek: Peek): ReadonlySet<Key> {
  const wishes = new Wishes(heads, peek);
  for (const command of commands) wishCommand(wishes, command);
  return wishes.keys;
}

function wishCommand(wishes: Wishes, command: Command): void {
  switch (command.kind) {
    case 'batch':
      if (command.session !== undefined) wishes.wish(sessionTable, command.session.id);
      for (const operation of command.operations) wishOperation(wishes, operation);
      return;
    case 'condemn':
    case 'forget-condemned':
      for (const chunk of command.chunks) wishes.wish(chunkTable, chunk);
      return;
    case 'set-layout':
      for (const move of command.moves) wishes.wish(partitionTable, { classCode: command.classCode, partition: move.partition });
      return;
    case 'settle':
      for (const item of command.items) wishes.wish(partitionTable, item);
      return;
    case 'register-seeder':
      wishes.wish(seederNameTable, command.name);
      return;
    case 'seeder-state':
      wishes.wish(seederTable, command.seeder);
      return;
    default:
      // The others read a handful of rows, or rows that are named by rows.
  }
}

function wishOperation(wishes: Wishes, operation: Operation): void {
  if ('path' in operation) wishPath(wishes, operation.path);
  if ('from' in operation) {
    wishPath(wishes, operation.from);
    wishPath(wishes, operation.to);
  }
  if (operation.kind === 'stage') {
    wishes.wish(uploadTable, operation.upload);
    wishEntries(wishes, operation.storageClass, operation.entries);
  }
  if (operation.kind === 'publish' && operation.content.kind === 'chunked') {
    const { content } = operation;
    for (const page of content.pages) {
      if (page.kind === 'carried') wishEntries(wishes, content.storageClass, page.entries);
      else wishStaged(wishes, content.storageClass, page.page);
    }
  }
}

/** Entry after entry as far as known. Links are not followed: rare, and then apply reads the rest itself. */
function wishPath(wishes: Wishes, path: string): void {
  const cut = path.lastIndexOf('/');
  const parent = directoryAt(wishes, path.slice(0, Math.max(cut, 0)));
  if (parent === 'elsewhere' || cut + 1 === path.length) return;
  const dirent = wishes.want(direntTable, { parent, name: path.slice(cut + 1) });
  if (dirent !== undefined) wishNode(wishes, dirent.ino);
}

function directoryAt(wishes: Wishes, path: string): Ino | 'elsewhere' {
  const known = wishes.directories.get(path);
  if (known !== undefined) return known;
  const found = path === '' ? rootIno : directoryIn(wishes, path);
  if (found !== 'elsewhere') wishes.wish(standingTable, found);
  wishes.directories.set(path, found);
  return found;
}

function directoryIn(wishes: Wishes, path: string): Ino | 'elsewhere' {
  const cut = path.lastIndexOf('/');
  const parent = cut < 0 || path.length > limits.pathBytesMax ? 'elsewhere' : directoryAt(wishes, path.slice(0, cut));
  if (parent === 'elsewhere') return 'elsewhere';
  const dirent = wishes.want(direntTable, { parent, name: path.slice(cut + 1) });
  return dirent?.kind === 'directory' ? dirent.ino : 'elsewhere';
}

function wishNode(wishes: Wishes, ino: Ino): void {
  wishes.wish(inodeTable, ino);
  wishes.wish(standingTable, ino);
}

function wishEntries(wishes: Wishes, storageClass: string, entries: readonly ManifestEntry[]): void {
  const code = codeOf(storageClass);
  if (code === undefined) return;
  const layout = wishes.want(classTable, code);
  for (const entry of entries) {
    if (entry.kind === 'hole') continue;
    wishes.wish(chunkTable, { classCode: code, chunk: entry.chunk });
    wishes.wish(sliceTable, { classCode: code, slice: sliceOf(entry.chunk) });
    if (layout !== undefined) wishes.wish(partitionTable, { classCode: code, partition: partitionOf(entry.chunk, layout.partitions) });
  }
}

function wishStaged(wishes: Wishes, storageClass: string, page: PageId): void {
  const code = codeOf(storageClass);
  if (code === undefined) return;
  wishes.wish(pageCountTable, { classCode: code, page });
  wishes.wish(pageTable, { classCode: code, page });
}

function codeOf(text: string): ClassCode | undefined {
  const parsed = parseStorageClass(text);
  return parsed === undefined ? undefined : classCode(parsed);
}
