// A file system as a tree of plain objects: what the namespace must do, said in the simplest way that is right. Slow and unbounded on purpose.
// Nodes know their parent; every operation returns 'ok' or the code of its refusal.

import { mustExist } from '../../src/base/assert.ts';
import type { Operation } from '../../src/model/operation.ts';

export interface ModelDirectory { readonly kind: 'directory'; parent: ModelDirectory | undefined; readonly children: Map<string, ModelNode>; mode: number }
export interface ModelFile { readonly kind: 'file'; text: string; mode: number }
export interface ModelLink { readonly kind: 'symlink'; readonly target: string; mode: number }
export type ModelNode = ModelDirectory | ModelFile | ModelLink;

class Refused {
  readonly code: string;

  constructor(code: string) {
    this.code = code;
  }
}

interface Spot {
  readonly directory: ModelDirectory;
  readonly name: string;
  readonly node: ModelNode | undefined;
  /** The name was said by a link. */
  readonly linked: boolean;
}

interface WalkName {
  readonly name: string;
  readonly linked: boolean;
}

interface WalkManner {
  readonly follow: 'final-symlink' | 'never';
  readonly makeParents: boolean;
  /** What to say when a link names something missing on the way. */
  readonly dangling: 'exists' | 'not-found';
  readonly hops: number;
}

export class NamespaceModel {
  readonly root: ModelDirectory = { kind: 'directory', parent: undefined, children: new Map(), mode: 0o755 };

  perform(operation: Operation): string {
    try {
      this.#perform(operation);
      return 'ok';
    } catch (error) {
      if (error instanceof Refused) return error.code;
      throw error;
    }
  }

  /** `path kind detail` of every node, sorted. */
  dump(): string[] {
    const lines: string[] = [];
    const visit = (directory: ModelDirectory, path: string): void => {
      for (const [name, node] of directory.children) {
        const here = `${path}/${name}`;
        const detail = node.kind === 'file' ? node.text.length : node.kind === 'symlink' ? node.target : `${node.children.size} ${weigh(node).join(' ')}`;
        lines.push(`${here} ${node.kind} ${node.mode} ${detail}`);
        if (node.kind === 'directory') visit(node, here);
      }
    };
    visit(this.root, '');
    return lines.sort();
  }

  #perform(operation: Operation): void {
    switch (operation.kind) {
      case 'make-directory': return this.#makeDirectory(operation);
      case 'publish': return this.#publish(operation);
      case 'symlink': {
        const spot = this.#find(operation.path, 'never');
        if (spot.node !== undefined) throw new Refused('exists');
        spot.directory.children.set(spot.name, { kind: 'symlink', target: operation.target, mode: 0o777 });
        return;
      }
      case 'rename': return this.#rename(operation.from, operation.to, operation.replace);
      case 'copy': return this.#copy(operation.from, operation.to, operation.replace);
      case 'remove': return this.#remove(operation.path, operation.what);
      case 'set-attributes': {
        const node = mustBe(this.#find(operation.path, operation.follow));
        if (operation.change.mode !== undefined) node.mode = operation.change.mode;
        return;
      }
      default: throw new Error(`not in the model: ${operation.kind}`);
    }
  }

