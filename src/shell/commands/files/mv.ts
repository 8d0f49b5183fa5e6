// mv: renames; a whole tree is one entry of the log.

import { isOffshoreError } from '../../../base/errors.ts';
import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { baseName } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { placeIn, remoteTarget } from '../../target.ts';

export class Mv extends ShellCommand {
  static override readonly names = ['mv', 'rename', 'move'];
  static override readonly shorts = 't';
  static readonly help = { category: 'Change', description: 'Rename or move', examples: [['into a directory', 'mv *.log /old/'], ['never over something', 'mv -n a b']] } as const;

  operands = Option.Rest({ name: 'source… target' });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Ask before replacing' });
  noClobber = Option.Boolean('-n,--no-clobber', false, { description: 'Replace nothing' });
  noTargetDirectory = Option.Boolean('-T,--no-target-directory', false, { description: 'The target is the new name, never a directory to move into' });
  targetDirectory = Option.String('-t,--target-directory', { description: 'Move everything into this directory' });
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
    const place = await this.#place(target, mode);
    if (place === undefined) return this.statusFor(1);
    await this.each(sources, 'cannot move', async ({ path, typed }) => {
      const to = placeIn(place, baseName(path));
      if (path === to) throw new UsageProblem(`${quoteName(typed)} and ${quoteName(target.typed)} are the same file`);
      if (this.interactive && !this.force && !this.noClobber && await this.#exists(to) && !await this.confirm(`replace ${quoteName(to)}?`)) return;
      if (!this.dryRun) {
        const [outcome] = await remote.run([{ kind: 'rename', from: path, to, replace: this.noClobber ? 'never' : 'allowed' }], { signal: this.signal, operationId: this.run.operationId });
        // GNU: a target that -n protects is no error.
        if (this.noClobber && outcome?.ok === false && outcome.code === 'exists') return;
        mustOk(outcome);
      }
      if (this.json) await this.jsonLine({ type: 'rename', from: path, to, dryRun: this.dryRun });
      else if (this.verbose > 0 || this.dryRun) await this.line(`renamed ${quoteName(path)} -> ${quoteName(to)}`);
    });
    return this.statusFor(given.length);
  }

  async #place(target: { readonly typed: string; readonly path: string }, mode: 'auto' | 'never-into' | 'must-be-directory'): Promise<Awaited<ReturnType<typeof remoteTarget>> | undefined> {
    try {
      return await remoteTarget(await this.remote(), { ...target, mode }, this.signal);
    } catch (error) {
      await this.failWith(`target ${quoteName(target.typed)}`, target.path, error);
      return undefined;
    }
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await (await this.remote()).stat(path, 'never', this.signal);
      return true;
    } catch (error) {
      if (isOffshoreError(error, 'not-found')) return false;
      throw error;
    }
  }
}
