// mkdir: makes directories, all operands in one batch.

import type { Operation } from '../../../model/operation.ts';
import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { parseMode } from '../../core/mode.ts';
import { quoteName, UsageProblem } from '../../failure.ts';

export class Mkdir extends ShellCommand {
  static override readonly names = ['mkdir'];
  static override readonly shorts = 'm';
  static readonly help = { category: 'Change', description: 'Make directories', examples: [['with its parents', 'mkdir -p /a/b/c']] } as const;

  operands = Option.Rest({ name: 'path', required: 1 });
  parents = Option.Boolean('-p,--parents', false, { description: 'Make parents too; an existing directory is no error' });
  mode = Option.String('-m,--mode', { description: 'Mode, such as 750 or u=rwx,go=' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    const mode = this.mode === undefined ? 0o755 : parseMode(this.mode, { current: 0o777, kind: 'directory' });
    if (mode === undefined) throw new UsageProblem(`invalid mode: '${this.mode ?? ''}'`);
    const operands = await this.remoteOperands(this.operands);
    const operations: Operation[] = operands.map(({ path }) => ({ kind: 'make-directory', path, mode, parents: this.parents ? 'make' : 'must-exist' }));
    const outcomes = this.dryRun ? [] : await (await this.remote()).run(operations, { signal: this.signal, operationId: this.run.operationId });
    for (const [at, operand] of operands.entries()) {
      await this.attempt(`cannot create directory ${quoteName(operand.typed)}`, operand.path, async () => {
        if (!this.dryRun) mustOk(outcomes[at]);
        if (this.json) await this.jsonLine({ type: 'make-directory', path: operand.path, dryRun: this.dryRun });
        else if (this.verbose > 0 || this.dryRun) await this.line(`created directory ${quoteName(operand.typed)}`);
      });
    }
    return this.statusFor(this.operands.length);
  }
}
