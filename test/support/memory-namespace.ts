// A namespace in memory with the rules of the real one, for tests of what sits above the trackers. No history, no users.
// It decides which code every refused operation gets; the contract suite of remote-files checks the same of the real cluster.

import { unreachable } from '../../src/base/assert.ts';
import { OffshoreError, isOffshoreError } from '../../src/base/errors.ts';
import type { ContentId, Ino, LogIndex, WallMillis } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { DirectoryEntry, NodeInfo, NodeKind } from '../../src/model/node-info.ts';
import type { AttributeChange, Expect, Operation, Outcome } from '../../src/model/operation.ts';

interface NodeBase {
  readonly ino: Ino;
  version: LogIndex;
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: WallMillis;
  storageClass?: string;
}
/** `content` is what a test wants to keep of a file; its `bytes` and `contentId` are what `stat` shows. */
export interface StoredContent {
  readonly bytes: number;
  readonly contentId: ContentId;
  readonly storageClass?: string;
}
type FileNode<C> = NodeBase & { readonly kind: 'file'; content: C };
type DirectoryNode<C> = NodeBase & { readonly kind: 'directory'; readonly children: Map<string, TreeNode<C>> };
type SymlinkNode = NodeBase & { readonly kind: 'symlink'; readonly target: string };
type TreeNode<C> = FileNode<C> | DirectoryNode<C> | SymlinkNode;

/** Where a path ends: the directory and name, and what is there. The root has no name. */
interface Place<C> {
  readonly parent: DirectoryNode<C>;
  readonly name: string;
  readonly node?: TreeNode<C>;
}

export type Follow = 'final-symlink' | 'never';

export class MemoryNamespace<C extends StoredContent> {
  #index = 1;
  #inos = 1;
  readonly #root: DirectoryNode<C>;

  constructor() {
    this.#root = { ...this.#newBase(0o755), kind: 'directory', children: new Map() };
  }

  get index(): LogIndex {
    return this.#index as LogIndex;
  }

  /** A change of anything else that is in the log. */
  bump(): LogIndex {
    this.#index += 1;
    return this.index;
  }

