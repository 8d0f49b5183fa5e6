// Duty of the leader: things whose time is over by cluster age. It only names them; `apply` checks each age again.

import { limits } from '../../../base/limits.ts';
import type { Leadership } from '../../../raft/driver/raft-status.ts';
import type { Command } from '../../../storage/meta/core/command.ts';
import type { MetaQueries } from '../../../storage/meta/queries.ts';
import type { Proposer } from '../proposer.ts';
import { readLocal, type TrackerRaft } from '../tracker-raft.ts';
import type { Duty } from './duty.ts';

export interface ExpiryDeps {
  readonly raft: Pick<TrackerRaft, 'useMachine'>;
  readonly proposer: Pick<Proposer, 'one'>;
}

export class Expiry implements Duty {
  readonly name = 'expire';
  readonly restMs = limits.expireRestMs;
  readonly #deps: ExpiryDeps;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  async round(_: Leadership, signal: AbortSignal): Promise<void> {
    for (let turn = 0; turn < limits.expireTurnsMax; turn += 1) {
      const { commands, rest } = await readLocal(this.#deps.raft, findDue);
      for (const command of commands) await this.#deps.proposer.one(command, signal, 'frees');
      if (rest === 'none') return;
    }
  }
}

interface Due {
  readonly commands: readonly Command[];
  readonly rest: 'none' | 'maybe-more';
}

async function findDue(queries: MetaQueries): Promise<Due> {
  const sessions = (await queries.sessionsDue(limits.expireItemsMax)).map((each) => each.session);
  const uploads = await queries.uploadsDue(limits.expireItemsMax);
  const feed = await queries.trimmable(limits.feedPageMax);
  return {
    commands: [
      ...(sessions.length > 0 ? [{ kind: 'expire-sessions' as const, sessions }] : []),
      ...(uploads.length > 0 ? [{ kind: 'expire-uploads' as const, uploads }] : []),
      ...(feed.rows.length > 0 ? [{ kind: 'trim-feed' as const, rows: feed.rows }] : []),
    ],
    // One command empties so many uploads only, so any that was due may leave others, or a part of itself.
    rest: sessions.length === limits.expireItemsMax || uploads.length > 0 || feed.rest === 'maybe-more' ? 'maybe-more' : 'none',
  };
}
