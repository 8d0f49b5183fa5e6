// Duty of the leader: things whose time is over by cluster age. It only names them; `apply` checks each age again.

import { limits } from '../../../base/limits.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import type { Command } from '../../../storage/meta/core/command.ts';
import type { Proposer } from '../proposer.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export class Expiry implements Duty {
  readonly name = 'expire';
  readonly restMs = limits.expireRestMs;
  readonly #deps: { readonly raft: TrackerRaft; readonly proposer: Proposer };

  constructor(deps: { readonly raft: TrackerRaft; readonly proposer: Proposer }) {
    this.#deps = deps;
  }

  async round(_: Leadership, signal: AbortSignal): Promise<void> {
    const commands = await readLocal(this.#deps.raft, async (queries): Promise<Command[]> => {
      const sessions = (await queries.sessionsDue(limits.expireItemsMax)).map((each) => each.session);
      const uploads = await queries.uploadsDue(limits.expireItemsMax);
      const rows = await queries.trimmable(limits.expireItemsMax);
      return [
        ...(sessions.length > 0 ? [{ kind: 'expire-sessions' as const, sessions }] : []),
        ...(uploads.length > 0 ? [{ kind: 'expire-uploads' as const, uploads }] : []),
        ...(rows.length > 0 ? [{ kind: 'trim-feed' as const, rows }] : []),
      ];
    });
    for (const command of commands) await this.#deps.proposer.one(command, signal, 'frees');
  }
}
