// put: local files and trees into the cluster. A file appears whole or not at all; sending one again sends only what the
// cluster lacks, so an interrupted put is taken up by repeating it.

import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import type { WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { Receipt, RemoteFiles, TreeFile, UploadOptions } from '../../../client/remote-files.ts';
import type { AttributeChange, Operation } from '../../../model/operation.ts';
import { AlreadyReported, mustOk, Option, ShellCommand, type Operand } from '../../base-command.ts';
import { escapeControls, formatSize } from '../../core/format.ts';
import { baseName, joinRemote, meansDirectory, resolveRemote } from '../../core/remote-path.ts';
import { isAbort, quoteName, UsageProblem } from '../../failure.ts';
import { openLocalSource, readLocalLink, realLocal, statLocal, type LocalNode } from '../../local-files.ts';
import { walkLocal, type WalkedLocal } from '../../local-walk.ts';
import { BrokenPipe } from '../../sink.ts';
import { placeIn, remoteTarget } from '../../target.ts';
import { ProgressView, progressMode } from '../../ui/progress.ts';

export class Put extends ShellCommand {
  static override readonly names = ['put', 'upload'];
  static override readonly side = 'put';
  static readonly help = {
    category: 'Transfer', description: 'Upload files and trees',
    details: 'put LOCAL… REMOTE, or put LOCAL into the current directory. - is stdin. Mode, owner and time are kept.\nRepeating a put sends only what the cluster lacks. The receipt on stderr says what was reached.',
    examples: [['one file', 'put notes.txt /notes'], ['a tree', 'put -r project /backup/'], ['from a pipe', 'tar c . | offshore put - /all.tar']],
  } as const;

  operands = Option.Rest({ name: 'local… remote', required: 1 });
  recursive = Option.Boolean('-r,-R,--recursive', false, { description: 'Directories with everything below' });
  parents = Option.Boolean('-p,--parents', false, { description: 'Make missing directories of the target' });
  noClobber = Option.Boolean('--no-clobber', false, { description: 'Never replace a file' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Ask before replacing' });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });
  transfers = Option.String('--transfers', { description: 'Files under way at once (4)' });
  progress = Option.String('--progress', { description: 'bars, plain, json or none' });

  #view: ProgressView | undefined;

  async execute(): Promise<number> {
    const transfers = this.#transfers();
    const { sources, target } = await this.#sort();
    const remote = await this.remote();
    const count = sources.length;
    if (count === 0) return this.statusFor(1);
    const place = await remoteTarget(remote, { ...target, mode: count > 1 ? 'must-be-directory' : 'auto' }, this.signal).catch(async (error: unknown) => {
      await this.failWith(`target ${quoteName(target.typed)}`, target.path, error);
      return undefined;
    });
    if (place === undefined) return this.statusFor(1);
    this.#view = this.#makeView();
    try {
      await this.each(sources, 'cannot upload', async (source) => {
        if (source.typed === '-') {
          if (place.kind === 'into') throw new OffshoreError('is-a-directory', {}, { message: 'stdin needs the name of a file as its target' });
          return this.#stdin(remote, place.path);
        }
        const node = await statLocal(source.path, 'final-symlink');
        const to = placeIn(place, await this.#nameOf(source));
        if (node.kind === 'directory') {
          if (!this.recursive) throw new OffshoreError('is-a-directory', {}, { message: '-r not specified; omitting directory' });
          return this.#tree(remote, { source, to, transfers });
        }
        if (place.kind === 'at' && meansDirectory(target.typed)) throw new OffshoreError('not-a-directory', {}, { message: `target ${quoteName(target.typed)} is not a directory` });
        return this.#file(remote, { source, to, node });
      });
    } finally {
      await this.#view.close();
    }
    return this.statusFor(this.operands.length > 1 ? this.operands.length - 1 : 1);
  }

  #transfers(): number {
    const text = this.transfers ?? String(limits.transfersDefault);
    if (!/^[1-9]\d?$/.test(text)) throw new UsageProblem('--transfers is a number from 1 to 99');
    return Number(text);
  }

  #makeView(): ProgressView {
    const mode = progressMode({ option: this.progress, quiet: this.quiet, verbose: this.verbose, isTerminal: this.run.stderr.isTerminal });
    if (mode === undefined) throw new UsageProblem('--progress is bars, plain, json or none');
    return new ProgressView({ label: 'put', expected: {}, mode }, { sink: this.run.stderr, clock: this.session.deps.clock });
  }

  protected override async beforeMessage(): Promise<void> {
    await this.#view?.clear();
  }

  /** The last word is the target, unless it is the only one. */
  async #sort(): Promise<{ readonly sources: Operand[]; readonly target: Operand }> {
    const given = this.operands.length === 1 ? this.operands : this.operands.slice(0, -1);
    const last = this.operands.length === 1 ? '.' : this.literal(this.operands.at(-1) ?? '.');
    if (this.operands.length === 1 && given[0] === '-') throw new UsageProblem('put - needs the name of a remote file');
    return { sources: await this.localOperands(given), target: { typed: last, path: this.remotePath(last) } };
  }

  /** `put .` and `put ..` go under the name of the directory they mean. */
  async #nameOf(source: Operand): Promise<string> {
    const name = baseName(source.typed.replace(/\/+$/, ''));
    return name === '' || name === '.' || name === '..' || name === '~' ? baseName(await realLocal(source.path)) : name;
  }

  #options(attributes: AttributeChange): UploadOptions {
    const update = this.#view?.update;
    return {
      signal: this.signal, operationId: this.run.operationId, attributes, ...(update === undefined ? {} : { onProgress: update }),
      ...(this.parents ? { parents: 'make' } : {}), ...(this.noClobber ? { expect: { kind: 'absent' } } : {}),
    };
  }

  async #file(remote: RemoteFiles, file: { readonly source: Operand; readonly to: string; readonly node: LocalNode }): Promise<void> {
    if (!await this.#mayReplace(remote, file.to)) return;
    const source = await openLocalSource(file.source.path);
    if (this.dryRun) return this.#planned(file.source.typed, file.to);
    this.#view?.expect({ bytes: source.bytes, files: 1 });
    await this.#receipt(await remote.upload(source, file.to, this.#options(attributesOf(file.node))));
  }

  async #stdin(remote: RemoteFiles, to: string): Promise<void> {
    if (!await this.#mayReplace(remote, to)) return;
    if (this.dryRun) return this.#planned('-', to);
    const stream = this.run.stdin.bytes(this.signal);
    await this.#receipt(await remote.upload({ kind: 'stream', stream }, to, this.#options({ mode: 0o644 })));
  }

  async #mayReplace(remote: RemoteFiles, path: string): Promise<boolean> {
    if (!this.interactive || this.force || this.dryRun) return true;
    const there = await remote.stat(path, 'final-symlink', this.signal).then(() => true, (error: unknown) => {
      if (isOffshoreError(error, 'not-found')) return false;
      throw error;
    });
    return !there || this.confirm(`replace ${quoteName(path)}?`);
  }

  async #planned(from: string, to: string): Promise<void> {
    if (this.json) await this.jsonLine({ type: 'upload', from, path: to, dryRun: true });
    else await this.line(`${quoteName(from)} -> ${quoteName(to)}`);
  }

  async #receipt(receipt: Receipt): Promise<void> {
    this.#view?.finish(receipt.path, { done: receipt.bytes, shared: receipt.bytesShared });
    if (this.json) return this.jsonLine({ type: 'receipt', ...receipt });
    await this.#view?.clear();
    const shared = receipt.bytesShared > 0 ? `, ${formatSize(receipt.bytesShared, 'binary')} shared` : '';
    await this.note(`${escapeControls(receipt.path)}: ${formatSize(receipt.bytes, 'binary')}${receipt.bytes < 1024 ? ' bytes' : ''}, content ${receipt.contentId.slice(0, 5)}, index ${receipt.index}, `
      + `${receipt.copies} ${receipt.copies === 1 ? 'copy' : 'copies'}, survives ${receipt.lossesSurvived} ${receipt.lossesSurvived === 1 ? 'loss' : 'losses'}${shared}`);
  }

  // --- trees: directories first, then links, then files, at last the times of the directories, which making entries had changed ---

  async #tree(remote: RemoteFiles, tree: { readonly source: Operand; readonly to: string; readonly transfers: number }): Promise<void> {
    const counts = { files: 0, bytes: 0, shared: 0, failed: 0, directories: 0 };
    const batches = new Batches(remote, { signal: this.signal, operationId: this.run.operationId }, async (path, error) => {
      counts.failed += 1;
      await this.failWith(`cannot upload ${quoteName(path)}`, path, error);
    });
    const expected = { files: 0, bytes: 0 };
    for await (const found of this.#walk(tree.source, 'told')) {
      const to = this.#below(tree.to, found);
      if (to === undefined) {
        counts.failed += 1;
        await this.failWith(`cannot upload ${quoteName(found.path)}`, found.path, new OffshoreError('invalid-name', {}));
        continue;
      }
      if (found.node.kind === 'file') {
        expected.files += 1;
        expected.bytes += found.node.bytes;
      } else if (this.dryRun) {
        await this.#planned(found.path, to);
      } else if (found.node.kind === 'directory') {
        counts.directories += 1;
        await batches.add(found.path, [{ kind: 'make-directory', path: to, mode: found.node.mode | 0o700, parents: found.below === '' && !this.parents ? 'must-exist' : 'make' }]);
        // A top that cannot be made is one failure, not one for each file.
        if (found.below === '' && await batches.flush() > 0) throw new AlreadyReported();
        this.beginMany();
      } else if (found.node.kind === 'symlink') {
        await this.#link(batches, found.path, to);
      } else {
        await this.failWith(`cannot upload ${quoteName(found.path)}`, found.path, new OffshoreError('not-a-file', {}));
      }
    }
    await batches.flush();
    this.#view?.expect(expected);
    await this.#files(remote, tree, counts);
    if (!this.dryRun) await this.#directoryTimes(batches, tree);
    const summary = { type: 'tree', path: tree.to, ...counts };
    if (this.json) await this.jsonLine(summary);
    else {
      await this.#view?.clear();
      await this.note(`${escapeControls(tree.to)}: ${counts.files} files and ${counts.directories} directories, ${formatSize(counts.bytes, 'binary')}, ${formatSize(counts.shared, 'binary')} shared${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`);
    }
  }

  #walk(source: Operand, errors: 'told' | 'told-before'): AsyncGenerator<WalkedLocal> {
    return walkLocal(source.path, {
      signal: this.signal,
      onError: async (path, error) => { if (errors === 'told') await this.failWith(`cannot upload ${quoteName(path)}`, path, error); },
    });
  }

  /** Remote path of something below the top; undefined when its name cannot exist there (told in the first walk by the same check). */
  #below(top: string, found: WalkedLocal): string | undefined {
    if (found.below === '') return top;
    const path = joinRemote(top, found.below);
    try {
      return resolveRemote('/', path);
    } catch {
      return undefined;
    }
  }

  async #link(batches: Batches, from: string, to: string): Promise<void> {
    await this.attempt(`cannot upload ${quoteName(from)}`, from, async () => {
      const target = await readLocalLink(from);
      await batches.add(from, [{ kind: 'symlink', path: to, target }]);
    });
  }

  async #files(remote: RemoteFiles, tree: { readonly source: Operand; readonly to: string; readonly transfers: number }, counts: { files: number; bytes: number; shared: number; failed: number }): Promise<void> {
    const from = new Map<string, string>();
    const files = this.#treeFiles(tree, from, counts);
    for await (const outcome of remote.uploadTree(files, { ...this.#options({}), transfers: tree.transfers })) {
      const local = from.get(outcome.path) ?? outcome.path;
      from.delete(outcome.path);
      if (!outcome.ok) {
        counts.failed += 1;
        this.#view?.finish(outcome.path, { done: 0, shared: 0 });
        await this.failWith(`cannot upload ${quoteName(local)}`, outcome.path, outcome.error);
        continue;
      }
      counts.files += 1;
      counts.bytes += outcome.receipt.bytes;
      counts.shared += outcome.receipt.bytesShared;
      this.#view?.finish(outcome.path, { done: outcome.receipt.bytes, shared: outcome.receipt.bytesShared });
      if (this.json) await this.jsonLine({ type: 'receipt', ...outcome.receipt });
      else if (this.verbose > 0) await this.line(`${quoteName(local)} -> ${quoteName(outcome.path)}`);
    }
  }

  async *#treeFiles(tree: { readonly source: Operand; readonly to: string }, from: Map<string, string>, counts: { failed: number }): AsyncGenerator<TreeFile> {
    for await (const found of this.#walk(tree.source, 'told-before')) {
      if (found.node.kind !== 'file') continue;
      const to = this.#below(tree.to, found);
      if (to === undefined) continue;
      try {
        const source = await openLocalSource(found.path);
        if (this.dryRun) {
          await this.#planned(found.path, to);
          continue;
        }
        from.set(to, found.path);
        yield { path: to, source, attributes: attributesOf(found.node) };
      } catch (error) {
        if (error instanceof BrokenPipe || isAbort(error)) throw error;
        counts.failed += 1;
        await this.failWith(`cannot upload ${quoteName(found.path)}`, found.path, error);
      }
    }
  }

  async #directoryTimes(batches: Batches, tree: { readonly source: Operand; readonly to: string }): Promise<void> {
    for await (const found of this.#walk(tree.source, 'told-before')) {
      const to = found.node.kind === 'directory' ? this.#below(tree.to, found) : undefined;
      if (to !== undefined) await batches.add(found.path, [{ kind: 'set-attributes', path: to, change: attributesOf(found.node), follow: 'never' }]);
    }
    await batches.flush();
  }
}

