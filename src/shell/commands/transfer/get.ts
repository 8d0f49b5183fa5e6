// get: files and trees from the cluster. Bytes arrive verified, in a partial file beside the target, and take its name at the end.

import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { RemoteFile, RemoteFiles } from '../../../client/remote-files.ts';
import type { NodeInfo } from '../../../model/node-info.ts';
import { Option, ShellCommand, type Operand } from '../../base-command.ts';
import { escapeControls, formatSize } from '../../core/format.ts';
import { baseName } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { findLocal, makeLocalDirectory, placeLocalLink, receiveLocal, setLocalAttributes } from '../../local-files.ts';
import { findNamed } from '../../remote-open.ts';
import { walkRemote, type WalkedNode } from '../../remote-walk.ts';
import { ProgressView, progressMode } from '../../ui/progress.ts';

/** Where downloads go: into a local directory, at one name, or to stdout. */
type LocalTarget =
  | { readonly kind: 'into'; readonly directory: string; readonly existing: 'replace' | 'number' }
  | { readonly kind: 'at'; readonly path: string; readonly typed: string }
  | { readonly kind: 'stdout' };

export class Get extends ShellCommand {
  static override readonly names = ['get', 'download'];
  static override readonly side = 'get';
  static readonly help = {
    category: 'Transfer', description: 'Download files and trees',
    details: 'get REMOTE [LOCAL], or get REMOTE… DIRECTORY. A remote file may be named by the first five or more digits of its content id.\nWithout LOCAL an existing local name becomes name(1).ext; with LOCAL the file is replaced, as cp does. - is stdout.',
    examples: [['to a name', 'get /a out-a'], ['by content id', 'get 3fa9c'], ['a tree', 'get -r /backup/project .'], ['to a pipe', 'offshore get /all.tar - | tar x']],
  } as const;

  operands = Option.Rest({ name: 'remote… local', required: 1 });
  recursive = Option.Boolean('-r,-R,--recursive', false, { description: 'Directories with everything below' });
  noClobber = Option.Boolean('--no-clobber', false, { description: 'Never replace a file: take name(1).ext' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Ask before replacing' });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });
  transfers = Option.String('--transfers', { description: 'Files under way at once (4)' });
  progress = Option.String('--progress', { description: 'bars, plain, json or none' });

  #view: ProgressView | undefined;

  async execute(): Promise<number> {
    const transfers = this.transfers ?? String(limits.transfersDefault);
    if (!/^[1-9]\d?$/.test(transfers)) throw new UsageProblem('--transfers is a number from 1 to 99');
    const mode = progressMode({ option: this.progress, quiet: this.quiet, verbose: this.verbose, isTerminal: this.run.stderr.isTerminal });
    if (mode === undefined) throw new UsageProblem('--progress is bars, plain, json or none');
    const given = this.operands.length === 1 ? this.operands : this.operands.slice(0, -1);
    const sources = await this.remoteOperands(given);
    if (sources.length === 0) return this.statusFor(given.length);
    const remote = await this.remote();
    const target = await this.#target(sources.length);
    const toStdout = target.kind === 'stdout';
    this.#view = new ProgressView({ label: 'get', expected: {}, mode: toStdout && this.run.stdout.isTerminal ? 'none' : mode }, { sink: this.run.stderr, clock: this.session.deps.clock });
    try {
      await this.each(sources, 'cannot download', (source) => this.#one(remote, { source, target, transfers: Number(transfers) }));
    } finally {
      await this.#view.close();
    }
    return this.statusFor(given.length);
  }

  protected override async beforeMessage(): Promise<void> {
    await this.#view?.clear();
  }

  async #target(sources: number): Promise<LocalTarget> {
    if (this.operands.length === 1) return { kind: 'into', directory: this.session.localCwd, existing: 'number' };
    const typed = this.literal(this.operands.at(-1) ?? '');
    if (typed === '-') return { kind: 'stdout' };
    const path = this.localPath(typed);
    const there = await findLocal(path, 'final-symlink');
    const existing = this.noClobber ? 'number' : 'replace';
    if (there?.kind === 'directory') return { kind: 'into', directory: path.replace(/\/+$/, '') || '/', existing };
    if (sources > 1 || typed.endsWith('/')) {
      throw new OffshoreError(there === undefined ? 'not-found' : 'not-a-directory', {}, { message: `target ${quoteName(typed)} is not a directory` });
    }
    return { kind: 'at', path, typed };
  }

  async #one(remote: RemoteFiles, job: { readonly source: Operand; readonly target: LocalTarget; readonly transfers: number }): Promise<void> {
    const path = await findNamed(remote, { typed: job.source.typed, cwd: this.session.cwd }, this.signal);
    const node = await remote.stat(path, 'final-symlink', this.signal);
    if (node.kind === 'directory') {
      if (!this.recursive) throw new OffshoreError('is-a-directory', {}, { message: '-r not specified; omitting directory' });
      if (job.target.kind === 'stdout') throw new OffshoreError('is-a-directory', {}, { message: 'a directory cannot go to stdout' });
      return this.#tree(remote, { path, to: this.#place(job.target, baseName(path) || 'offshore'), transfers: job.transfers });
    }
    if (job.target.kind === 'stdout') return this.#toStdout(remote, path);
    const to = this.#place(job.target, baseName(path));
    const existing = this.noClobber || (job.target.kind === 'into' && job.target.existing === 'number') ? 'number' : 'replace';
    if (this.interactive && !this.force && existing === 'replace' && await findLocal(to, 'never') !== undefined && !await this.confirm(`replace ${quoteName(to)}?`)) return;
    this.#view?.expect({ bytes: node.bytes, files: 1 });
    await this.#file(await remote.open(path, this.signal), { path, to, existing });
  }

  #place(target: Exclude<LocalTarget, { kind: 'stdout' }>, name: string): string {
    return target.kind === 'at' ? target.path : `${target.directory === '/' ? '' : target.directory}/${name}`;
  }

