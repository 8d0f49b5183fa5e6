// The leader's queue of reads that wait for proof that it still leads (Raft thesis 6.4).
// A read is numbered when it arrives; every round of heartbeats carries a number that is drawn once and never again, not even
// for a retry. An answer to round n proves leadership at some time after every read numbered <= n arrived. Reusing a context let
// duplicated answers confirm later reads (etcd-io/etcd#20418, pitfall P23).

import { ByteReader, ByteWriter } from '../../base/codec.ts';
import { jointCommitted } from './quorum.ts';
import type { VoterHalves } from './quorum.ts';
import type { Message, RaftId } from './types.ts';

export interface PendingRead {
  /** The MsgReadIndex to answer. */
  readonly request: Message;
  /** The commit index when the read arrived. */
  readonly index: number;
}

export class ReadQueue {
  readonly #limit: number;
  /** The last number drawn; survives every change of term and role. */
  #round: number;
  #waiting: (PendingRead & { readonly round: number })[] = [];
  #acked = new Map<RaftId, number>();

  constructor(limit: number, round = 0) {
    this.#limit = limit;
    this.#round = round;
  }

  get size(): number {
    return this.#waiting.length;
  }

  full(): boolean {
    return this.#waiting.length >= this.#limit;
  }

  /** Queues a read and returns the context of the round that may confirm it. `self` agrees at once. */
  add(read: PendingRead, self: RaftId): Uint8Array {
    const context = this.nextContext(self);
    this.#waiting.push({ ...read, round: this.#round });
    return context;
  }

  /** The context of a further round. */
  nextContext(self: RaftId): Uint8Array {
    this.#round += 1;
    this.#acked.set(self, this.#round);
    return new ByteWriter(8).u64(this.#round).finish();
  }

  /** Takes the answer of one node to the round with this context; returns the reads that a quorum has now confirmed, in order. */
  acknowledge(from: RaftId, context: Uint8Array, voters: VoterHalves): readonly PendingRead[] {
    const round = roundOf(context);
    // A number beyond what was drawn is not an answer to this node.
    if (round === undefined || round > this.#round) return [];
    this.#acked.set(from, Math.max(round, this.#acked.get(from) ?? 0));
    return this.takeConfirmed(voters);
  }

  /** Also to be asked when the voters change: fewer may be a quorum. */
  takeConfirmed(voters: VoterHalves): readonly PendingRead[] {
    const acked = (id: RaftId): number | undefined => this.#acked.get(id);
    const proven = jointCommitted(voters, acked);
    const open = this.#waiting.findIndex((read) => read.round > proven);
    return this.#waiting.splice(0, open < 0 ? this.#waiting.length : open);
  }

  /** A new term or role: nobody is left to answer. */
  clear(): void {
    this.#waiting = [];
    this.#acked = new Map();
  }

  clone(): ReadQueue {
    const copy = new ReadQueue(this.#limit, this.#round);
    copy.#waiting = [...this.#waiting];
    copy.#acked = new Map(this.#acked);
    return copy;
  }
}

function roundOf(context: Uint8Array): number | undefined {
  if (context.length !== 8) return undefined;
  const reader = new ByteReader(context);
  return reader.u32() * 0x1_0000_0000 + reader.u32();
}
