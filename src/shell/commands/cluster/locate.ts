// locate: which seeders hold which chunk of a file.

import { Option, ShellCommand } from '../../base-command.ts';
import { formatSize } from '../../core/format.ts';
import { findNamed } from '../../remote-open.ts';

export class Locate extends ShellCommand {
  static override readonly names = ['locate'];
  static readonly help = { category: 'Cluster', description: 'Which seeders hold which chunk of a file' } as const;

  operands = Option.Rest({ name: 'path', required: 1 });

  async execute(): Promise<number> {
    const remote = await this.remote();
    await this.each(await this.remoteOperands(this.operands), 'cannot locate', async (operand) => {
      const path = await findNamed(remote, { typed: operand.typed, cwd: this.session.cwd }, this.signal);
      for await (const place of remote.places(path, this.signal)) {
        if (this.json) await this.jsonLine({ type: 'chunk', path, ...place });
        else await this.line(`${place.chunk.slice(0, 12)}  ${formatSize(place.bytes, 'binary').padStart(6)}  ${place.seeders.join(' ')}`);
      }
    });
    return this.statusFor(this.operands.length);
  }
}
