// preview: the first bytes of a file as text, or as a hex dump when asked or when they are no text.

import { concatBytes } from '../../../base/bytes.ts';
import { limits } from '../../../base/limits.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { escapeControls, hexDump, parseSize } from '../../core/format.ts';
import { readableText } from '../../core/looks-like-text.ts';
import { UsageProblem } from '../../failure.ts';
import { openNamed } from '../../remote-open.ts';
import { nodeJson } from '../../node-view.ts';

export class Preview extends ShellCommand {
  static override readonly names = ['preview', 'pv', 'xxd', 'hexdump'];
  static override readonly shorts = 'n';
  static readonly help = {
    category: 'Look', description: 'Show the first 256 bytes of a file', details: 'Takes a path or the first five or more digits of a content id.',
    examples: [['by content id', 'pv 3fa9c'], ['as hex', 'preview --hex /a']],
  } as const;

  operands = Option.Rest({ name: 'path', required: 1 });
  hex = Option.Boolean('--hex', false, { description: 'Hex dump with offsets and ASCII, whatever the bytes are' });
  count = Option.String('-n,--bytes', { description: 'So many bytes instead of 256' });

  async execute(): Promise<number> {
    const count = this.count === undefined ? limits.previewBytes : parseSize(this.count);
    if (count === undefined || count > limits.pipeBytesMax) throw new UsageProblem('-n takes a number of bytes up to 1M');
    const operands = await this.remoteOperands(this.operands);
    await this.each(operands, 'cannot read', async (operand) => {
      const file = await openNamed(await this.remote(), { typed: operand.typed, cwd: this.session.cwd }, this.signal);
      const parts: Uint8Array[] = [];
      for await (const bytes of file.read({ start: 0, end: Math.min(count, file.node.bytes) }, { signal: this.signal })) parts.push(bytes);
      await this.#show(concatBytes(parts), operand.typed, { several: operands.length > 1, node: file.node });
    });
    return this.statusFor(this.operands.length);
  }

  async #show(bytes: Uint8Array, typed: string, about: { readonly several: boolean; readonly node: Parameters<typeof nodeJson>[1] }): Promise<void> {
    const wantsHex = this.hex || this.run.name === 'xxd' || this.run.name === 'hexdump';
    const text = wantsHex ? undefined : readableText(bytes);
    if (this.json) {
      return this.jsonLine({ type: 'preview', path: typed, bytes: about.node.bytes, contentId: about.node.contentId, ...(text === undefined ? { hex: hexDump(bytes, 0) } : { text }) });
    }
    if (about.several) await this.line(`==> ${this.safe(typed)} <==`);
    if (text === undefined) for (const line of hexDump(bytes, 0)) await this.line(line);
    else if (text !== '') await this.print(`${this.#harmless(text)}${text.endsWith('\n') ? '' : '\n'}`);
  }

  #harmless(text: string): string {
    return this.run.stdout.isTerminal ? text.split('\n').map((line) => line.split('\t').map(escapeControls).join('\t')).join('\n') : text;
  }
}
