// touch: sets the time of paths, and makes empty files where nothing is.

import { isOffshoreError } from '../../../base/errors.ts';
import type { WallMillis } from '../../../base/ids.ts';
import { emptyBytes } from '../../../base/bytes.ts';
import { mustOk, Option, ShellCommand } from '../../base-command.ts';
import { parseTime } from '../../core/parse-time.ts';
import { UsageProblem } from '../../failure.ts';

export class Touch extends ShellCommand {
  static override readonly names = ['touch'];
  static override readonly shorts = 'dr';
  static readonly help = { category: 'Change', description: 'Set times; make empty files', examples: [['a given time', 'touch -d 2026-01-31T12:00 /a']] } as const;

  operands = Option.Rest({ name: 'path', required: 1 });
  noCreate = Option.Boolean('-c,--no-create', false, { description: 'Make no file' });
  date = Option.String('-d,--date', { description: 'This time: 2026-01-31, 2026-01-31T12:00:00Z or @seconds' });
  reference = Option.String('-r,--reference', { description: 'The time of this path' });
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only say what would be done' });

  async execute(): Promise<number> {
    const remote = await this.remote();
    const mtimeMs = await this.#time();
    await this.each(await this.remoteOperands(this.operands), 'cannot touch', async ({ path, typed }) => {
      if (this.verbose > 0 || this.dryRun) await this.line(`touch ${this.safe(typed)}`);
      if (this.dryRun) return;
      const [outcome] = await remote.run([{ kind: 'set-attributes', path, change: { mtimeMs }, follow: 'final-symlink' }], { signal: this.signal, operationId: this.run.operationId });
      if (outcome?.ok === false && outcome.code === 'not-found') {
        if (!this.noCreate) await this.#create(path, mtimeMs);
      } else {
        mustOk(outcome);
      }
      if (this.json) await this.jsonLine({ type: 'touch', path, mtimeMs });
    });
    return this.statusFor(this.operands.length);
  }

  /** Only if nothing is there still: a file that somebody made meanwhile keeps its bytes. */
  async #create(path: string, mtimeMs: WallMillis): Promise<void> {
    const remote = await this.remote();
    try {
      await remote.upload({ kind: 'file', bytes: 0, read: async () => emptyBytes }, path, {
        signal: this.signal, operationId: this.run.operationId, attributes: { mode: 0o644, mtimeMs }, expect: { kind: 'absent' },
      });
    } catch (error) {
      if (!isOffshoreError(error, 'precondition-failed') && !isOffshoreError(error, 'exists')) throw error;
    }
  }

  async #time(): Promise<WallMillis> {
    const { clock, zone } = this.session.deps;
    if (this.reference !== undefined) return (await (await this.remote()).stat(this.remotePath(this.reference), 'final-symlink', this.signal)).mtimeMs;
    if (this.date === undefined) return Math.floor(clock.wallMs()) as WallMillis;
    const parsed = parseTime(this.date, { nowMs: clock.wallMs(), zone });
    if (parsed === undefined) throw new UsageProblem(`invalid date: '${this.date}'`);
    return parsed as WallMillis;
  }
}
