// tail: the end of files. Remote files are read backwards in blocks, so the end of a terabyte costs one block; -f looks again every second.

import { concatBytes, totalBytes } from '../../../base/bytes.ts';
import { limits, second } from '../../../base/limits.ts';
import type { RemoteFile } from '../../../client/remote-files.ts';
import { Option, ShellCommand, type Operand } from '../../base-command.ts';
import { parseSize } from '../../core/format.ts';
import { startOfLastLines } from '../../core/lines.ts';
import { UsageProblem } from '../../failure.ts';
import { findNamed } from '../../remote-open.ts';

interface Followed {
  readonly path: string;
  readonly typed: string;
  bytes: number;
  version: number;
}

export class Tail extends ShellCommand {
  static override readonly names = ['tail'];
  static override readonly shorts = 'nc';
  static override readonly digits = '--lines';
  static readonly help = {
    category: 'Look', description: 'Print the end of files', details: '-f goes on printing what is added, until Ctrl-C. A file that becomes shorter is printed from its start.',
    examples: [['last five lines', 'tail -5 /log'], ['from line 10 on', 'tail -n +10 /log'], ['follow', 'tail -f /log']],
  } as const;

  operands = Option.Rest({ name: 'path' });
  lines = Option.String('-n,--lines', { description: 'So many lines (10); +N: from line N on' });
  bytes = Option.String('-c,--bytes', { description: 'So many bytes; +N: from byte N on' });
  follow = Option.Boolean('-f,--follow', false, { description: 'Go on when the file grows' });

  async execute(): Promise<number> {
    const text = this.bytes ?? this.lines ?? '10';
    const count = parseSize(text.replace(/^[-+]/, ''));
    if (count === undefined) throw new UsageProblem(`invalid number: '${text}'`);
    const from = text.startsWith('+') ? 'start' : 'end';
    const given = this.operands.length === 0 ? ['-'] : this.operands;
    const operands = await this.remoteOperands(given);
    const followed: Followed[] = [];
    await this.each(operands, 'cannot read', async (operand) => {
      if (operand.typed === '-') return this.#stdin(count, from);
      const remote = await this.remote();
      const path = await findNamed(remote, { typed: operand.typed, cwd: this.session.cwd }, this.signal);
      const file = await remote.open(path, this.signal);
      await this.#heading(operand, operands.length);
      const start = from === 'start' ? await this.#startFrom(file, count) : await this.#startOfEnd(file, count);
      for await (const bytes of file.read({ start, end: file.node.bytes }, { signal: this.signal })) await this.print(bytes);
      followed.push({ path, typed: operand.typed, bytes: file.node.bytes, version: file.node.version });
    });
    if (this.follow && followed.length > 0) await this.#follow(followed);
    return this.statusFor(given.length);
  }

  async #heading(operand: Pick<Operand, 'typed'>, count: number): Promise<void> {
    if ((count > 1 || this.verbose > 0) && !this.quiet) await this.line(`==> ${this.safe(operand.typed)} <==`);
  }

  async #startFrom(file: RemoteFile, count: number): Promise<number> {
    if (this.bytes !== undefined) return Math.min(file.node.bytes, Math.max(0, count - 1));
    let line = 1;
    let at = 0;
    if (count <= 1) return 0;
    for await (const bytes of file.read({ start: 0, end: file.node.bytes }, { signal: this.signal })) {
      for (let next = bytes.indexOf(10); next >= 0; next = bytes.indexOf(10, next + 1)) {
        line += 1;
        if (line === count) return at + next + 1;
      }
      at += bytes.length;
    }
    return at;
  }

  async #startOfEnd(file: RemoteFile, count: number): Promise<number> {
    if (this.bytes !== undefined) return Math.max(0, file.node.bytes - count);
    if (count === 0) return file.node.bytes;
    let left = count;
    for (let end = file.node.bytes; end > 0;) {
      const start = Math.max(0, end - limits.blockBytes);
      const found = startOfLastLines(await this.#block(file, start, end), { count: left, isLastBlock: end === file.node.bytes });
      if (found.left === 0) return start + found.start;
      left = found.left;
      end = start;
    }
    return 0;
  }

  async #block(file: RemoteFile, start: number, end: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const bytes of file.read({ start, end }, { signal: this.signal })) parts.push(bytes);
    return concatBytes(parts);
  }

  /** A stream has no end to start from: the last lines (or bytes) are held while it runs. */
  async #stdin(count: number, from: 'start' | 'end'): Promise<void> {
    if (from === 'start') throw new UsageProblem('+N needs a file');
    let held: Uint8Array[] = [];
    for await (const bytes of this.run.stdin.bytes(this.signal)) {
      held.push(bytes);
      if (held.length < 64 && totalBytes(held) < limits.pipeBytesMax) continue;
      held = [this.#end(concatBytes(held), count)];
    }
    await this.print(this.#end(concatBytes(held), count));
  }

  #end(bytes: Uint8Array, count: number): Uint8Array {
    if (count === 0) return bytes.subarray(bytes.length);
    if (this.bytes !== undefined) return bytes.subarray(Math.max(0, bytes.length - count));
    return bytes.subarray(startOfLastLines(bytes, { count, isLastBlock: true }).start);
  }

  async #follow(files: readonly Followed[]): Promise<void> {
    const remote = await this.remote();
    for (;;) {
      await this.run.stdout.flush();
      await this.session.sleep(second, this.signal);
      for (const file of files) {
        await this.attempt(`cannot read '${this.safe(file.typed)}'`, file.path, async () => {
          const node = await remote.stat(file.path, 'final-symlink', this.signal);
          if (node.version === file.version) return;
          const opened = await remote.open(file.path, this.signal);
          const start = opened.node.bytes < file.bytes ? 0 : file.bytes;
          await this.#heading(file, files.length);
          for await (const bytes of opened.read({ start, end: opened.node.bytes }, { signal: this.signal })) await this.print(bytes);
          file.bytes = opened.node.bytes;
          file.version = opened.node.version;
        });
      }
    }
  }
}
