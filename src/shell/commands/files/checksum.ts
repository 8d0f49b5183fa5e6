// checksum: SHA-256 of files, computed over the verified bytes, in the form that `sha256sum -c` reads.

import { Option, ShellCommand } from '../../base-command.ts';
import { openNamed } from '../../remote-open.ts';

export class Checksum extends ShellCommand {
  static override readonly names = ['checksum', 'sha256sum'];
  static readonly help = {
    category: 'Look', description: 'Print SHA-256 or content id of files',
    examples: [['as sha256sum does', 'checksum /a'], ['without reading the file', 'checksum --content-id /a']],
  } as const;

  operands = Option.Rest({ name: 'path' });
  contentId = Option.Boolean('--content-id', false, { description: 'The content id, which the cluster keeps: no byte is read' });

  async execute(): Promise<number> {
    const given = this.operands.length === 0 ? ['-'] : this.operands;
    await this.each(await this.remoteOperands(given), 'cannot read', async (operand) => {
      const hash = this.session.deps.sha256();
      let bytes = 0;
      let id: string | undefined;
      if (operand.typed === '-') {
        for await (const part of this.run.stdin.bytes(this.signal)) {
          hash.update(part);
          bytes += part.length;
        }
      } else {
        const file = await openNamed(await this.remote(), { typed: operand.typed, cwd: this.session.cwd }, this.signal);
        bytes = file.node.bytes;
        id = file.node.contentId;
        if (!this.contentId) for await (const part of file.read({ start: 0, end: bytes }, { signal: this.signal })) hash.update(part);
      }
      const sum = this.contentId ? id ?? '' : hash.hex();
      if (this.json) await this.jsonLine({ type: 'checksum', path: operand.path, bytes, ...(this.contentId ? {} : { sha256: sum }), contentId: id });
      else await this.line(`${sum}  ${this.safe(operand.typed)}`);
    });
    return this.statusFor(given.length);
  }
}
