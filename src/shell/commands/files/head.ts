// head: the beginning of files, read no further than needed.

import { concatBytes } from '../../../base/bytes.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { parseSize } from '../../core/format.ts';
import { UsageProblem } from '../../failure.ts';
import { openNamed } from '../../remote-open.ts';

export class Head extends ShellCommand {
  static override readonly names = ['head'];
  static override readonly shorts = 'nc';
  static override readonly digits = '--lines';
  static readonly help = { category: 'Look', description: 'Print the beginning of files', examples: [['first five lines', 'head -5 /log'], ['first KiB', 'head -c 1K /log']] } as const;

  operands = Option.Rest({ name: 'path' });
  lines = Option.String('-n,--lines', { description: 'So many lines (10); -N: all but the last N' });
  bytes = Option.String('-c,--bytes', { description: 'So many bytes; -N: all but the last N' });

  async execute(): Promise<number> {
    const limit = toLimit(this.bytes ?? this.lines ?? '10');
    const given = this.operands.length === 0 ? ['-'] : this.operands;
    const operands = await this.remoteOperands(given);
    let printed = 0;
    await this.each(operands, 'cannot read', async (operand) => {
      const source = operand.typed === '-' ? this.run.stdin.bytes(this.signal) : await this.#read(operand.typed, limit);
      if ((operands.length > 1 || this.verbose > 0) && !this.quiet) await this.line(`${printed > 0 ? '\n' : ''}==> ${this.safe(operand.typed)} <==`);
      printed += 1;
      if (limit.from === 'end') await this.#allBut(source, limit.count);
      else if (this.bytes !== undefined) await this.#firstBytes(source, limit.count);
      else await this.#firstLines(source, limit.count);
    });
    return this.statusFor(given.length);
  }

  async #read(typed: string, limit: Limit): Promise<AsyncIterable<Uint8Array>> {
    const file = await openNamed(await this.remote(), { typed, cwd: this.session.cwd }, this.signal);
    const end = this.bytes === undefined || limit.from === 'end' ? file.node.bytes : Math.min(file.node.bytes, limit.count);
    return file.read({ start: 0, end }, { signal: this.signal });
  }

  async #firstBytes(source: AsyncIterable<Uint8Array>, count: number): Promise<void> {
    let left = count;
    if (left === 0) return;
    for await (const bytes of source) {
      await this.print(bytes.subarray(0, left));
      left -= Math.min(left, bytes.length);
      if (left === 0) return;
    }
  }

  async #firstLines(source: AsyncIterable<Uint8Array>, count: number): Promise<void> {
    let left = count;
    if (left === 0) return;
    for await (const bytes of source) {
      let end = 0;
      while (left > 0 && end < bytes.length) {
        const next = bytes.indexOf(10, end);
        if (next < 0) break;
        end = next + 1;
        left -= 1;
      }
      await this.print(left === 0 ? bytes.subarray(0, end) : bytes);
      if (left === 0) return;
    }
  }

  /** Holds back only what may still turn out to be the end. */
  async #allBut(source: AsyncIterable<Uint8Array>, count: number): Promise<void> {
    const held: Uint8Array[] = [];
    let units = 0;
    const unitsOf = (piece: Uint8Array): number => (this.bytes === undefined ? 1 : piece.length);
    const pieces = this.bytes === undefined ? toLines(source) : source;
    for await (const piece of pieces) {
      held.push(piece);
      units += unitsOf(piece);
      for (let first = held[0]; first !== undefined && units - unitsOf(first) >= count; first = held[0]) {
        held.shift();
        units -= unitsOf(first);
        await this.print(first);
      }
    }
    if (this.bytes !== undefined && units > count) {
      let left = units - count;
      for (const piece of held) {
        await this.print(piece.subarray(0, left));
        left -= Math.min(left, piece.length);
      }
    }
  }
}

interface Limit {
  readonly from: 'start' | 'end';
  readonly count: number;
}

function toLimit(text: string): Limit {
  const count = parseSize(text.replace(/^[-+]/, ''));
  if (count === undefined) throw new UsageProblem(`invalid number: '${text}'`);
  return { from: text.startsWith('-') ? 'end' : 'start', count };
}

/** Lines with their ends; the last may lack one. */
export async function* toLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  for await (const bytes of source) {
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      yield concatBytes([...parts, bytes.subarray(start, end + 1)]);
      parts = [];
      start = end + 1;
    }
    if (start < bytes.length) parts.push(bytes.slice(start));
  }
  if (parts.length > 0) yield concatBytes(parts);
}
