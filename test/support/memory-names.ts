// The names of the memory disk: which path leads to which file now, and which would after a power loss. A change of names is durable
// after a sync of a folder it touches; folders themselves are durable at once.

import { assert } from '../../src/base/assert.ts';
import type { Rng } from '../../src/base/rng.ts';
import { diskError } from './disk-error.ts';
import type { MemoryFile } from './memory-file.ts';

type Names = Map<string, MemoryFile>;

interface NameChange {
  readonly folders: readonly string[];
  readonly apply: (names: Names) => void;
}

export class MemoryNames {
  readonly #folders = new Set<string>(['/', '.']);
  #now: Names = new Map();
  #durable: Names = new Map();
  #changes: NameChange[] = [];

  paths(): readonly string[] {
    return [...this.#now.keys()].sort();
  }

  files(): ReadonlySet<MemoryFile> {
    return new Set(this.#now.values());
  }

  find(path: string): MemoryFile | undefined {
    return this.#now.get(normal(path));
  }

  mustFind(path: string): MemoryFile {
    const file = this.find(path);
    if (file === undefined) throw diskError('ENOENT', path);
    return file;
  }

  /** Gives `path` to `file`; whatever had it before has no name any more. */
  set(path: string, file: MemoryFile): void {
    const name = normal(path);
    this.mustHaveFolder(parentOf(name));
    if (this.#folders.has(name)) throw diskError('EISDIR', path);
    this.#change([parentOf(name)], (names) => void names.set(name, file));
  }

  remove(path: string): void {
    const name = normal(path);
    if (this.#folders.has(name)) throw diskError('EISDIR', path);
    const file = this.#now.get(name);
    if (file === undefined) return;
    this.#change([parentOf(name)], (names) => {
      if (names.get(name) === file) names.delete(name);
    });
  }

  rename(from: string, to: string): void {
    const names = { from: normal(from), to: normal(to) };
    this.mustHaveFolder(parentOf(names.to));
    if (this.#folders.has(names.from)) this.#renameFolder(names);
    else this.#renameFile(names, this.mustFind(from));
  }

  makeFolder(path: string): void {
    for (let name = normal(path); !this.#folders.has(name); name = parentOf(name)) {
      if (this.#now.has(name)) throw diskError('EEXIST', path);
      this.#folders.add(name);
    }
  }

  removeFolder(path: string): void {
    const name = normal(path);
    for (const file of this.paths()) if (isInside(file, name)) this.remove(file);
    for (const folder of [...this.#folders]) if (folder === name || isInside(folder, name)) this.#folders.delete(folder);
  }

  list(path: string): readonly string[] {
    const name = normal(path);
    return [...this.#now.keys(), ...this.#folders]
      .filter((each) => each !== name && parentOf(each) === name)
      .map((each) => each.slice(each.lastIndexOf('/') + 1))
      .sort();
  }

  mustHaveFolder(path: string): void {
    if (!this.#folders.has(normal(path))) throw diskError('ENOENT', path);
  }

  parentOf(path: string): string {
    return parentOf(normal(path));
  }

  sync(folder: string): void {
    this.mustHaveFolder(folder);
    const name = normal(folder);
    for (const change of this.#changes) if (change.folders.includes(name)) change.apply(this.#durable);
    this.#changes = this.#changes.filter((change) => !change.folders.includes(name));
  }

  /** Each change since the last sync of its folder is there or not; a rename is there as a whole. */
  crash(rng: Rng): void {
    for (const change of this.#changes) if (rng() < 0.5) change.apply(this.#durable);
    this.#changes = [];
    this.#now = new Map(this.#durable);
  }

  #change(folders: readonly string[], apply: NameChange['apply']): void {
    apply(this.#now);
    this.#changes.push({ folders, apply });
  }

  #renameFile({ from, to }: { readonly from: string; readonly to: string }, file: MemoryFile): void {
    if (this.#folders.has(to)) throw diskError('EISDIR', to);
    this.#change([parentOf(from), parentOf(to)], (names) => {
      if (names.get(from) === file) names.delete(from);
      names.set(to, file);
    });
  }

  #renameFolder({ from, to }: { readonly from: string; readonly to: string }): void {
    if (this.list(to).length > 0) throw diskError('ENOTEMPTY', to);
    const moved = (path: string): string => to + path.slice(from.length);
    const inside = [...this.#folders].filter((folder) => folder === from || isInside(folder, from));
    for (const folder of inside) this.#folders.add(moved(folder));
    for (const folder of inside) this.#folders.delete(folder);
    this.#change([parentOf(from), parentOf(to)], (names) => {
      for (const [path, file] of [...names]) {
        if (!isInside(path, from)) continue;
        names.delete(path);
        names.set(moved(path), file);
      }
    });
  }
}

/** Paths are compared as text: no doubled or trailing slash, no `./` in front. */
function normal(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  assert(path !== '' && !parts.includes('..'), 'a path of the memory disk is plain');
  return (path.startsWith('/') ? '/' : '') + parts.join('/') || '.';
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : slash === 0 ? '/' : '.';
}

function isInside(path: string, folder: string): boolean {
  if (folder === '.') return !path.startsWith('/') && path !== '.';
  return path !== folder && path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
