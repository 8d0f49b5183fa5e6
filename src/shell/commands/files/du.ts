// du: how much is below a path. The total comes from the trackers' counters, not from a walk; details need one.

import { Option, ShellCommand, type Operand } from '../../base-command.ts';
import { formatSize, type SizeStyle } from '../../core/format.ts';
import { parentOf } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { walkRemote, type WalkedNode } from '../../remote-walk.ts';

export class Du extends ShellCommand {
  static override readonly names = ['du'];
  static override readonly humanShort = true;
  static override readonly shorts = 'd';
  static readonly help = {
    category: 'Look', description: 'Bytes below a path',
    details: 'Counts bytes of files as their readers see them, not copies.',
    examples: [['one total', 'du -sh /'], ['first level', 'du -h -d 1 /']],
  } as const;

  operands = Option.Rest({ name: 'path' });
  summarise = Option.Boolean('-s,--summarize', false, { description: 'Only the total of each path' });
  human = Option.Boolean('--human-readable', false, { description: 'Sizes as 1.5K, 20M' });
  si = Option.Boolean('--si', false, { description: 'Human sizes in powers of 1000' });
  exact = Option.Boolean('-b,--bytes', false, { description: 'Exact bytes (default: units of 1,024)' });
  depth = Option.String('-d,--max-depth', { description: 'Show directories down to so many levels' });
  all = Option.Boolean('-a,--all', false, { description: 'Files too' });
  total = Option.Boolean('-c,--total', false, { description: 'A grand total' });

  async execute(): Promise<number> {
    if (this.depth !== undefined && !/^\d{1,6}$/.test(this.depth)) throw new UsageProblem('-d takes a number');
    const given = this.operands.length === 0 ? ['.'] : this.operands;
    let sum = 0;
    const remote = await this.remote();
    await this.each(await this.remoteOperands(given), 'cannot access', async (operand) => {
      const usage = await remote.usage(operand.path, this.signal);
      sum += usage.bytes;
      if (!this.summarise && this.depth !== '0') await this.#details(operand);
      await this.#row(usage.bytes, operand.typed, { path: operand.path, inodes: usage.inodes });
    });
    if (this.total) await this.#row(sum, 'total', {});
    return this.statusFor(given.length);
  }

  /** Sums of directories, children before parents as du prints them. */
  async #details(operand: Operand): Promise<void> {
    const maxDepth = this.depth === undefined ? Number.POSITIVE_INFINITY : Number(this.depth);
    const directories = new Map<string, { bytes: number; readonly found: WalkedNode }>();
    const rows: { readonly found: WalkedNode; readonly bytes: () => number }[] = [];
    const walk = walkRemote(await this.remote(), operand.path, {
      signal: this.signal, onError: (path, error) => this.failWith(`cannot read directory ${quoteName(path)}`, path, error),
    });
    for await (const found of walk) {
      if (found.node.kind === 'directory') {
        const sums = { bytes: 0, found };
        directories.set(found.path, sums);
        if (found.depth > 0 && found.depth <= maxDepth) rows.push({ found, bytes: () => sums.bytes });
        continue;
      }
      for (let path = parentOf(found.path); directories.has(path); path = parentOf(path)) {
        const sums = directories.get(path);
        if (sums !== undefined) sums.bytes += found.node.bytes;
        if (path === '/') break;
      }
      if (this.all && found.depth > 0 && found.depth <= maxDepth) rows.push({ found, bytes: () => found.node.bytes });
    }
    for (const row of rows.reverse()) await this.#row(row.bytes(), `${operand.typed.replace(/\/$/, '')}/${row.found.below}`, { path: row.found.path });
  }

  async #row(bytes: number, shown: string, more: { readonly path?: string; readonly inodes?: number }): Promise<void> {
    if (this.json) return this.jsonLine({ type: more.path === undefined ? 'total' : 'usage', ...more, bytes });
    const style: SizeStyle = this.si ? 'si' : 'binary';
    const size = this.exact ? String(bytes) : this.human || this.si ? formatSize(bytes, style) : String(Math.ceil(bytes / 1024));
    await this.line(`${size}\t${this.safe(shown)}`);
  }
}
