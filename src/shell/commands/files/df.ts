// df: space of the cluster, and of every seeder with -v.

import { Option, ShellCommand } from '../../base-command.ts';
import { formatSize, toTable, type SizeStyle } from '../../core/format.ts';

export class Df extends ShellCommand {
  static override readonly names = ['df'];
  static override readonly humanShort = true;
  static override readonly side = 'none';
  static readonly help = {
    category: 'Look', description: 'Space of the cluster', details: 'Raw bytes of the seeders\' disks: a file with copies=3 takes three times its size.\nWith -v every seeder has a row; with -i inodes instead of bytes.',
    examples: [['for people', 'df -h'], ['every seeder', 'df -hv']],
  } as const;

  human = Option.Boolean('--human-readable', false, { description: 'Sizes as 1.5K, 20M' });
  si = Option.Boolean('--si', false, { description: 'Human sizes in powers of 1000' });
  exact = Option.Boolean('-b,--bytes', false, { description: 'Exact bytes (default: units of 1,024)' });
  inodes = Option.Boolean('-i,--inodes', false, { description: 'Files and directories' });

  async execute(): Promise<number> {
    const status = await (await this.remote()).status(this.signal);
    if (this.inodes) {
      if (this.json) await this.jsonLine({ type: 'inodes', inodes: status.inodes });
      else for (const row of toTable([['Name', 'Inodes'], ['offshore', String(status.inodes)]], ['left', 'right'])) await this.line(row);
      return 0;
    }
    const seeders = status.seeders.map((seeder) => ({ name: String(seeder.name), total: seeder.totalBytes ?? 0, free: seeder.freeBytes ?? 0, chunk: seeder.chunkBytes ?? 0 }))
      .sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
    const sum = (key: 'total' | 'free' | 'chunk'): number => seeders.reduce((total, seeder) => total + seeder[key], 0);
    const whole = { name: 'offshore', total: sum('total'), free: sum('free'), chunk: sum('chunk') };
    const rows = this.verbose > 0 ? [...seeders, whole] : [whole];
    if (this.json) {
      for (const row of rows) await this.jsonLine({ type: row === whole ? 'cluster' : 'seeder', name: row.name, totalBytes: row.total, freeBytes: row.free, chunkBytes: row.chunk, ...(row === whole ? { fileBytes: status.bytes } : {}) });
      return 0;
    }
    const table = rows.map((row) => [row.name, this.#size(row.total), this.#size(row.chunk), this.#size(row.free), row.total === 0 ? '-' : `${Math.ceil(((row.total - row.free) * 100) / row.total)}%`]);
    for (const line of toTable([['Name', this.human || this.si ? 'Size' : this.exact ? 'Bytes' : '1K-blocks', 'Chunks', 'Free', 'Use%'], ...table], ['left', 'right', 'right', 'right', 'right'])) await this.line(line);
    if (this.verbose === 0 && !this.quiet) await this.note(`${formatSize(status.bytes, 'binary')} in ${status.inodes} files and directories`);
    return 0;
  }

  #size(bytes: number): string {
    const style: SizeStyle = this.si ? 'si' : 'binary';
    return this.exact ? String(bytes) : this.human || this.si ? formatSize(bytes, style) : String(Math.ceil(bytes / 1024));
  }
}
