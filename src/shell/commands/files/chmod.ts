// chmod, chown and chgrp: attributes of paths and trees.

import type { RemoteFiles } from '../../../client/remote-files.ts';
import type { AttributeChange, Operation } from '../../../model/operation.ts';
import type { NodeInfo } from '../../../model/node-info.ts';
import { limits } from '../../../base/limits.ts';
import { mustOk, Option, ShellCommand, type Operand } from '../../base-command.ts';
import { parseMode } from '../../core/mode.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { walkRemote } from '../../remote-walk.ts';

/** What chmod and chown share: a change per node, -R, and batches. */
abstract class AttributeCommand extends ShellCommand {
  recursive = Option.Boolean('-R,--recursive', false, { description: 'Everything below too' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  protected abstract change(node: NodeInfo): AttributeChange;

  protected async apply(operands: readonly Operand[], what: string): Promise<void> {
    const remote = await this.remote();
    await this.each(operands, what, async (operand) => {
      if (!this.recursive) return this.#run(remote, [await this.#operation(remote, operand.path)]);
      let batch: Operation[] = [];
      for await (const found of walkRemote(remote, operand.path, { signal: this.signal, onError: (path, error) => this.failWith(`cannot open directory ${quoteName(path)}`, path, error) })) {
        // A link has no attributes that anybody looks at (GNU chmod -R skips links too).
        if (found.node.kind !== 'symlink') batch.push({ kind: 'set-attributes', path: found.path, change: this.change(found.node), follow: 'never' });
        if (batch.length >= limits.entryCommandsMax) {
          await this.#run(remote, batch);
          batch = [];
        }
      }
      await this.#run(remote, batch);
    });
  }

  async #operation(remote: RemoteFiles, path: string): Promise<Operation> {
    const node = await remote.stat(path, 'final-symlink', this.signal);
    return { kind: 'set-attributes', path, change: this.change(node), follow: 'final-symlink' };
  }

  async #run(remote: RemoteFiles, operations: readonly Operation[]): Promise<void> {
    const outcomes = this.dryRun ? [] : await remote.run(operations, { signal: this.signal, operationId: this.run.operationId });
    for (const [at, operation] of operations.entries()) {
      if (operation.kind !== 'set-attributes') continue;
      if (!this.dryRun) mustOk(outcomes[at]);
      const { mode, uid, gid } = operation.change;
      const owner = uid === undefined && gid === undefined ? '' : ` owner ${uid ?? ''}:${gid ?? ''}`;
      if (this.json) await this.jsonLine({ type: 'set-attributes', path: operation.path, ...operation.change, dryRun: this.dryRun });
      else if (this.verbose > 0 || this.dryRun) await this.line(`${quoteName(operation.path)}${mode === undefined ? '' : ` mode ${mode.toString(8).padStart(4, '0')}`}${owner}`);
    }
  }
}

export class Chmod extends AttributeCommand {
  static override readonly names = ['chmod'];
  static readonly help = { category: 'Change', description: 'Set modes', examples: [['for everybody', 'chmod a+rX -R /public'], ['octal', 'chmod 640 /a']] } as const;

  words = Option.Rest({ name: 'mode path…', required: 2 });

  async execute(): Promise<number> {
    const [mode = '', ...paths] = this.words;
    if (parseMode(this.literal(mode), { current: 0, kind: 'file' }) === undefined) throw new UsageProblem(`invalid mode: '${this.literal(mode)}'`);
    await this.apply(await this.remoteOperands(paths), 'cannot change mode of');
    return this.statusFor(paths.length);
  }

  protected override change(node: NodeInfo): AttributeChange {
    return { mode: parseMode(this.literal(this.words[0] ?? ''), { current: node.mode, kind: node.kind }) ?? node.mode };
  }
}

export class Chown extends AttributeCommand {
  static override readonly names = ['chown', 'chgrp'];
  static readonly help = { category: 'Change', description: 'Set owner and group, as numbers', examples: [['both', 'chown 1000:100 /a'], ['group only', 'chgrp 100 /a']] } as const;

  words = Option.Rest({ name: 'owner[:group] path…', required: 2 });

  async execute(): Promise<number> {
    const [owner = '', ...paths] = this.words;
    if (this.#parse(owner) === undefined) throw new UsageProblem(`invalid owner: '${this.literal(owner)}' (numbers only: 1000, 1000:100 or :100)`);
    await this.apply(await this.remoteOperands(paths), 'cannot change owner of');
    return this.statusFor(paths.length);
  }

  protected override change(): AttributeChange {
    return this.#parse(this.words[0] ?? '') ?? {};
  }

  #parse(text: string): AttributeChange | undefined {
    const match = (this.run.name === 'chgrp' ? /^()(\d{1,9})$/ : /^(\d{1,9})?(?::(\d{1,9}))?$/).exec(text);
    if (match === null || text === '') return undefined;
    return { ...(match[1] === undefined || match[1] === '' ? {} : { uid: Number(match[1]) }), ...(match[2] === undefined ? {} : { gid: Number(match[2]) }) };
  }
}
