// find: walks a tree and prints, or removes, what passes its tests (core/find-expression.ts).

import type { RemoteFiles } from '../../../client/remote-files.ts';
import { mustOk, Option, ShellCommand, type Operand } from '../../base-command.ts';
import { globMark } from '../../command-run.ts';
import { matchesFind, parseFind, referencesOf, type FindPlan } from '../../core/find-expression.ts';
import { unescapeGlob } from '../../core/glob.ts';
import { baseName } from '../../core/remote-path.ts';
import { quoteName, UsageProblem } from '../../failure.ts';
import { nodeJson } from '../../node-view.ts';
import { walkRemote, type WalkedNode } from '../../remote-walk.ts';

export class Find extends ShellCommand {
  static override readonly names = ['find'];
  static readonly help = {
    category: 'Look', description: 'Find names in a tree',
    details: 'Tests: -name -iname -path -ipath PATTERN, -type f|d|l, -size [+-]N[ckMGT], -mtime [+-]DAYS, -mmin [+-]MINUTES, -newer PATH, -empty,\n'
      + 'joined by nothing or -a (and), -o (or), ! (not), ( ).\nSettings: -maxdepth N, -mindepth N. Actions: -print (default), -print0, -delete (with --dry-run: only say).',
    examples: [['big files', 'find / -type f -size +100M'], ['by name', 'find -name \'*.log\''], ['remove empty files', 'find /tmp -empty -type f -delete']],
  } as const;

  words = Option.Proxy({ name: 'path… test' });

  async execute(): Promise<number> {
    const flags = new Set(['--json', '--dry-run', '--help']);
    const given = new Set(this.words.filter((word) => flags.has(word)));
    if (given.has('--help')) return this.run.interpreter.runText('help find', this.run);
    this.json = given.has('--json');
    const parsed = parseFind(this.words.filter((word) => !flags.has(word)).map((word, at, all) => this.#text(word, all[at - 1])));
    if (parsed.kind === 'wrong') throw new UsageProblem(parsed.message);
    const plan = parsed.plan;
    const starts = plan.paths.length === 0 ? ['.'] : plan.paths;
    const remote = await this.remote();
    const references = new Map<string, number>();
    for (const path of referencesOf(plan.test)) references.set(path, (await remote.stat(this.remotePath(path), 'final-symlink', this.signal)).mtimeMs);
    const world = { nowMs: this.session.deps.clock.wallMs(), references };
    await this.each(await this.remoteOperands(starts), 'cannot access', async (operand) => {
      const doomed: WalkedNode[] = [];
      for await (const found of this.#walk(remote, operand, plan)) {
        const path = shownPath(operand, found);
        if (found.depth < plan.minDepth || !matchesFind(plan.test, { path, name: found.below === '' ? baseName(operand.path) : baseName(found.path), node: found.node }, world)) continue;
        if (plan.action === 'delete') doomed.push(found);
        if (plan.action !== 'delete' || given.has('--dry-run')) await this.#print(path, found, plan);
      }
      if (!given.has('--dry-run')) await this.#remove(remote, doomed);
    });
    return this.statusFor(starts.length);
  }

  /** A pattern is for -name; only before the first test it is one to be matched now. */
  #text(word: string, previous: string | undefined): string {
    const isTestValue = previous?.startsWith('-') === true;
    return isTestValue && word.startsWith(globMark) ? unescapeGlob(word.slice(globMark.length)) : word;
  }

  #walk(remote: RemoteFiles, operand: Operand, plan: FindPlan): AsyncGenerator<WalkedNode> {
    return walkRemote(remote, operand.path, {
      signal: this.signal, maxDepth: plan.maxDepth, onError: (path, error) => this.failWith(`cannot open directory ${quoteName(path)}`, path, error),
    });
  }

  async #print(path: string, found: WalkedNode, plan: FindPlan): Promise<void> {
    if (this.json) await this.jsonLine(nodeJson(found.path, found.node));
    else await this.print(plan.action === 'print0' ? `${path}\0` : `${this.safe(path)}\n`);
  }

  /** Children before parents, so that directories which held only matches are empty in time. */
  async #remove(remote: RemoteFiles, doomed: readonly WalkedNode[]): Promise<void> {
    const order = [...doomed].sort((left, right) => right.depth - left.depth).filter((found) => found.path !== '/');
    const outcomes = await remote.run(
      order.map((found) => ({ kind: 'remove', path: found.path, what: found.node.kind === 'directory' ? 'empty-directory' : 'file' })),
      { signal: this.signal, operationId: this.run.operationId },
    );
    for (const [at, found] of order.entries()) {
      await this.attempt(`cannot delete ${quoteName(found.path)}`, found.path, async () => { mustOk(outcomes[at]); });
    }
  }
}

function shownPath(operand: Operand, found: WalkedNode): string {
  if (found.below === '') return operand.typed;
  return operand.typed.endsWith('/') ? `${operand.typed}${found.below}` : `${operand.typed}/${found.below}`;
}
