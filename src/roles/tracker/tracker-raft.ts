// The Raft node of a tracker, with the state machine it carries: the type every part of this role speaks to, and how reads go.

import { assert } from '../../base/assert.ts';
import type { LogIndex } from '../../base/ids.ts';
import type { RaftNode } from '../../raft/driver/raft-node.ts';
import type { CommandResult } from '../../storage/meta/core/command.ts';
import { MetaMachine } from '../../storage/meta/machine.ts';
import type { MetaQueries } from '../../storage/meta/queries.ts';

export type TrackerRaft = RaftNode<readonly CommandResult[]>;

/** A linearizable read on any tracker: the barrier first, then the query on the state that is current then. */
export async function readState<T>(raft: TrackerRaft, signal: AbortSignal, query: (queries: MetaQueries) => Promise<T>): Promise<{ readonly index: LogIndex; readonly value: T }> {
  const index = await raft.readBarrier(signal);
  const value = await readLocal(raft, query);
  return { index, value };
}

/** A read of whatever this tracker has applied; for the duties of a leader and for status, never for clients. */
export function readLocal<T>(raft: Pick<TrackerRaft, 'useMachine'>, query: (queries: MetaQueries) => Promise<T>): Promise<T> {
  return raft.useMachine((machine) => {
    assert(machine instanceof MetaMachine, 'a tracker carries the metadata machine');
    return query(machine.queries);
  });
}
