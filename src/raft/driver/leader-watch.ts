// Who leads, as this tracker sees it, and since when it leads itself. Leadership counts only once an entry of the own term was applied:
// until then the state may lack what earlier leaders committed (`raft.md` 2.5, rule 4).

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { NodeId, Term } from '../../base/ids.ts';
import { noNode, type BasicStatus, type Role } from '../core/types.ts';
import type { RaftEvent } from './raft-events.ts';
import type { Leadership } from './raft-status.ts';

export interface LeaderChange {
  readonly lead: 'same' | 'changed';
  readonly leadership: 'same' | 'won' | 'lost';
}

export class LeaderWatch {
  readonly #self: NodeId;
  readonly #deps: { readonly clock: Clock; readonly observe: (event: RaftEvent) => void };
  #role: Role = 'follower';
  #lead: NodeId | undefined;
  #own: (Leadership & { readonly caughtUp: 'no' | 'yes' }) | undefined;

  constructor(options: { readonly self: NodeId }, deps: { readonly clock: Clock; readonly observe: (event: RaftEvent) => void }) {
    this.#self = options.self;
    this.#deps = deps;
  }

  get lead(): NodeId | undefined {
    return this.#lead;
  }

  get role(): Role {
    return this.#role;
  }

  get leads(): boolean {
    return this.#own !== undefined;
  }

  /** Undefined unless this tracker leads and its state is current. */
  get leadership(): Leadership | undefined {
    return this.#own?.caughtUp === 'yes' ? { term: this.#own.term, sinceMs: this.#own.sinceMs } : undefined;
  }

  update(status: BasicStatus): LeaderChange {
    const lead = status.lead === noNode ? undefined : (status.lead as NodeId);
    const term = status.term as Term;
    const before = { lead: this.#lead, own: this.#own };
    this.#role = status.role;
    this.#lead = lead;
    if (status.role !== 'leader') this.#own = undefined;
    else if (this.#own?.term !== term) this.#own = { term, sinceMs: this.#deps.clock.monotonicMs(), caughtUp: 'no' };
    assert(this.#own === undefined || lead === this.#self, 'a leader knows that it leads');
    this.#deps.observe({ kind: 'role-changed', role: status.role, term, ...(lead === undefined ? {} : { leader: lead }) });
    return {
      lead: before.lead === lead ? 'same' : 'changed',
      leadership: before.own === undefined ? (this.#own === undefined ? 'same' : 'won') : this.#own?.term === before.own.term ? 'same' : 'lost',
    };
  }

  /** An entry of this term was applied here. */
  applied(term: Term): void {
    if (this.#own !== undefined && this.#own.term === term) this.#own = { ...this.#own, caughtUp: 'yes' };
  }
}
