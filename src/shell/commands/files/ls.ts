// ls: what is in a directory. Prints page by page as the tracker sends it; only sorting by something else than the name
// needs all entries of one directory at once.

import { limits } from '../../../base/limits.ts';
import type { DirectoryEntry, NodeInfo } from '../../../model/node-info.ts';
import { Option, ShellCommand, type Operand } from '../../base-command.ts';
import { baseName, joinRemote, parentOf } from '../../core/remote-path.ts';
import { formatSize, formatTime, timeStyles, toColumns, toTable, type SizeStyle, type TimeStyle } from '../../core/format.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { kindMark, modeText, nodeJson, shortId } from '../../node-view.ts';

interface Shown {
  readonly name: string;
  readonly path: string;
  readonly node: NodeInfo;
}

const sorts = ['name', 'size', 'time', 'none'] as const;

export class Ls extends ShellCommand {
  static override readonly names = ['ls', 'list', 'dir'];
  static override readonly humanShort = true;
  static readonly help = {
    category: 'Look', description: 'List a directory',
    details: 'With -l: mode, links, owner, group, size, time, first digits of the content id, name.\nThe digits name the file too: `get 3fa9c`, `preview 3fa9c`.',
    examples: [['long list, human sizes', 'ls -lh /'], ['newest last', 'ls -ltr'], ['for scripts', 'ls --json /logs']],
  } as const;

  operands = Option.Rest({ name: 'path' });
  long = Option.Boolean('-l,--long', false, { description: 'One entry a line, with mode, owner, size, time, content id' });
  all = Option.Boolean('-a,--all', false, { description: 'Names that begin with a dot too, and . and ..' });
  almostAll = Option.Boolean('-A,--almost-all', false, { description: 'As -a without . and ..' });
  human = Option.Boolean('--human-readable', false, { description: 'Sizes as 1.5K, 20M' });
  si = Option.Boolean('--si', false, { description: 'Human sizes in powers of 1000' });
  exact = Option.Boolean('-b,--bytes', false, { description: 'Exact sizes' });
  recursive = Option.Boolean('-R,--recursive', false, { description: 'Directories below too' });
  directory = Option.Boolean('-d,--directory', false, { description: 'The directory itself, not what is in it' });
  byTime = Option.Boolean('-t', false, { description: 'Newest first' });
  bySize = Option.Boolean('-S', false, { description: 'Largest first' });
  sort = Option.String('--sort', { description: 'name, size, time or none' });
  reverse = Option.Boolean('-r,--reverse', false, { description: 'The other way round' });
  single = Option.Boolean('-1', false, { description: 'One name a line' });
  inode = Option.Boolean('-i,--inode', false, { description: 'Inode numbers' });
  classify = Option.Boolean('-F,--classify', false, { description: 'Mark directories with /, links with @, executables with *' });
  timeStyle = Option.String('--time-style', { description: 'long-iso (default), full-iso, iso, locale or unix' });
  limit = Option.String('--limit', { description: 'At most so many entries of each directory' });

  #sort: (typeof sorts)[number] = 'name';
  #style: TimeStyle = 'long-iso';
  #limit = Number.POSITIVE_INFINITY;
  #hasPrinted = false;

  async execute(): Promise<number> {
    this.#readOptions();
    const given = this.operands.length === 0 ? ['.'] : this.operands;
    const operands = await this.remoteOperands(given);
    const remote = await this.remote();
    const directories: Operand[] = [];
    const files: Shown[] = [];
    await this.each(operands, 'cannot access', async (operand) => {
      // A link on the command line is followed to a directory unless -l or -d asks about the link (POSIX).
      const itself = await remote.stat(operand.path, 'never', this.signal);
      const isLinkToDirectory = itself.kind === 'symlink' && !this.long && !this.directory && await this.#leadsToDirectory(operand.path);
      if ((itself.kind === 'directory' || isLinkToDirectory) && !this.directory) directories.push(operand);
      else files.push({ name: operand.typed, path: operand.path, node: itself });
    });
    await this.#show(this.#sorted(files));
    for (const directory of directories) {
      const heading = directories.length + files.length > 1 || this.recursive ? directory.typed : undefined;
      await this.attempt(`cannot open directory ${quoteName(directory.typed)}`, directory.path, () => this.#tree(directory, heading));
    }
    return this.statusFor(given.length);
  }

  #readOptions(): void {
    const sort = this.sort ?? (this.byTime ? 'time' : this.bySize ? 'size' : 'name');
    const known = sorts.find((each) => each === sort);
    if (known === undefined) throw new UsageProblem(`--sort is one of ${sorts.join(', ')}`);
    this.#sort = known;
    const style = timeStyles.find((each) => each === (this.timeStyle ?? 'long-iso'));
    if (style === undefined) throw new UsageProblem(`--time-style is one of ${timeStyles.join(', ')}`);
    this.#style = style;
    if (this.limit !== undefined) {
      if (!/^\d{1,9}$/.test(this.limit)) throw new UsageProblem('--limit is a number');
      this.#limit = Number(this.limit);
    }
  }