  #makeDirectory(operation: Extract<Operation, { kind: 'make-directory' }>): void {
    const make = operation.parents === 'make';
    const spot = this.#findForDirectory(operation.path, make);
    if (spot.node !== undefined) {
      if (make && spot.node.kind === 'directory') return;
      throw new Refused('exists');
    }
    addDirectory(spot, operation.mode);
  }

  /** `mkdir -p` finds a link that leads nowhere in its way: something is there, yet no directory. */
  #findForDirectory(path: string, make: boolean): Spot {
    if (!make) return this.#find(path, 'never');
    const spot = this.#walk(this.root, typed(path), { follow: 'final-symlink', makeParents: true, dangling: 'exists', hops: 0 });
    if (spot.node === undefined && spot.linked) throw new Refused('exists');
    return spot;
  }

  #publish(operation: Extract<Operation, { kind: 'publish' }>): void {
    const text = operation.content.kind === 'inline' ? new TextDecoder().decode(operation.content.bytes) : '';
    const spot = this.#find(operation.path, 'final-symlink', operation.parents === 'make');
    if (spot.node === undefined) spot.directory.children.set(spot.name, { kind: 'file', text, mode: operation.attributes.mode ?? 0o644 });
    else if (spot.node.kind === 'file') spot.node.text = text;
    else throw new Refused('is-a-directory');
  }

  #rename(from: string, to: string, replace: 'allowed' | 'never'): void {
    const source = this.#find(from, 'never');
    const node = mustBe(source);
    if (node === this.root) throw new Refused('busy');
    const target = this.#find(to, 'never');
    if (target.node === this.root) throw new Refused('busy');
    if (target.node === node) return;
    if (target.node !== undefined && replace === 'never') throw new Refused('exists');
    for (let above: ModelDirectory | undefined = target.directory; above !== undefined; above = above.parent) {
      if (above === node) throw new Refused('into-itself');
    }
    if (target.node !== undefined) {
      if (node.kind !== 'directory' && target.node.kind === 'directory') throw new Refused('is-a-directory');
      if (node.kind === 'directory' && target.node.kind !== 'directory') throw new Refused('not-a-directory');
      if (target.node.kind === 'directory' && target.node.children.size > 0) throw new Refused('not-empty');
    }
    source.directory.children.delete(source.name);
    target.directory.children.set(target.name, node);
    if (node.kind === 'directory') node.parent = target.directory;
  }

  #copy(from: string, to: string, replace: 'allowed' | 'never'): void {
    const node = mustBe(this.#find(from, 'never'));
    if (node.kind === 'directory') throw new Refused('is-a-directory');
    const target = this.#find(to, node.kind === 'symlink' ? 'never' : 'final-symlink');
    if (target.node?.kind === 'directory') throw new Refused('is-a-directory');
    if (target.node !== undefined && replace === 'never') throw new Refused('exists');
    if (target.node === node) throw new Refused('same-file');
    if (target.node?.kind === 'file' && node.kind === 'file') target.node.text = node.text;
    else target.directory.children.set(target.name, { ...node });
  }

  #remove(path: string, what: 'file' | 'empty-directory' | 'tree'): void {
    const spot = this.#find(path, 'never');
    const node = mustBe(spot);
    if (node === this.root) throw new Refused('busy');
    if (what === 'file' && node.kind === 'directory') throw new Refused('is-a-directory');
    if (what === 'empty-directory' && node.kind !== 'directory') throw new Refused('not-a-directory');
    if (what === 'empty-directory' && node.kind === 'directory' && node.children.size > 0) throw new Refused('not-empty');
    spot.directory.children.delete(spot.name);
  }

  #find(path: string, follow: 'final-symlink' | 'never', makeParents = false): Spot {
    return this.#walk(this.root, typed(path), { follow, makeParents, dangling: 'not-found', hops: 0 });
  }

  #walk(start: ModelDirectory, names: readonly WalkName[], how: WalkManner): Spot {
    const [head, ...rest] = names;
    if (head === undefined) return this.#itself(start);
    if (head.name === '' || head.name === '.') return this.#walk(start, rest, how);
    if (head.name === '..') return this.#walk(start.parent ?? this.root, rest, how);
    const node = start.children.get(head.name);
    const last = rest.length === 0;
    if (node === undefined && last) return { directory: start, name: head.name, node, linked: head.linked };
    if (node === undefined) {
      if (head.linked) throw new Refused(how.dangling);
      if (!how.makeParents || rest.some((each) => ['', '.', '..'].includes(each.name))) throw new Refused('not-found');
      return this.#walk(addDirectory({ directory: start, name: head.name, node: undefined, linked: false }, 0o755), rest, how);
    }
    if (last && (node.kind !== 'symlink' || how.follow === 'never')) return { directory: start, name: head.name, node, linked: head.linked };
    if (node.kind === 'directory') return this.#walk(node, rest, how);
    if (node.kind === 'file') throw new Refused('not-a-directory');
    if (how.hops >= 40) throw new Refused('too-many-links');
    const inner = node.target.split('/').map((name) => ({ name, linked: true }));
    return this.#walk(node.target.startsWith('/') ? this.root : start, [...inner, ...rest], { ...how, hops: how.hops + 1 });
  }

  #itself(directory: ModelDirectory): Spot {
    if (directory.parent === undefined) return { directory, name: '', node: directory, linked: false };
    const [name] = mustExist([...directory.parent.children].find(([, node]) => node === directory), 'a directory is in its parent');
    return { directory: directory.parent, name, node: directory, linked: false };
  }
}

function typed(path: string): WalkName[] {
  return path.split('/').slice(1).map((name) => ({ name, linked: false }));
}

function addDirectory(spot: Spot, mode: number): ModelDirectory {
  const made: ModelDirectory = { kind: 'directory', parent: spot.directory, children: new Map(), mode };
  spot.directory.children.set(spot.name, made);
  return made;
}

function mustBe(spot: Spot): ModelNode {
  if (spot.node === undefined) throw new Refused('not-found');
  return spot.node;
}

/** Bytes and inodes below a directory. */
function weigh(directory: ModelDirectory): [number, number] {
  let bytes = 0;
  let inodes = 0;
  for (const node of directory.children.values()) {
    const [moreBytes, moreInodes] = node.kind === 'directory' ? weigh(node) : [node.kind === 'file' ? node.text.length : 0, 0];
    bytes += moreBytes;
    inodes += 1 + moreInodes;
  }
  return [bytes, inodes];
}
