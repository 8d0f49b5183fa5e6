// tree: directories drawn with branches. One directory of each level is held at a time.

import type { DirectoryEntry } from '../../../model/node-info.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { joinRemote } from '../../core/remote-path.ts';
import { UsageProblem } from '../../failure.ts';
import { nodeJson } from '../../node-view.ts';

interface Branch {
  readonly path: string;
  readonly entries: DirectoryEntry[];
  readonly indent: string;
}

export class Tree extends ShellCommand {
  static override readonly names = ['tree'];
  static override readonly shorts = 'L';
  static readonly help = { category: 'Look', description: 'Draw a tree of directories', examples: [['two levels', 'tree -L 2 /']] } as const;

  operands = Option.Rest({ name: 'path' });
  level = Option.String('-L,--level', { description: 'Go down at most so many levels' });
  directories = Option.Boolean('-d', false, { description: 'Directories only' });
  all = Option.Boolean('-a,--all', false, { description: 'Names that begin with a dot too' });

  #counts = { directories: 0, files: 0 };

  async execute(): Promise<number> {
    if (this.level !== undefined && !/^[1-9]\d{0,5}$/.test(this.level)) throw new UsageProblem('-L takes a number above 0');
    const given = this.operands.length === 0 ? ['.'] : this.operands;
    const status = await this.each(await this.remoteOperands(given), 'cannot access', async (operand) => {
      const node = await (await this.remote()).stat(operand.path, 'final-symlink', this.signal);
      if (this.json) await this.jsonLine(nodeJson(operand.path, node));
      else await this.line(this.safe(operand.typed));
      if (node.kind === 'directory') await this.#draw(operand.path);
    });
    if (!this.json && !this.quiet) {
      const files = this.directories ? '' : `, ${this.#counts.files} ${this.#counts.files === 1 ? 'file' : 'files'}`;
      await this.line(`\n${this.#counts.directories} ${this.#counts.directories === 1 ? 'directory' : 'directories'}${files}`);
    }
    return status === 0 ? this.statusFor(given.length) : status;
  }

  async #draw(top: string): Promise<void> {
    const levels = this.level === undefined ? Number.POSITIVE_INFINITY : Number(this.level);
    const stack: Branch[] = [{ path: top, entries: await this.#entries(top), indent: '' }];
    for (let branch = stack.at(-1); branch !== undefined; branch = stack.at(-1)) {
      const entry = branch.entries.shift();
      if (entry === undefined) {
        stack.pop();
        continue;
      }
      const isLast = branch.entries.length === 0;
      const path = joinRemote(branch.path, entry.name);
      if (entry.node.kind === 'directory') this.#counts.directories += 1;
      else this.#counts.files += 1;
      if (this.json) await this.jsonLine(nodeJson(path, entry.node));
      else await this.#line(entry, branch.indent + (isLast ? '└── ' : '├── '));
      if (entry.node.kind === 'directory' && stack.length < levels) stack.push({ path, entries: await this.#entries(path), indent: branch.indent + (isLast ? '    ' : '│   ') });
    }
  }

  async #line(entry: DirectoryEntry, lead: string): Promise<void> {
    const name = this.safe(entry.name);
    const shown = entry.node.kind === 'directory' ? this.paint(name, 'bold-blue') : name;
    const target = entry.node.kind === 'symlink' ? ` -> ${this.safe(entry.node.target ?? '')}` : '';
    await this.line(lead + shown + target);
  }

  async #entries(path: string): Promise<DirectoryEntry[]> {
    const entries: DirectoryEntry[] = [];
    await this.attempt(`cannot open directory '${this.safe(path)}'`, path, async () => {
      for await (const entry of (await this.remote()).list(path, this.signal)) {
        if (!this.all && entry.name.startsWith('.')) continue;
        if (this.directories && entry.node.kind !== 'directory') continue;
        entries.push(entry);
      }
    });
    return entries;
  }
}
