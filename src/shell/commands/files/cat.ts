// cat: bytes of files, one after the other, to stdout.

import { Option, ShellCommand } from '../../base-command.ts';
import { openNamed } from '../../remote-open.ts';

export class Cat extends ShellCommand {
  static override readonly names = ['cat'];
  static readonly help = {
    category: 'Look', description: 'Print files', details: '`-`, or no path at all, is stdin: `cat < notes.txt`, `cat /a | cat - /b`.',
    examples: [['to a local file', 'cat /a > a.txt'], ['join', 'cat /1 /2 > offshore:/both']],
  } as const;

  operands = Option.Rest({ name: 'path' });

  async execute(): Promise<number> {
    const given = this.operands.length === 0 ? ['-'] : this.operands;
    await this.each(await this.remoteOperands(given), 'cannot read', async (operand) => {
      if (operand.typed === '-') {
        for await (const bytes of this.run.stdin.bytes(this.signal)) {
          await this.print(bytes);
          if (this.run.stdin.isTerminal) await this.run.stdout.flush();
        }
        return;
      }
      const file = await openNamed(await this.remote(), { typed: operand.typed, cwd: this.session.cwd }, this.signal);
      for await (const bytes of file.read({ start: 0, end: file.node.bytes }, { signal: this.signal })) await this.print(bytes);
    });
    return this.statusFor(given.length);
  }
}
