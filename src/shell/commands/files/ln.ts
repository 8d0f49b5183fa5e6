// ln -s: symbolic links. Hard links are refused: a name belongs to one directory here.

import type { Operation } from '../../../model/operation.ts';
import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { baseName, joinRemote } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { remoteTarget } from '../../target.ts';

export class Ln extends ShellCommand {
  static override readonly names = ['ln'];
  static readonly help = { category: 'Change', description: 'Make a symbolic link', examples: [['a link', 'ln -s /releases/7 /current'], ['move a link', 'ln -sf /releases/8 /current']] } as const;

  targetOperand = Option.String({ name: 'target', required: true });
  linkOperand = Option.String({ name: 'link', required: false });
  symbolic = Option.Boolean('-s,--symbolic', false, { description: 'Symbolic (the only kind there is)' });
  force = Option.Boolean('-f,--force', false, { description: 'Replace what has the name' });
  noDereference = Option.Boolean('-T,--no-target-directory', false, { description: 'The link is the new name, never a directory to put it into' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    if (!this.symbolic) throw new UsageProblem('hard links are not supported: use ln -s');
    const remote = await this.remote();
    // The target is a text: it is not looked up.
    const target = this.literal(this.targetOperand);
    if (target === '') throw new UsageProblem('a link needs a target');
    const operand = await this.oneRemote(this.linkOperand ?? (baseName(target) || '.'));
    const itself = await remote.stat(operand.path, 'never', this.signal).catch(() => undefined);
    // With -f a link to a directory is replaced, not followed: that is what `ln -sf new current` is for.
    const mode = this.noDereference || (this.force && itself?.kind === 'symlink') ? 'never-into' : 'auto';
    const place = await remoteTarget(remote, { ...operand, mode }, this.signal);
    const path = place.kind === 'into' ? joinRemote(place.directory, baseName(target.replace(/\/+$/, ''))) : place.path;
    const remove: Operation = { kind: 'remove', path, what: 'file' };
    const link: Operation = { kind: 'symlink', path, target };
    return this.each([{ typed: operand.typed, path }], 'failed to create symbolic link', async () => {
      if (!this.dryRun) {
        const outcomes = await remote.run(this.force ? [remove, link] : [link], { signal: this.signal, operationId: this.run.operationId });
        const [first] = outcomes;
        if (this.force && first?.ok === false && first.code !== 'not-found') mustOk(first);
        mustOk(outcomes.at(-1));
      }
      if (this.json) await this.jsonLine({ type: 'symlink', path, target, dryRun: this.dryRun });
      else if (this.verbose > 0 || this.dryRun) await this.line(`${quoteName(path)} -> ${quoteName(target)}`);
    });
  }
}
