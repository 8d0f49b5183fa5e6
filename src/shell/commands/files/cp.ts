// cp: copies inside the cluster by sharing chunks; no byte travels. Trees are made directory by directory, in batches.

import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { RemoteFiles } from '../../../client/remote-files.ts';
import type { AttributeChange, Operation } from '../../../model/operation.ts';
import type { NodeInfo } from '../../../model/node-info.ts';
import { mustOk, Option, ShellCommand, type Operand } from '../../base-command.ts';
import { baseName, isWithin } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { walkRemote } from '../../remote-walk.ts';
import { placeIn, remoteTarget } from '../../target.ts';

export class Cp extends ShellCommand {
  static override readonly names = ['cp', 'copy'];
  static override readonly shorts = 't';
  static readonly help = {
    category: 'Change', description: 'Copy inside the cluster', details: 'Shares the chunks: a copy of any size takes no space and no time to send.\nBetween here and the cluster: put and get.',
    examples: [['a tree', 'cp -r /a /b']],
  } as const;

  operands = Option.Rest({ name: 'source… target' });
  recursive = Option.Boolean('-r,-R,--recursive', false, { description: 'Directories with everything below' });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Ask before replacing' });
  noClobber = Option.Boolean('-n,--no-clobber', false, { description: 'Replace nothing' });
  preserve = Option.Boolean('-p,--preserve', false, { description: 'Keep mode, owner and time' });
  noTargetDirectory = Option.Boolean('-T,--no-target-directory', false, { description: 'The target is the new name, never a directory to copy into' });
  targetDirectory = Option.String('-t,--target-directory', { description: 'Copy everything into this directory' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    const typedTarget = this.targetDirectory ?? this.operands.at(-1);
    const given = this.targetDirectory === undefined ? this.operands.slice(0, -1) : this.operands;
    if (typedTarget === undefined || given.length === 0) throw new UsageProblem('missing operand: source and target are needed');
    const sources = await this.remoteOperands(given);
    if (sources.length === 0) return this.statusFor(given.length);
    const remote = await this.remote();
    const target = this.targetDirectory === undefined ? await this.oneRemote(typedTarget) : { typed: typedTarget, path: this.remotePath(typedTarget) };
    const mode = this.noTargetDirectory ? 'never-into' : sources.length > 1 || this.targetDirectory !== undefined ? 'must-be-directory' : 'auto';
    const place = await remoteTarget(remote, { ...target, mode }, this.signal).catch(async (error: unknown) => {
      await this.failWith(`target ${quoteName(target.typed)}`, target.path, error);
      return undefined;
    });
    if (place === undefined) return this.statusFor(1);
    await this.each(sources, 'cannot copy', (source) => this.#copy(remote, source, placeIn(place, baseName(source.path))));
    return this.statusFor(given.length);
  }

  async #copy(remote: RemoteFiles, source: Operand, to: string): Promise<void> {
    // Without -r a link stands for what it leads to, with -r for itself (GNU).
    const node = await remote.stat(source.path, this.recursive ? 'never' : 'final-symlink', this.signal);
    if (node.kind === 'directory') {
      if (!this.recursive) throw new OffshoreError('is-a-directory', {}, { message: '-r not specified; omitting directory' });
      if (isWithin(source.path, to)) throw new OffshoreError('into-itself', {}, { message: `Cannot copy a directory into itself, ${quoteName(to)}` });
      return this.#tree(remote, source, to);
    }
    if (source.path === to) throw new UsageProblem(`${quoteName(source.typed)} and ${quoteName(to)} are the same file`);
    const existing = await this.#find(remote, to);
    if (existing !== undefined) {
      if (this.noClobber) return;
      if (existing.kind === 'directory') throw new OffshoreError('is-a-directory', {}, { message: `Cannot overwrite directory ${quoteName(to)}` });
      if (this.interactive && !this.force && !await this.confirm(`replace ${quoteName(to)}?`)) return;
    }
    const from = this.recursive || node.kind !== 'file' ? source.path : await this.#behindLinks(remote, source.path);
    await this.#run(remote, [{ from, operations: this.#copyOperations(from, to, node) }]);
  }

  /** The path of the file that a chain of links ends at: the tracker copies a link as a link. */
  async #behindLinks(remote: RemoteFiles, path: string): Promise<string> {
    let at = path;
    for (let hops = 0; hops <= limits.symlinkHopsMax; hops += 1) {
      const node = await remote.stat(at, 'never', this.signal);
      if (node.kind !== 'symlink') return at;
      at = this.#joined(at, node.target ?? '');
    }
    throw new OffshoreError('too-many-links', { path });
  }

