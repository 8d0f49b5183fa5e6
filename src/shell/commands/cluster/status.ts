// status: is everything there, and is it safe. Exit 1 when anything is below its class or down, 5 without a leader.

import type { ClassHealth, ClusterStatus } from '../../../protocol/tracker-api.ts';
import { second } from '../../../base/limits.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { formatSize, toTable } from '../../core/format.ts';
import { exitStatus } from '../../failure.ts';

export class Status extends ShellCommand {
  static override readonly names = ['status', 'cluster'];
  static override readonly side = 'none';
  static readonly help = {
    category: 'Cluster', description: 'Leader, nodes, and how safe the data is',
    details: 'Exit 0: all well. 1: a node is not up, or data is below its storage class. 5: no leader.', examples: [['watch it', 'status --watch']],
  } as const;

  watch = Option.Boolean('--watch', false, { description: 'Again every two seconds, until Ctrl-C' });

  async execute(): Promise<number> {
    const remote = await this.remote();
    for (;;) {
      const status = await remote.status(this.signal);
      if (this.json) await this.jsonLine(status);
      else await this.#show(status);
      if (!this.watch) return exitOf(status);
      await this.run.stdout.flush();
      await this.session.sleep(2 * second, this.signal);
    }
  }

  async #show(status: ClusterStatus): Promise<void> {
    if (this.quiet) return;
    if (this.watch && this.run.stdout.isTerminal) await this.print('\x1b[H\x1b[2J');
    await this.line(`cluster ${status.cluster.slice(0, 12)}  leader ${status.leader ?? this.paint('none', 'red')}  index ${status.index}`);
    const trackers = [...status.trackers].sort(byName).map((tracker) => [
      String(tracker.name), tracker.role, tracker.term === undefined ? '-' : `term ${tracker.term}`, tracker.applied === undefined ? '-' : `applied ${tracker.applied}`,
      tracker.lag === undefined ? '' : `lag ${tracker.lag}`, tracker.url,
    ]);
    const seeders = [...status.seeders].sort(byName).map((seeder) => [
      String(seeder.name), seeder.state, seeder.condition ?? '-', `${seeder.chunks ?? '-'} chunks`,
      seeder.freeBytes === undefined ? '' : `${formatSize(seeder.freeBytes, 'binary')} free`, `${seeder.url} zone ${seeder.zone}`,
    ]);
    for (const line of toTable([...trackers, ...seeders], ['left', 'left', 'left', 'left', 'left', 'left'])) await this.line(this.#tinted(line));
    for (const health of status.classes) {
      await this.line(`${health.storageClass}: ${this.#verdict(health)}, ${health.partitions} partitions (${health.whole} whole, ${health.behind} behind, ${health.stale} stale), ${health.liveChunks} chunks`);
    }
    await this.line(`${formatSize(status.bytes, 'binary')} in ${status.inodes} files and directories`);
  }

  /** Safe is only what inventory proved: everything else says what is missing for that. */
  #verdict(health: ClassHealth): string {
    if (health.belowClass > 0) return this.paint(`${health.belowClass} below class`, 'red');
    return health.whole === health.partitions ? this.paint('safe', 'green') : this.paint('not proved yet', 'yellow');
  }

  #tinted(line: string): string {
    return /\b(unreachable|down|wiped)\b/.test(line) ? this.paint(line, 'red') : /\b(suspect|candidate|full|closed)\b/.test(line) ? this.paint(line, 'yellow') : line;
  }
}

/** `seeder-2` before `seeder-10`. */
function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name.localeCompare(right.name, 'en', { numeric: true });
}

function exitOf(status: ClusterStatus): number {
  if (status.leader === undefined) return exitStatus.unavailable;
  const isWorse = status.classes.some((health) => health.belowClass > 0)
    || status.trackers.some((tracker) => tracker.role === 'unreachable')
    || status.seeders.some((seeder) => seeder.state === 'suspect' || seeder.state === 'down');
  return isWorse ? exitStatus.failed : exitStatus.ok;
}
