// Puts waiting proposals into the log, a bounded number a turn, and says of those it cannot where to go instead.

import { mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, NodeId, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { confChangeOf } from '../core/conf-change-codec.ts';
import { ProposalDropped } from '../core/errors.ts';
import type { RawNode } from '../core/raw-node.ts';
import { noNode } from '../core/types.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { FloorWatch } from './floor-watch.ts';
import type { LeaderWatch } from './leader-watch.ts';
import type { Proposals, QueuedProposal } from './proposals.ts';
import type { ProposalUrgency } from './raft-status.ts';

export interface ProposerDeps<Result> {
  readonly self: NodeId;
  readonly core: Pick<RawNode, 'propose' | 'proposeConfChange' | 'basicStatus'>;
  readonly proposals: Proposals<Result>;
  readonly leader: LeaderWatch;
  readonly floors: FloorWatch;
  readonly config: () => ClusterConfig;
  readonly urlOf: (peer: NodeId) => string | undefined;
}

export class Proposer<Result> {
  readonly #deps: ProposerDeps<Result>;

  constructor(deps: ProposerDeps<Result>) {
    this.#deps = deps;
  }

  /** Throws what a proposal would end with, before it waits for its turn. */
  check(urgency: ProposalUrgency): void {
    if (!this.#deps.leader.leads) throw this.notLeader();
    const others = this.#deps.config().confState.voters.filter((id) => id !== this.#deps.self) as NodeId[];
    this.#deps.floors.checkProposal(urgency, others);
  }

  proposeQueued(): void {
    if (this.#deps.proposals.queued === 0) return;
    for (const proposal of this.#deps.proposals.takeQueued(limits.turnMessagesMax)) {
      try {
        this.#propose(proposal);
        const { lastIndex, term } = this.#deps.core.basicStatus();
        this.#deps.proposals.placed(proposal, { index: lastIndex as LogIndex, term: term as Term });
      } catch (error) {
        if (!(error instanceof ProposalDropped)) throw error;
        proposal.waiting.reject(this.#whyDropped());
      }
    }
  }

  /** Where to go instead. */
  notLeader(): OffshoreError {
    const lead = this.#deps.config().members.find((member) => member.id === this.#deps.leader.lead);
    if (lead === undefined || lead.id === this.#deps.self) return new OffshoreError('no-leader');
    return new OffshoreError('not-leader', { leader: this.#deps.urlOf(lead.id) ?? lead.url, name: lead.name });
  }

  #propose(proposal: QueuedProposal<Result>): void {
    if (proposal.kind === 'data') return this.#deps.core.propose(proposal.data);
    const change = confChangeOf({ type: 'conf-change-v2', data: proposal.data });
    return this.#deps.core.proposeConfChange(mustExist(change, 'a membership proposal is a change'));
  }

  #whyDropped(): OffshoreError {
    const { role, leadTransferee } = this.#deps.core.basicStatus();
    if (role !== 'leader') return this.notLeader();
    if (leadTransferee === noNode) return new OffshoreError('overloaded');
    return new OffshoreError('no-leader', {}, { message: 'Leadership is being handed over' });
  }
}
