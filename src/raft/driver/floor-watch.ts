// What the floors of free space mean for this tracker: which proposals it takes, whether it takes appends, whether it should lead.
// It knows its own disk and what the peers said about theirs (`architecture.md` 4).

import { OffshoreError } from '../../base/errors.ts';
import type { NodeId } from '../../base/ids.ts';
import type { DiskFloor } from './raft-events.ts';
import type { ProposalUrgency } from './raft-status.ts';

export class FloorWatch {
  readonly #heard = new Map<NodeId, DiskFloor>();
  #own: DiskFloor = 'ample';

  get own(): DiskFloor {
    return this.#own;
  }

  /** True when it differs from before. */
  setOwn(floor: DiskFloor): boolean {
    const changed = floor !== this.#own;
    this.#own = floor;
    return changed;
  }

  heard(peer: NodeId, floor: DiskFloor): void {
    this.#heard.set(peer, floor);
  }

  /** The peer is gone, and with it what it said. */
  forget(peer: NodeId): void {
    this.#heard.delete(peer);
  }

  /** A peer that said nothing has room. */
  of(peer: NodeId): DiskFloor {
    return this.#heard.get(peer) ?? 'ample';
  }

  /** Below the first floor, here or on a majority, only what frees or repairs goes in. */
  checkProposal(urgency: ProposalUrgency, others: readonly NodeId[]): void {
    const lowOthers = others.filter((peer) => this.of(peer) !== 'ample').length;
    const majorityLow = 2 * (lowOthers + (this.#own === 'ample' ? 0 : 1)) > others.length + 1;
    const low = this.#own !== 'ample' || majorityLow;
    if (this.#own === 'critical' || (low && urgency === 'ordinary')) throw new OffshoreError('disk-full', { floor: this.#own });
  }

  get takesAppends(): boolean {
    return this.#own !== 'critical';
  }
}