  async #toStdout(remote: RemoteFiles, path: string): Promise<void> {
    const file = await remote.open(path, this.signal);
    for await (const bytes of this.#read(file, path)) await this.print(bytes);
  }

  #read(file: RemoteFile, path: string): AsyncIterable<Uint8Array> {
    const update = this.#view?.update;
    return file.read({ start: 0, end: file.node.bytes }, { signal: this.signal, ...(update === undefined ? {} : { onProgress: (progress) => update({ ...progress, path }) }) });
  }

  async #file(file: RemoteFile, job: { readonly path: string; readonly to: string; readonly existing: 'replace' | 'number' }): Promise<void> {
    const { path, to, existing } = job;
    if (this.dryRun) return this.#say(path, to, file.node);
    const placed = await receiveLocal(to, this.#read(file, path), { mode: file.node.mode, mtimeMs: file.node.mtimeMs, existing, rng: this.session.deps.rng });
    this.#view?.finish(path, { done: file.node.bytes, shared: 0 });
    if (this.json || this.verbose > 0) await this.#say(path, placed, file.node);
    else if (placed !== to) await this.note(`${escapeControls(baseName(path))} is here already: saved as ${escapeControls(baseName(placed))}`);
  }

  async #say(path: string, to: string, node: NodeInfo): Promise<void> {
    if (this.json) await this.jsonLine({ type: 'download', path, to, bytes: node.bytes, contentId: node.contentId, dryRun: this.dryRun });
    else await this.line(`${quoteName(path)} -> ${quoteName(to)}`);
  }

  // --- trees ---

  async #tree(remote: RemoteFiles, tree: { readonly path: string; readonly to: string; readonly transfers: number }): Promise<void> {
    const usage = await remote.usage(tree.path, this.signal);
    this.#view?.expect({ bytes: usage.bytes, files: usage.inodes });
    const counts = { files: 0, bytes: 0, directories: 0 };
    const directories: { readonly to: string; readonly node: NodeInfo }[] = [];
    const running = new Set<Promise<void>>();
    const walk = walkRemote(remote, tree.path, { signal: this.signal, onError: (path, error) => this.failWith(`cannot open directory ${quoteName(path)}`, path, error) });
    /** A directory that could not be made takes everything below it along. */
    const skipped: string[] = [];
    try {
      for await (const found of walk) {
        if (skipped.some((top) => found.path.startsWith(`${top}/`))) continue;
        const to = found.below === '' ? tree.to : `${tree.to}/${found.below}`;
        if (found.node.kind === 'file') {
          while (running.size >= tree.transfers) await Promise.race(running);
          const job = this.#treeFile(remote, found, to, counts).finally(() => running.delete(job));
          running.add(job);
          // Seen at once, so that a failure while the walk waits is not unhandled; the race or the end throws it.
          job.catch(() => undefined);
        } else if (await this.#treeOther(found, to)) {
          if (found.node.kind === 'directory') directories.push({ to, node: found.node });
          counts.directories += found.node.kind === 'directory' ? 1 : 0;
          this.beginMany();
        } else if (found.node.kind === 'directory') {
          skipped.push(found.path);
        }
      }
    } finally {
      await Promise.allSettled(running);
    }
    await Promise.all(running);
    this.signal.throwIfAborted();
    // Children before parents, after all files: writing into a directory changes its time, and its mode may forbid it.
    if (!this.dryRun) for (const { to, node } of directories.reverse()) await this.attempt(`cannot set attributes of ${quoteName(to)}`, to, () => setLocalAttributes(to, node));
    if (this.json) await this.jsonLine({ type: 'tree', path: tree.path, to: tree.to, ...counts });
    else {
      await this.#view?.clear();
      await this.note(`${escapeControls(tree.to)}: ${counts.files} files and ${counts.directories} directories, ${formatSize(counts.bytes, 'binary')}`);
    }
  }

  async #treeFile(remote: RemoteFiles, found: WalkedNode, to: string, counts: { files: number; bytes: number }): Promise<void> {
    await this.attempt(`cannot download ${quoteName(found.path)}`, found.path, async () => {
      if (this.interactive && !this.force && await findLocal(to, 'never') !== undefined && !await this.confirm(`replace ${quoteName(to)}?`)) return;
      await this.#file(await remote.open(found.path, this.signal), { path: found.path, to, existing: this.noClobber ? 'number' : 'replace' });
      counts.files += 1;
      counts.bytes += found.node.bytes;
    });
  }

  /** Directories and links; false when it failed. */
  async #treeOther(found: WalkedNode, to: string): Promise<boolean> {
    try {
      if (this.dryRun) await this.#say(found.path, to, found.node);
      else if (found.node.kind === 'directory') await makeLocalDirectory(to);
      else await placeLocalLink(to, found.node.target ?? '');
      if (found.node.kind === 'symlink') this.#view?.finish(found.path, { done: 0, shared: 0 });
      return true;
    } catch (error) {
      await this.failWith(`cannot create ${quoteName(to)}`, found.path, isOffshoreError(error, 'exists') ? new OffshoreError('not-a-directory', {}) : error);
      return false;
    }
  }
}