  /** One operation as one log entry. `contentOf` turns a publish into what is kept; it may refuse. */
  apply(operation: Operation, contentOf: (operation: Extract<Operation, { kind: 'publish' }>) => C): Outcome {
    this.#index += 1;
    try {
      return { ok: true, index: this.index, ...this.#change(operation, contentOf) };
    } catch (error) {
      if (isOffshoreError(error)) return { ok: false, code: error.code, details: error.details };
      throw error;
    }
  }

  stat(path: string, follow: Follow): NodeInfo {
    return toInfo(this.#must(path, follow));
  }

  content(path: string): { readonly node: NodeInfo; readonly content: C } {
    const node = this.#must(path, 'final-symlink');
    if (node.kind !== 'file') throw new OffshoreError('is-a-directory', { path });
    return { node: toInfo(node), content: node.content };
  }

  list(path: string): { readonly directory: NodeInfo; readonly entries: readonly DirectoryEntry[] } {
    const node = this.#must(path, 'final-symlink');
    if (node.kind !== 'directory') throw new OffshoreError('not-a-directory', { path });
    return { directory: toInfo(node), entries: sortedEntries(node) };
  }

  usage(path: string): { readonly bytes: number; readonly inodes: number } {
    const node = this.#must(path, 'final-symlink');
    return { bytes: treeBytes(node), inodes: treeInodes(node) };
  }

  *files(): Generator<{ readonly path: string; readonly node: NodeInfo; readonly content: C }> {
    yield* filesBelow(this.#root, '');
  }

  /** Class of a new file in this directory. */
  newFileClass(path: string): string | undefined {
    let found: string | undefined;
    let node: TreeNode<C> | undefined = this.#root;
    for (const name of ['', ...namesOf(path)]) {
      if (name !== '') node = node?.kind === 'directory' ? node.children.get(name) : undefined;
      found = node?.storageClass ?? found;
    }
    return found;
  }

  #change(operation: Operation, contentOf: (operation: Extract<Operation, { kind: 'publish' }>) => C): Partial<Extract<Outcome, { ok: true }>> {
    switch (operation.kind) {
      case 'make-directory': return this.#makeDirectory(operation);
      case 'publish': return this.#publish(operation, contentOf);
      case 'rename': return this.#rename(operation);
      case 'copy': return this.#copy(operation);
      case 'symlink': return this.#symlink(operation);
      case 'remove': return this.#remove(operation);
      case 'set-attributes': return this.#setAttributes(operation);
      case 'set-policy': return this.#setPolicy(operation);
      case 'open-upload':
      case 'stage':
      case 'close-upload': return {};
      default: return unreachable(operation);
    }
  }

  #makeDirectory(operation: Extract<Operation, { kind: 'make-directory' }>): Partial<Extract<Outcome, { ok: true }>> {
    if (operation.parents === 'make') return made(this.#makeParents(namesOf(operation.path), operation.path, operation.mode));
    const place = this.#place(operation.path, 'never');
    if (place.node !== undefined) throw new OffshoreError('exists', { path: operation.path });
    return made(this.#add(place, { ...this.#newBase(operation.mode), kind: 'directory', children: new Map() }));
  }

  #publish(operation: Extract<Operation, { kind: 'publish' }>, contentOf: (operation: Extract<Operation, { kind: 'publish' }>) => C): Partial<Extract<Outcome, { ok: true }>> {
    const names = namesOf(operation.path);
    if (operation.parents === 'make' && names.length > 1) this.#makeParents(names.slice(0, -1), operation.path, 0o755);
    const place = this.#place(operation.path, 'final-symlink');
    checkExpect(operation.expect, place.node, operation.path);
    if (place.node?.kind === 'directory') throw new OffshoreError('is-a-directory', { path: operation.path });
    const content = contentOf(operation);
    const base = place.node === undefined ? this.#newBase(0o644) : { ...place.node, version: this.index };
    const node: FileNode<C> = { ...pickBase(base), kind: 'file', content, mtimeMs: this.#index as WallMillis };
    change(node, operation.attributes);
    return { ...made(this.#add(place, node)), contentId: content.contentId };
  }

  #rename(operation: Extract<Operation, { kind: 'rename' }>): Partial<Extract<Outcome, { ok: true }>> {
    const { from, to, replaced } = this.#pair(operation);
    const moved = mustBeThere(from.node, operation.from);
    checkExpect(operation.expect, moved, operation.from);
    if (moved === replaced) return made(moved);
    if (operation.to === operation.from || operation.to.startsWith(`${operation.from}/`)) throw new OffshoreError('into-itself', { path: operation.to });
    if (replaced !== undefined) checkReplace(moved, replaced, operation);
    from.parent.children.delete(from.name);
    return made(this.#add(to, moved));
  }

  #copy(operation: Extract<Operation, { kind: 'copy' }>): Partial<Extract<Outcome, { ok: true }>> {
    const { from, to, replaced } = this.#pair(operation);
    const source = mustBeThere(from.node, operation.from);
    if (source.kind === 'directory') throw new OffshoreError('is-a-directory', { path: operation.from });
    if (replaced !== undefined) checkReplace(source, replaced, operation);
    return made(this.#add(to, { ...source, ...this.#newBase(source.mode), mtimeMs: source.mtimeMs }));
  }

  #pair(operation: { readonly from: string; readonly to: string }): { readonly from: Place<C>; readonly to: Place<C>; readonly replaced?: TreeNode<C> } {
    if (operation.from === '/' || operation.to === '/') throw new OffshoreError('busy', { path: '/' });
    const from = this.#place(operation.from, 'never');
    mustBeThere(from.node, operation.from);
    const to = this.#place(operation.to, 'never');
    return { from, to, ...(to.node === undefined ? {} : { replaced: to.node }) };
  }

  #symlink(operation: Extract<Operation, { kind: 'symlink' }>): Partial<Extract<Outcome, { ok: true }>> {
    const place = this.#place(operation.path, 'never');
    if (place.node !== undefined) throw new OffshoreError('exists', { path: operation.path });
    return made(this.#add(place, { ...this.#newBase(0o777), kind: 'symlink', target: operation.target }));
  }

  #remove(operation: Extract<Operation, { kind: 'remove' }>): Partial<Extract<Outcome, { ok: true }>> {
    if (operation.path === '/') throw new OffshoreError('busy', { path: '/' });
    const place = this.#place(operation.path, 'never');
    const node = mustBeThere(place.node, operation.path);
    checkExpect(operation.expect, node, operation.path);
    if (operation.what === 'file' && node.kind === 'directory') throw new OffshoreError('is-a-directory', { path: operation.path });
    if (operation.what === 'empty-directory') {
      if (node.kind !== 'directory') throw new OffshoreError('not-a-directory', { path: operation.path });
      if (node.children.size > 0) throw new OffshoreError('not-empty', { path: operation.path });
    }
    place.parent.children.delete(place.name);
    return { removed: treeInodes(node) };
  }

  #setAttributes(operation: Extract<Operation, { kind: 'set-attributes' }>): Partial<Extract<Outcome, { ok: true }>> {
    const node = this.#must(operation.path, operation.follow);
    checkExpect(operation.expect, node, operation.path);
    change(node, operation.change);
    node.version = this.index;
    return made(node);
  }

  #setPolicy(operation: Extract<Operation, { kind: 'set-policy' }>): Partial<Extract<Outcome, { ok: true }>> {
    const node = this.#must(operation.path, 'final-symlink');
    if (node.kind !== 'directory') throw new OffshoreError('not-a-directory', { path: operation.path });
    if (operation.storageClass === undefined) delete node.storageClass;
    else node.storageClass = operation.storageClass;
    return made(node);
  }

  #makeParents(names: readonly string[], path: string, mode: number): TreeNode<C> {
    let directory: DirectoryNode<C> = this.#root;
    for (const [i, name] of names.entries()) {
      const found = directory.children.get(name);
      const followed = found?.kind === 'symlink' ? this.#must(`/${names.slice(0, i + 1).join('/')}`, 'final-symlink') : found;
      if (followed === undefined) {
        const child: DirectoryNode<C> = { ...this.#newBase(mode), kind: 'directory', children: new Map() };
        directory.children.set(name, child);
        directory = child;
      } else if (followed.kind === 'directory') {
        directory = followed;
      } else {
        throw new OffshoreError(i === names.length - 1 && path.endsWith(name) ? 'exists' : 'not-a-directory', { path });
      }
    }
    return directory;
  }

  #must(path: string, follow: Follow): TreeNode<C> {
    if (namesOf(path).length === 0) return this.#root;
    return mustBeThere(this.#place(path, follow).node, path);
  }

  /** Resolves all but the last name, and the last one too when it is a symlink to follow. */
  #place(path: string, follow: Follow, hops = 0): Place<C> {
    if (hops > limits.symlinkHopsMax) throw new OffshoreError('too-many-links', { path });
    const names = namesOf(path);
    const last = names.at(-1);
    if (last === undefined) return { parent: this.#root, name: '', node: this.#root };
    let directory: DirectoryNode<C> = this.#root;
    for (const [i, name] of names.slice(0, -1).entries()) {
      const found = mustBeThere(directory.children.get(name), path);
      if (found.kind === 'symlink') return this.#place(join(found.target, names.slice(0, i), names.slice(i + 1)), follow, hops + 1);
      if (found.kind !== 'directory') throw new OffshoreError('not-a-directory', { path });
      directory = found;
    }
    const node = directory.children.get(last);
    if (node?.kind === 'symlink' && follow === 'final-symlink') return this.#place(join(node.target, names.slice(0, -1), []), follow, hops + 1);
    return { parent: directory, name: last, ...(node === undefined ? {} : { node }) };
  }

  #add(place: Place<C>, node: TreeNode<C>): TreeNode<C> {
    place.parent.children.set(place.name, node);
    place.parent.mtimeMs = this.#index as WallMillis;
    return node;
  }

