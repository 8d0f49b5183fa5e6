// stat: everything the namespace knows of a path.

import type { NodeInfo } from '../../../model/node-info.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { formatTime } from '../../core/format.ts';
import { modeText, nodeJson } from '../../node-view.ts';

export class Stat extends ShellCommand {
  static override readonly names = ['stat'];
  static override readonly shorts = 'c';
  static readonly help = {
    category: 'Look', description: 'Show size, times, mode, class and content id of a path',
    details: '--format takes %n name, %s bytes, %F kind, %a mode in octal, %A mode, %u %g owner, %i inode, %h links, %Y time, %y time for people,\n%C content id, %S storage class, %v version, %N target of a link, %% a percent sign.',
    examples: [['bytes of a file', 'stat -c %s /a']],
  } as const;

  operands = Option.Rest({ name: 'path', required: 1 });
  format = Option.String('-c,--format', { description: 'Print in this form' });
  dereference = Option.Boolean('-L,--dereference', false, { description: 'Follow a link' });

  async execute(): Promise<number> {
    const remote = await this.remote();
    const status = await this.each(await this.remoteOperands(this.operands), 'cannot stat', async (operand) => {
      const node = await remote.stat(operand.path, this.dereference ? 'final-symlink' : 'never', this.signal);
      if (this.json) await this.jsonLine(nodeJson(operand.path, node));
      else if (this.format !== undefined) await this.line(this.#formatted(this.format, operand.typed, node));
      else for (const line of this.#described(operand.path, node)) await this.line(line);
    });
    return status === 0 ? this.statusFor(this.operands.length) : status;
  }

  #described(path: string, node: NodeInfo): string[] {
    const row = (label: string, value: string | number | undefined): string[] => (value === undefined ? [] : [`${label.padStart(12)}: ${value}`]);
    return [
      ...row('Path', this.safe(path)), ...row('Kind', node.kind), ...row('Target', node.target === undefined ? undefined : this.safe(node.target)),
      ...row('Size', `${node.bytes} bytes`), ...row('Mode', `${(node.mode & 0o7777).toString(8).padStart(4, '0')} (${modeText(node)})`),
      ...row('Owner', `${node.uid}:${node.gid}`), ...row('Modified', this.#time(node.mtimeMs)), ...row('Changed', this.#time(node.ctimeMs)),
      ...row('Inode', node.ino), ...row('Links', node.links), ...row('Version', node.version), ...row('Class', node.storageClass), ...row('Content id', node.contentId),
      ...row('Entries', node.children), ...row('Tree', node.treeBytes === undefined ? undefined : `${node.treeBytes} bytes in ${node.treeInodes ?? 0} inodes`),
    ];
  }

  #time(wallMs: number): string {
    const { clock, zone } = this.session.deps;
    return formatTime(wallMs, { style: 'full-iso', zone, nowMs: clock.wallMs() });
  }

  #formatted(format: string, typed: string, node: NodeInfo): string {
    const values: Readonly<Record<string, string>> = {
      'n': this.safe(typed), 's': String(node.bytes), 'F': node.kind, 'a': (node.mode & 0o7777).toString(8), 'A': modeText(node), 'u': String(node.uid),
      'g': String(node.gid), 'i': String(node.ino), 'h': String(node.links), 'Y': String(Math.floor(node.mtimeMs / 1000)), 'y': this.#time(node.mtimeMs),
      'C': node.contentId ?? '', 'S': node.storageClass ?? '', 'v': String(node.version), 'N': this.safe(node.target ?? ''), '%': '%',
    };
    return this.safe(format.replace(/\\n/g, '\n')).replaceAll('\\x0a', '\n').replace(/%(.)/g, (whole, letter: string) => (Object.hasOwn(values, letter) ? values[letter] ?? '' : whole));
  }
}