  #joined(link: string, target: string): string {
    return this.remotePath(target.startsWith('/') ? target : `${link}/../${target}`);
  }

  async #tree(remote: RemoteFiles, source: Operand, to: string): Promise<void> {
    let batch: Step[] = [];
    const directories: Operation[] = [];
    const walk = walkRemote(remote, source.path, { signal: this.signal, onError: (path, error) => this.failWith(`cannot open directory ${quoteName(path)}`, path, error) });
    for await (const { path, below, node } of walk) {
      const target = below === '' ? to : `${to === '/' ? '' : to}/${below}`;
      if (node.kind === 'directory') {
        batch.push({ from: path, operations: [{ kind: 'make-directory', path: target, mode: node.mode, parents: 'must-exist' }] });
        if (this.preserve) directories.push({ kind: 'set-attributes', path: target, change: keep(node), follow: 'never' });
      } else {
        batch.push({ from: path, operations: this.#copyOperations(path, target, node) });
      }
      if (batch.length >= limits.entryCommandsMax / 2) {
        await this.#run(remote, batch);
        batch = [];
      }
    }
    await this.#run(remote, batch);
    // Last: making something in a directory changes its time.
    if (!this.dryRun) for (const outcome of await remote.run(directories.reverse(), { signal: this.signal, operationId: this.run.operationId })) mustOk(outcome);
  }

  #copyOperations(from: string, to: string, node: NodeInfo): Operation[] {
    const copy: Operation = { kind: 'copy', from, to, replace: this.noClobber ? 'never' : 'allowed' };
    const change: AttributeChange = this.preserve ? keep(node) : { mtimeMs: Math.floor(this.session.deps.clock.wallMs()) as NodeInfo['mtimeMs'] };
    return [copy, { kind: 'set-attributes', path: to, change, follow: 'never' }];
  }

  /** Runs the steps in one go; the first refusal inside a step is its error, and an existing directory is none. */
  async #run(remote: RemoteFiles, steps: readonly Step[]): Promise<void> {
    const outcomes = this.dryRun ? [] : await remote.run(steps.flatMap((step) => step.operations), { signal: this.signal, operationId: this.run.operationId });
    let at = 0;
    for (const step of steps) {
      const own = outcomes.slice(at, at + step.operations.length);
      at += step.operations.length;
      const [first] = step.operations;
      const to = first?.kind === 'copy' ? first.to : first?.kind === 'make-directory' ? first.path : '';
      await this.attempt(`cannot copy ${quoteName(step.from)} to ${quoteName(to)}`, step.from, async () => {
        const refused = own.find((outcome) => !outcome.ok);
        if (refused?.ok === false && refused.code === 'exists' && first?.kind === 'make-directory') {
          if ((await remote.stat(to, 'final-symlink', this.signal)).kind !== 'directory') mustOk(refused);
          return;
        }
        if (refused?.ok === false && refused.code === 'exists' && this.noClobber) return;
        if (refused !== undefined) mustOk(refused);
        if (this.json) await this.jsonLine({ type: 'copy', from: step.from, to, dryRun: this.dryRun });
        else if (this.verbose > 0 || this.dryRun) await this.line(`${quoteName(step.from)} -> ${quoteName(to)}`);
      });
    }
  }

  async #find(remote: RemoteFiles, path: string): Promise<NodeInfo | undefined> {
    try {
      return await remote.stat(path, 'never', this.signal);
    } catch (error) {
      if (isOffshoreError(error, 'not-found')) return undefined;
      throw error;
    }
  }
}

interface Step {
  readonly from: string;
  readonly operations: readonly Operation[];
}

function keep(node: NodeInfo): AttributeChange {
  return { mode: node.mode, uid: node.uid, gid: node.gid, mtimeMs: node.mtimeMs };
}
