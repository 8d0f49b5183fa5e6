// rmdir: removes empty directories; with -p their parents too, as far as they are empty.

import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { parentOf } from '../../core/remote-path.ts';
import { quoteName } from '../../failure.ts';

export class Rmdir extends ShellCommand {
  static override readonly names = ['rmdir'];
  static readonly help = { category: 'Change', description: 'Remove empty directories' } as const;

  operands = Option.Rest({ name: 'path', required: 1 });
  parents = Option.Boolean('-p,--parents', false, { description: 'Empty parents too' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    const remote = await this.remote();
    await this.each(await this.remoteOperands(this.operands), 'failed to remove', async (operand) => {
      const top = operand.typed.startsWith('/') ? '/' : this.session.cwd;
      for (let path = operand.path; ; path = parentOf(path)) {
        if (!this.dryRun) mustOk((await remote.run([{ kind: 'remove', path, what: 'empty-directory' }], { signal: this.signal, operationId: this.run.operationId }))[0]);
        if (this.json) await this.jsonLine({ type: 'remove', path, dryRun: this.dryRun });
        else if (this.verbose > 0 || this.dryRun) await this.line(`removed directory ${quoteName(path)}`);
        if (!this.parents || parentOf(path) === top || parentOf(path) === '/') return;
      }
    });
    return this.statusFor(this.operands.length);
  }
}