  async #leadsToDirectory(path: string): Promise<boolean> {
    const remote = await this.remote();
    return remote.stat(path, 'final-symlink', this.signal).then((node) => node.kind === 'directory', () => false);
  }

  /** One directory and, with -R, those below it, depth first with a stack of our own. */
  async #tree(top: Operand, heading: string | undefined): Promise<void> {
    const stack: { readonly operand: Operand; readonly heading: string | undefined }[] = [{ operand: top, heading }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const below: string[] = [];
      if (next.heading !== undefined && !this.json) await this.line(`${this.#hasPrinted ? '\n' : ''}${this.safe(next.heading)}:`);
      this.#hasPrinted = true;
      await this.#directory(next.operand.path, below);
      if (!this.recursive) continue;
      for (const name of below.reverse()) {
        const typed = next.operand.typed === '/' ? `/${name}` : `${next.operand.typed.replace(/\/$/, '')}/${name}`;
        stack.push({ operand: { typed, path: joinRemote(next.operand.path, name) }, heading: typed });
      }
    }
  }

  async #directory(path: string, below: string[]): Promise<void> {
    const remote = await this.remote();
    const inOrder = this.#sort === 'none' || (this.#sort === 'name' && !this.reverse);
    let page: Shown[] = this.all ? await this.#dots(path) : [];
    let count = 0;
    for await (const entry of remote.list(path, this.signal)) {
      if (!this.#isShown(entry)) continue;
      if (entry.node.kind === 'directory' && this.recursive) below.push(entry.name);
      if (inOrder && count >= this.#limit) break;
      count += 1;
      page.push({ name: entry.name, path: joinRemote(path, entry.name), node: entry.node });
      if (inOrder && page.length >= limits.listPageMax) {
        await this.#show(page);
        page = [];
      }
    }
    await this.#show(inOrder ? page : this.#sorted(page).slice(0, this.#limit));
  }

  async #dots(path: string): Promise<Shown[]> {
    const remote = await this.remote();
    const [own, parent] = await Promise.all([remote.stat(path, 'final-symlink', this.signal), remote.stat(parentOf(path), 'final-symlink', this.signal)]);
    return [{ name: '.', path, node: own }, { name: '..', path: parentOf(path), node: parent }];
  }

  #isShown(entry: DirectoryEntry): boolean {
    return this.all || this.almostAll || !entry.name.startsWith('.');
  }

  #sorted(entries: readonly Shown[]): Shown[] {
    if (this.#sort === 'none') return [...entries];
    const byName = (left: Shown, right: Shown): number => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
    const order = {
      name: byName,
      size: (left: Shown, right: Shown) => right.node.bytes - left.node.bytes || byName(left, right),
      time: (left: Shown, right: Shown) => right.node.mtimeMs - left.node.mtimeMs || byName(left, right),
    }[this.#sort];
    const sorted = [...entries].sort(order);
    return this.reverse ? sorted.reverse() : sorted;
  }

  async #show(entries: readonly Shown[]): Promise<void> {
    if (entries.length === 0) return;
    this.#hasPrinted = true;
    if (this.json) {
      for (const entry of entries) await this.jsonLine({ ...nodeJson(entry.path, entry.node), name: baseName(entry.name) });
    } else if (this.long) {
      for (const row of this.#longRows(entries)) await this.line(row);
    } else if (this.single || !this.run.stdout.isTerminal) {
      for (const entry of entries) await this.line(this.#inode(entry) + this.#name(entry).shown);
    } else {
      const items = entries.map((entry) => {
        const { text, shown } = this.#name(entry);
        return { text: this.#inode(entry) + text, shown: this.#inode(entry) + shown };
      });
      for (const row of toColumns(items, this.run.stdout.columns)) await this.line(row);
    }
  }

  #inode(entry: Shown): string {
    return this.inode ? `${entry.node.ino} ` : '';
  }

  #name(entry: Shown): { readonly text: string; readonly shown: string } {
    const name = this.safe(entry.name);
    const mark = this.classify ? kindMark(entry.node) : '';
    const colour = entry.node.kind === 'directory' ? 'bold-blue' : entry.node.kind === 'symlink' ? 'cyan' : (entry.node.mode & 0o111) !== 0 ? 'green' : undefined;
    return { text: name + mark, shown: (colour === undefined ? name : this.paint(name, colour)) + mark };
  }

  #longRows(entries: readonly Shown[]): string[] {
    const size: SizeStyle = this.exact ? 'exact' : this.si ? 'si' : this.human ? 'binary' : 'exact';
    const { clock, zone } = this.session.deps;
    const table = toTable(entries.map(({ node }) => [
      ...(this.inode ? [String(node.ino)] : []),
      modeText(node), String(node.links), String(node.uid), String(node.gid), formatSize(node.bytes, size),
      formatTime(node.mtimeMs, { style: this.#style, zone, nowMs: clock.wallMs() }), shortId(node),
    ]), [...(this.inode ? ['right' as const] : []), 'left', 'right', 'right', 'right', 'right', 'left', 'left']);
    return entries.map((entry, at) => {
      const target = entry.node.kind === 'symlink' ? ` -> ${this.safe(entry.node.target ?? '')}` : '';
      return `${table[at] ?? ''}  ${this.#name(entry).shown}${target}`;
    });
  }
}
