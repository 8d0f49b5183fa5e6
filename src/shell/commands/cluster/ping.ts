// ping: how long every node takes to answer, the leader marked.

import { second } from '../../../base/limits.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { toTable } from '../../core/format.ts';
import { exitStatus, UsageProblem } from '../../failure.ts';

export class Ping extends ShellCommand {
  static override readonly names = ['ping'];
  static override readonly side = 'none';
  static override readonly shorts = 'c';
  static readonly help = { category: 'Session', description: 'Time to each tracker and seeder', examples: [['three times', 'ping -c 3']] } as const;

  count = Option.String('-c,--count', { description: 'So many times, a second apart (1)' });

  async execute(): Promise<number> {
    const count = this.count ?? '1';
    if (!/^[1-9]\d{0,5}$/.test(count)) throw new UsageProblem('-c takes a number above 0');
    let status: number = exitStatus.ok;
    for (let round = 1; round <= Number(count); round += 1) {
      if (round > 1) await this.session.sleep(second, this.signal);
      const nodes = await (await this.remote()).ping(this.signal);
      if (this.json) for (const node of nodes) await this.jsonLine({ type: 'ping', ...node });
      else {
        const rows = nodes.map((node) => [
          String(node.name), node.isLeader ? 'leader' : node.role, node.roundTripMs === undefined ? `no answer${node.error === undefined ? '' : `: ${node.error}`}` : `${node.roundTripMs.toFixed(1)} ms`, node.url,
        ]);
        for (const line of toTable(rows, ['left', 'left', 'right', 'left'])) await this.line(this.safe(line));
      }
      await this.run.stdout.flush();
      if (nodes.length === 0 || nodes.every((node) => node.roundTripMs === undefined)) status = exitStatus.unavailable;
      else if (nodes.some((node) => node.roundTripMs === undefined)) status = exitStatus.failed;
    }
    return status;
  }
}
