// rm: removes names. A tree goes in one entry of the log; the root only when asked in so many words.

import type { Operation } from '../../../model/operation.ts';
import { mustOk, Option, ShellCommand, type Operand } from '../../base-command.ts';
import { quoteName } from '../../failure.ts';
import { joinRemote } from '../../core/remote-path.ts';
import { limits } from '../../../base/limits.ts';

export class Rm extends ShellCommand {
  static override readonly names = ['rm', 'delete'];
  static readonly help = { category: 'Change', description: 'Remove files, and trees with -r', examples: [['a tree, asking first', 'rm -ri /old'], ['what would go', 'rm -rn /old/*']] } as const;

  operands = Option.Rest({ name: 'path' });
  recursive = Option.Boolean('-r,-R,--recursive', false, { description: 'Directories with everything below' });
  force = Option.Boolean('-f,--force', false, { description: 'What is not there is no error; never ask' });
  directories = Option.Boolean('-d,--dir', false, { description: 'Empty directories too' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Ask before each' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });
  preserveRoot = Option.Boolean('--preserve-root', true, { description: 'Refuse to empty /; --no-preserve-root allows it' });

  async execute(): Promise<number> {
    if (this.operands.length === 0 && !this.force) return this.#missing();
    const operands = await this.remoteOperands(this.operands);
    const chosen: Operand[] = [];
    for (const operand of operands) if (await this.#isWanted(operand)) chosen.push(...(operand.path === '/' ? await this.#childrenOfRoot() : [operand]));
    for (let at = 0; at < chosen.length; at += limits.entryCommandsMax) await this.#remove(chosen.slice(at, at + limits.entryCommandsMax));
    return this.statusFor(this.operands.length);
  }

  async #missing(): Promise<number> {
    await this.fail('missing operand', { code: 'EINVAL', exit: 2, hint: 'Try \'rm --help\'.' });
    return 2;
  }

  async #isWanted(operand: Operand): Promise<boolean> {
    if (operand.path === '/' && (this.preserveRoot || !this.recursive)) {
      const reason = this.recursive ? 'it is dangerous to remove / (use --no-preserve-root to do it all the same)' : `cannot remove ${quoteName(operand.typed)}: Is a directory`;
      await this.fail(reason, { path: '/', code: 'EINVAL', exit: 1 });
      return false;
    }
    if (!this.interactive || this.force || this.dryRun) return true;
    return this.confirm(`remove ${this.recursive ? '(with everything below) ' : ''}${quoteName(operand.typed)}?`);
  }

  /** The root itself stays: only what is in it can go. */
  async #childrenOfRoot(): Promise<Operand[]> {
    const children: Operand[] = [];
    for await (const entry of (await this.remote()).list('/', this.signal)) children.push({ typed: joinRemote('/', entry.name), path: joinRemote('/', entry.name) });
    return children;
  }

  async #remove(operands: readonly Operand[]): Promise<void> {
    const remote = await this.remote();
    const what = this.recursive ? 'tree' : 'file';
    const operations: Operation[] = operands.map(({ path }) => ({ kind: 'remove', path, what }));
    const outcomes = this.dryRun ? [] : await remote.run(operations, { signal: this.signal, operationId: this.run.operationId });
    for (const [at, operand] of operands.entries()) {
      await this.attempt(`cannot remove ${quoteName(operand.typed)}`, operand.path, async () => {
        let outcome = outcomes[at];
        if (this.dryRun) {
          const node = await remote.stat(operand.path, 'never', this.signal).catch((error: unknown) => (this.force ? undefined : Promise.reject(error as Error)));
          if (node === undefined) return;
        } else {
          if (outcome?.ok === false && outcome.code === 'is-a-directory' && this.directories) {
            outcome = (await remote.run([{ kind: 'remove', path: operand.path, what: 'empty-directory' }], { signal: this.signal, operationId: this.run.operationId }))[0];
          }
          if (this.force && outcome?.ok === false && outcome.code === 'not-found') return;
          mustOk(outcome);
        }
        const removed = outcome?.ok === true ? outcome.removed : undefined;
        if (this.json) await this.jsonLine({ type: 'remove', path: operand.path, dryRun: this.dryRun, ...(removed === undefined ? {} : { removed }) });
        else if (this.verbose > 0 || this.dryRun) await this.line(`removed ${quoteName(operand.typed)}`);
      });
    }
  }
}
