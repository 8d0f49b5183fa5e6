// pwd, cd, lpwd, lcd: the two directories a shell is in, one in the cluster and one here.

import { OffshoreError } from '../../../base/errors.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { UsageProblem } from '../../failure.ts';
import { realLocal, statLocal } from '../../local-files.ts';

export class Pwd extends ShellCommand {
  static override readonly names = ['pwd'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Print the directory in the cluster' } as const;

  async execute(): Promise<void> {
    if (this.json) await this.jsonLine({ type: 'directory', path: this.session.cwd });
    else await this.line(this.safe(this.session.cwd));
  }
}

export class Cd extends ShellCommand {
  static override readonly names = ['cd'];
  static readonly help = { category: 'Session', description: 'Change the directory in the cluster', details: 'Without an operand: to /. With -: back to where you were. A link is followed by name: cd link/.. is where link is.' } as const;

  directoryOperand = Option.String({ name: 'directory', required: false });

  async execute(): Promise<number> {
    const isBack = this.directoryOperand === '-';
    if (isBack && this.session.previousCwd === undefined) throw new UsageProblem('there is no directory to go back to');
    const operand = isBack ? { typed: '-', path: this.session.previousCwd ?? '/' } : await this.oneRemote(this.directoryOperand ?? '/');
    return this.each([operand], 'cannot change to', async ({ path }) => {
      const node = await (await this.remote()).stat(path, 'final-symlink', this.signal);
      if (node.kind !== 'directory') throw new OffshoreError('not-a-directory', { path });
      this.session.previousCwd = this.session.cwd;
      this.session.cwd = path;
      if (isBack) await this.line(this.safe(path));
    });
  }
}

export class Lpwd extends ShellCommand {
  static override readonly names = ['lpwd'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Print the local directory' } as const;

  async execute(): Promise<void> {
    if (this.json) await this.jsonLine({ type: 'local-directory', path: this.session.localCwd });
    else await this.line(this.safe(this.session.localCwd));
  }
}

export class Lcd extends ShellCommand {
  static override readonly names = ['lcd'];
  static override readonly side = 'local';
  static readonly help = { category: 'Session', description: 'Change the local directory', details: 'Without an operand: to the home directory.' } as const;

  directoryOperand = Option.String({ name: 'directory', required: false });

  async execute(): Promise<number> {
    const operands = await this.localOperands([this.directoryOperand ?? '~']);
    const [only] = operands;
    if (operands.length > 1) throw new UsageProblem('the pattern matches more than one name');
    if (only === undefined) return this.statusFor(1);
    return this.each([only], 'cannot change to', async ({ path }) => {
      const real = await realLocal(path);
      if ((await statLocal(real, 'final-symlink')).kind !== 'directory') throw new OffshoreError('not-a-directory', { path });
      this.session.localCwd = real;
    });
  }
}