  #newBase(mode: number): NodeBase {
    const ino = this.#inos as Ino;
    this.#inos += 1;
    return { ino, version: this.index, mode, uid: 0, gid: 0, mtimeMs: this.#index as WallMillis };
  }
}

function made(node: NodeBase): Partial<Extract<Outcome, { ok: true }>> {
  return { ino: node.ino, version: node.version };
}

function pickBase(node: NodeBase): NodeBase {
  return { ino: node.ino, version: node.version, mode: node.mode, uid: node.uid, gid: node.gid, mtimeMs: node.mtimeMs };
}

function change(node: NodeBase, attributes: AttributeChange): void {
  node.mode = attributes.mode ?? node.mode;
  node.uid = attributes.uid ?? node.uid;
  node.gid = attributes.gid ?? node.gid;
  node.mtimeMs = attributes.mtimeMs ?? node.mtimeMs;
}

function mustBeThere<T>(node: T | undefined, path: string): T {
  if (node === undefined) throw new OffshoreError('not-found', { path });
  return node;
}

function checkExpect(expect: Expect | undefined, node: NodeBase | undefined, path: string): void {
  if (expect === undefined) return;
  if (expect.kind === 'absent' && node !== undefined) throw new OffshoreError('exists', { path });
  if (expect.kind === 'version' && node?.version !== expect.version) throw new OffshoreError('precondition-failed', { path });
}

