// lls, list-local, ll: what is in a local directory. `ll` is local, as it was in the original shell; `ls -l` is the long remote list.

import { Option, ShellCommand } from '../../base-command.ts';
import { formatMode, formatSize, formatTime, toColumns, toTable } from '../../core/format.ts';
import { findLocal, listLocal, statLocal, type LocalNode } from '../../local-files.ts';

interface Shown {
  readonly name: string;
  readonly node: LocalNode | undefined;
}

export class Lls extends ShellCommand {
  static override readonly names = ['lls', 'list-local', 'll'];
  static override readonly side = 'local';
  static override readonly humanShort = true;
  static readonly help = { category: 'Session', description: 'List a local directory' } as const;

  operands = Option.Rest({ name: 'path' });
  long = Option.Boolean('-l,--long', false, { description: 'One entry a line, with mode, size, time' });
  all = Option.Boolean('-a,-A,--all', false, { description: 'Names that begin with a dot too' });
  human = Option.Boolean('--human-readable', false, { description: 'Sizes as 1.5K, 20M' });
  single = Option.Boolean('-1', false, { description: 'One name a line' });

  async execute(): Promise<number> {
    const given = this.operands.length === 0 ? ['.'] : this.operands;
    const operands = await this.localOperands(given);
    await this.each(operands, 'cannot access', async ({ path, typed }) => {
      const node = await statLocal(path, 'final-symlink');
      if (node.kind !== 'directory') return this.#show([{ name: typed, node }]);
      if (operands.length > 1 && !this.json) await this.line(`${this.safe(typed)}:`);
      const names = (await listLocal(path)).map((entry) => (entry.kind === 'bad-name' ? { name: entry.shown, raw: undefined } : { name: entry.name, raw: entry.name }));
      const shown: Shown[] = [];
      for (const { name, raw } of names) {
        if (!this.all && name.startsWith('.')) continue;
        const needsNode = this.long || this.json;
        shown.push({ name, node: raw === undefined || !needsNode ? undefined : await findLocal(`${path}/${raw}`, 'never') });
      }
      await this.#show(shown);
    });
    return this.statusFor(given.length);
  }

  async #show(entries: readonly Shown[]): Promise<void> {
    if (this.json) {
      for (const { name, node } of entries) await this.jsonLine({ type: node?.kind ?? 'unknown', name, bytes: node?.bytes, mode: node?.mode.toString(8), mtimeMs: node?.mtimeMs });
    } else if (this.long) {
      for (const row of this.#rows(entries)) await this.line(row);
    } else if (this.single || !this.run.stdout.isTerminal) {
      for (const { name } of entries) await this.line(this.safe(name));
    } else {
      for (const row of toColumns(entries.map(({ name }) => ({ text: this.safe(name), shown: this.safe(name) })), this.run.stdout.columns)) await this.line(row);
    }
  }

  #rows(entries: readonly Shown[]): string[] {
    const { clock, zone } = this.session.deps;
    return toTable(entries.map(({ name, node }) => (node === undefined
      ? ['?', '', '', '', '', this.safe(name)]
      : [
        formatMode(node.kind === 'other' ? 'file' : node.kind, node.mode), String(node.uid), String(node.gid), formatSize(node.bytes, this.human ? 'binary' : 'exact'),
        formatTime(node.mtimeMs, { style: 'long-iso', zone, nowMs: clock.wallMs() }), this.safe(name),
      ])), ['left', 'right', 'right', 'right', 'left', 'left']);
  }
}