function attributesOf(node: LocalNode): AttributeChange {
  return { mode: node.mode & 0o7777, uid: node.uid, gid: node.gid, mtimeMs: Math.max(0, node.mtimeMs) as WallMillis };
}

/** Collects operations and runs as many at once as one entry of the log takes. */
class Batches {
  readonly #remote: RemoteFiles;
  readonly #options: { readonly signal: AbortSignal; readonly operationId: string };
  readonly #onError: (path: string, error: unknown) => Promise<void>;
  #waiting: { readonly from: string; readonly operation: Operation }[] = [];

  constructor(remote: RemoteFiles, options: { readonly signal: AbortSignal; readonly operationId: string }, onError: (path: string, error: unknown) => Promise<void>) {
    this.#remote = remote;
    this.#options = options;
    this.#onError = onError;
  }

  async add(from: string, operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) this.#waiting.push({ from, operation });
    if (this.#waiting.length >= limits.entryCommandsMax) await this.flush();
  }

  /** Returns how many failed. */
  async flush(): Promise<number> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return 0;
    const outcomes = await this.#remote.run(batch.map((each) => each.operation), this.#options);
    let failed = 0;
    for (const [at, { from, operation }] of batch.entries()) {
      try {
        const outcome = outcomes[at];
        if (outcome?.ok === false && outcome.code === 'exists') await this.#settleExisting(operation, outcome.code);
        else mustOk(outcome);
      } catch (error) {
        if (isAbort(error)) throw error;
        failed += 1;
        await this.#onError(from, error);
      }
    }
    return failed;
  }

  /** Putting a tree again: a directory that is there is fine, a link takes the place of a file or link. */
  async #settleExisting(operation: Operation, code: 'exists'): Promise<void> {
    if (operation.kind !== 'make-directory' && operation.kind !== 'symlink') throw new OffshoreError(code, {});
    const there = await this.#remote.stat(operation.path, operation.kind === 'symlink' ? 'never' : 'final-symlink', this.#options.signal);
    if (operation.kind === 'make-directory') {
      if (there.kind !== 'directory') throw new OffshoreError(code, {});
      return;
    }
    if (there.kind === 'symlink' && there.target === operation.target) return;
    if (there.kind === 'directory') throw new OffshoreError('is-a-directory', {});
    const outcomes = await this.#remote.run([{ kind: 'remove', path: operation.path, what: 'file' }, operation], this.#options);
    for (const outcome of outcomes) mustOk(outcome);
  }
}
