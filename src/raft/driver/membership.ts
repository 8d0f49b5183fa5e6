// Changes of who takes part (`raft.md` 2.7): a new tracker is a learner first, catches up in rounds, then votes; a replacement is one
// joint change. One at a time, on the leader. A voter is never added directly: an empty one would weigh in every quorum at once.

import { sleep } from '../../async/sleep.ts';
import { mustNotBeAborted } from '../../async/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ClusterId, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Send } from '../../protocol/send.ts';
import { encodeConfChange } from '../core/conf-change-codec.ts';
import type { ConfChangeSingle, Status } from '../core/types.ts';
import { askIdentity } from './bootstrap.ts';
import { encodeNewMembers, type ClusterConfig } from './cluster-config.ts';
import type { Member, TrackerAddress } from './members.ts';

export interface MembershipDeps {
  readonly clock: Clock;
  readonly send: Send;
  readonly cluster: ClusterId;
  readonly config: () => ClusterConfig;
  readonly status: () => Status;
  /** Resolves when the change was applied here. */
  readonly propose: (change: Uint8Array, signal: AbortSignal) => Promise<unknown>;
  readonly notLeader: () => OffshoreError;
}

export interface MembershipOptions {
  readonly tickMs: number;
  /** A round that takes less is short enough to let the new tracker vote. */
  readonly electionMs: number;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #deps: MembershipDeps;
  #running: 'no' | 'yes' = 'no';

  constructor(options: MembershipOptions, deps: MembershipDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  addLearner(address: TrackerAddress, signal: AbortSignal): Promise<Member> {
    return this.#alone(() => this.#addLearner(address, signal));
  }

  promote(id: NodeId, signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      const { confState } = this.#deps.config();
      if (confState.voters.includes(id)) return;
      if (!confState.learners.includes(id)) throw new OffshoreError('not-found', { tracker: id });
      await this.#catchUp(id, signal);
      await this.#change([{ type: 'add-node', nodeId: id }], [], signal);
    });
  }

  remove(id: NodeId, signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      const { voters, learners } = this.#deps.config().confState;
      if (!voters.includes(id) && !learners.includes(id)) throw new OffshoreError('not-found', { tracker: id });
      if (voters.length === 1 && voters[0] === id) throw new OffshoreError('precondition-failed', { tracker: id }, { message: 'The last tracker cannot be removed' });
      await this.#change([{ type: 'remove-node', nodeId: id }], [], signal);
    });
  }

  replace(old: NodeId, address: TrackerAddress, signal: AbortSignal): Promise<Member> {
    return this.#alone(async () => {
      if (!this.#deps.config().confState.voters.includes(old)) throw new OffshoreError('not-found', { tracker: old });
      const member = await this.#addLearner(address, signal);
      await this.#catchUp(member.id, signal);
      await this.#change([{ type: 'add-node', nodeId: member.id }, { type: 'remove-node', nodeId: old }], [], signal);
      return member;
    });
  }

  /** The tracker says its incarnation itself: it must run, and be empty. A repeated call finds it a learner already. */
  async #addLearner(address: TrackerAddress, signal: AbortSignal): Promise<Member> {
    const answer = await askIdentity(address.url, this.#deps.send, signal);
    if (answer.name !== address.name) throw new OffshoreError('bad-option', { asked: address.name, answered: answer.name });
    const config = this.#deps.config();
    const present = config.members.find((member) => member.incarnation === answer.incarnation);
    if (present !== undefined) return present;
    if (answer.kind === 'member') throw new OffshoreError('wrong-cluster', { tracker: address.name }, { message: 'The tracker belongs to a cluster already' });
    const member = { ...address, id: config.nextId, incarnation: answer.incarnation };
    await this.#change([{ type: 'add-learner', nodeId: member.id }], [member], signal);
    return member;
  }

  /** Thesis 4.2.1: rounds, each to where the log ended at its beginning, until one is short. */
  async #catchUp(id: NodeId, signal: AbortSignal): Promise<void> {
    for (let round = 0; round < limits.catchUpRoundsMax; round += 1) {
      const target = this.#deps.status().lastIndex;
      const startedMs = this.#deps.clock.monotonicMs();
      while (this.#matchOf(id) < target) await sleep(this.#options.tickMs, this.#deps.clock, signal);
      if (this.#deps.clock.monotonicMs() - startedMs < this.#options.electionMs) return;
    }
    throw new OffshoreError('busy', { tracker: id }, { message: 'The new tracker does not catch up' });
  }

  #matchOf(id: NodeId): number {
    const status = this.#deps.status();
    if (status.role !== 'leader') throw this.#deps.notLeader();
    return status.progress.get(id)?.match ?? 0;
  }

  /** Proposes, and waits until a joint configuration was left again. */
  async #change(changes: readonly ConfChangeSingle[], added: readonly Member[], signal: AbortSignal): Promise<void> {
    mustNotBeAborted(signal);
    const change = encodeConfChange({ kind: 'conf-change-v2', transition: 'auto', changes, context: encodeNewMembers(added) });
    await this.#deps.propose(change, signal);
    while (this.#deps.config().confState.votersOutgoing.length > 0) await sleep(this.#options.tickMs, this.#deps.clock, signal);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === 'yes') throw new OffshoreError('busy', {}, { message: 'Another membership change is under way' });
    this.#running = 'yes';
    try {
      return await work();
    } finally {
      this.#running = 'no';
    }
  }
}

