// How commands of this tracker enter the log: stamped with wall time and cluster age, encoded, proposed, answered with their results.
// Only a leader whose state holds everything of earlier terms proposes; anyone else is told who that is.

import { mustExist } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, WallMillis } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Leadership, ProposalUrgency } from '../../raft/driver/raft-status.ts';
import type { Command, CommandResult } from '../../storage/meta/core/command.ts';
import { encodeCommand, encodeEntry } from '../../storage/meta/core/command-codec.ts';
import { ClusterAgeCounter } from './cluster-age.ts';
import type { TrackerRaft } from './tracker-raft.ts';

export interface Committed<Results> {
  readonly index: LogIndex;
  readonly results: Results;
}

export class Proposer {
  readonly #raft: TrackerRaft;
  readonly #clock: Clock;
  readonly #age: ClusterAgeCounter;

  constructor(deps: { readonly raft: TrackerRaft; readonly clock: Clock }) {
    this.#raft = deps.raft;
    this.#clock = deps.clock;
    this.#age = new ClusterAgeCounter(deps);
  }

  /** One entry; one result a command, in order. Throws what `RaftNode.propose` throws. */
  async propose(commands: readonly Command[], signal: AbortSignal, urgency: ProposalUrgency = 'ordinary'): Promise<Committed<readonly CommandResult[]>> {
    const leadership = await this.#leadership(signal);
    const clusterAge = this.#age.now(leadership, this.#raft.machine().clusterAge());
    const data = encodeEntry({ wallMs: this.#clock.wallMs() as WallMillis, clusterAge }, commands.map(encodeCommand));
    if (data.length > limits.entryBytesMax) throw new OffshoreError('body-too-large', { bytes: data.length, bytesMax: limits.entryBytesMax });
    const { index, result } = await this.#raft.propose(data, signal, urgency);
    return { index, results: result };
  }

  /** One command; a refusal of the state becomes the error it names. */
  async one(command: Command, signal: AbortSignal, urgency: ProposalUrgency = 'ordinary'): Promise<Committed<CommandResult>> {
    const { index, results } = await this.propose([command], signal, urgency);
    const result = mustExist(results[0], 'one result a command');
    if (result.kind === 'refused') throw new OffshoreError(result.code, result.details);
    return { index, results: result };
  }

  /** A new leader first applies what earlier terms left; a follower points to the leader. */
  async #leadership(signal: AbortSignal): Promise<Leadership> {
    const held = this.#raft.leadership();
    if (held !== undefined) return held;
    if (!this.#raft.isLeader()) throw notLeader(this.#raft);
    await this.#raft.readBarrier(signal);
    const now = this.#raft.leadership();
    if (now === undefined) throw notLeader(this.#raft);
    return now;
  }
}

function notLeader(raft: TrackerRaft): OffshoreError {
  const leader = raft.status().leader;
  if (leader === undefined) return new OffshoreError('no-leader');
  return new OffshoreError('not-leader', { leader: leader.url, name: leader.name });
}
