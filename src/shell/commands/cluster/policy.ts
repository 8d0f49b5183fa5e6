// policy: the storage class of new files below a directory.

import { formatStorageClass, parseStorageClass, defaultClass } from '../../../model/storage-class.ts';
import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { parentOf } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';

export class Policy extends ShellCommand {
  static override readonly names = ['policy', 'setrep'];
  static readonly help = {
    category: 'Cluster', description: 'Show or set the storage class of new files',
    details: 'policy show PATH… · policy set CLASS PATH… · policy clear PATH… (inherit again)\nCLASS is copies=N or ec=K+M. Files that exist keep theirs.',
    examples: [['five copies', 'policy set copies=5 /important'], ['what holds here', 'policy show .']],
  } as const;

  words = Option.Rest({ name: 'show|set|clear …', required: 1 });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    const [verb, ...rest] = this.words;
    switch (verb) {
      case 'show': return this.#show(rest);
      case 'clear': return this.#set(undefined, rest);
      case 'set': {
        const [text = '', ...paths] = rest;
        const parsed = parseStorageClass(this.literal(text));
        if (parsed === undefined) throw new UsageProblem(`invalid storage class: '${this.literal(text)}' (copies=3 or ec=4+2)`);
        return this.#set(formatStorageClass(parsed), paths);
      }
      default: throw new UsageProblem('policy is followed by show, set or clear');
    }
  }

  async #set(storageClass: string | undefined, given: readonly string[]): Promise<number> {
    if (given.length === 0) throw new UsageProblem('a path is missing');
    const remote = await this.remote();
    await this.each(await this.remoteOperands(given), 'cannot set policy of', async ({ path }) => {
      if (!this.dryRun) {
        mustOk((await remote.run([{ kind: 'set-policy', path, ...(storageClass === undefined ? {} : { storageClass }) }], { signal: this.signal, operationId: this.run.operationId }))[0]);
      }
      if (this.json) await this.jsonLine({ type: 'policy', path, storageClass, dryRun: this.dryRun });
      else if (this.verbose > 0 || this.dryRun) await this.line(`${quoteName(path)}: ${storageClass ?? 'inherited'}`);
    });
    return this.statusFor(given.length);
  }

  async #show(given: readonly string[]): Promise<number> {
    const paths = given.length === 0 ? ['.'] : given;
    const remote = await this.remote();
    await this.each(await this.remoteOperands(paths), 'cannot read policy of', async ({ path, typed }) => {
      const node = await remote.stat(path, 'final-symlink', this.signal);
      const found = node.storageClass === undefined ? await this.#inherited(path) : { storageClass: node.storageClass, from: path };
      if (this.json) await this.jsonLine({ type: 'policy', path, ...found });
      else await this.line(`${this.safe(typed)}: ${found.storageClass}${found.from === path ? '' : ` (from ${this.safe(found.from)})`}`);
    });
    return this.statusFor(paths.length);
  }

  async #inherited(path: string): Promise<{ readonly storageClass: string; readonly from: string }> {
    const remote = await this.remote();
    for (let at = path; at !== '/';) {
      at = parentOf(at);
      const node = await remote.stat(at, 'final-symlink', this.signal);
      if (node.storageClass !== undefined) return { storageClass: node.storageClass, from: at };
    }
    return { storageClass: formatStorageClass(defaultClass), from: 'the default' };
  }
}