function checkReplace<C>(moved: TreeNode<C>, replaced: TreeNode<C>, operation: { readonly to: string; readonly replace: 'allowed' | 'never' }): void {
  if (operation.replace === 'never') throw new OffshoreError('exists', { path: operation.to });
  if (replaced.kind !== 'directory' && moved.kind === 'directory') throw new OffshoreError('not-a-directory', { path: operation.to });
  if (replaced.kind === 'directory' && moved.kind !== 'directory') throw new OffshoreError('is-a-directory', { path: operation.to });
  if (replaced.kind === 'directory' && replaced.children.size > 0) throw new OffshoreError('not-empty', { path: operation.to });
}

function namesOf(path: string): readonly string[] {
  return path.split('/').filter((name) => name !== '');
}

/** The path that a symlink in directory `above` leads to, with the rest of the names below it. */
function join(target: string, above: readonly string[], below: readonly string[]): string {
  const names: string[] = target.startsWith('/') ? [] : [...above];
  for (const name of target.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${[...names, ...below].join('/')}`;
}

function treeBytes<C extends StoredContent>(node: TreeNode<C>): number {
  if (node.kind === 'file') return node.content.bytes;
  return node.kind === 'symlink' ? 0 : [...node.children.values()].reduce((sum, child) => sum + treeBytes(child), 0);
}

function treeInodes<C>(node: TreeNode<C>): number {
  return node.kind === 'directory' ? 1 + [...node.children.values()].reduce((sum, child) => sum + treeInodes(child), 0) : 1;
}

function sortedEntries<C extends StoredContent>(directory: DirectoryNode<C>): readonly DirectoryEntry[] {
  return [...directory.children]
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([name, node]) => ({ name, node: toInfo(node) }));
}

function* filesBelow<C extends StoredContent>(directory: DirectoryNode<C>, path: string): Generator<{ readonly path: string; readonly node: NodeInfo; readonly content: C }> {
  for (const [name, node] of directory.children) {
    if (node.kind === 'file') yield { path: `${path}/${name}`, node: toInfo(node), content: node.content };
    else if (node.kind === 'directory') yield* filesBelow(node, `${path}/${name}`);
  }
}

function toInfo<C extends StoredContent>(node: TreeNode<C>): NodeInfo {
  const kind: NodeKind = node.kind;
  const base = {
    ino: node.ino, kind, version: node.version, mode: node.mode, uid: node.uid, gid: node.gid, mtimeMs: node.mtimeMs,
    ctimeMs: node.version as number as WallMillis, links: 1,
  };
  switch (node.kind) {
    case 'file': return { ...base, bytes: node.content.bytes, contentId: node.content.contentId, ...classOf(node.content) };
    case 'symlink': return { ...base, bytes: Buffer.byteLength(node.target), target: node.target };
    case 'directory':
      return { ...base, bytes: 0, children: node.children.size, treeBytes: treeBytes(node), treeInodes: treeInodes(node), ...classOf(node) };
    default: return unreachable(node);
  }
}

function classOf(holder: { readonly storageClass?: string }): { readonly storageClass?: string } {
  return holder.storageClass === undefined ? {} : { storageClass: holder.storageClass };
}
