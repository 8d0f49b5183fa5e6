// Who waits for which entry. A proposal is answered when its entry, the one of its term and index, was applied here.
// It must never say "done" for an entry that may be lost, nor "nothing happened" for one that may be committed: when leadership goes,
// a proposal that is in the log waits one election longer for the truth and then ends as `outcome-unknown`.

import { mustNotBeAborted, toAbortError } from '../../async/abort.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Proposed } from './raft-status.ts';
import { Waiting } from './waiting.ts';

/** What is proposed: bytes for the state machine, or an encoded change of membership. */
export type ProposalKind = 'data' | 'membership';

export interface QueuedProposal<Result> {
  readonly kind: ProposalKind;
  readonly data: Uint8Array;
  readonly waiting: Waiting<Proposed<Result>>;
}

/** What became of an entry. */
export type AppliedOutcome<Result> =
  | { readonly kind: 'command' | 'configured'; readonly result: Result }
  | { readonly kind: 'void'; readonly because: OffshoreError };

interface PlacedProposal<Result> extends QueuedProposal<Result> {
  readonly index: LogIndex;
  readonly term: Term;
  /** Set when leadership went: until then the outcome may still turn up. */
  orphanedUntilMs: number | undefined;
}

export class Proposals<Result> {
  #queued: QueuedProposal<Result>[] = [];
  readonly #placed = new Map<LogIndex, PlacedProposal<Result>>();
  readonly #max: number;

  constructor(options: { readonly max: number } = { max: limits.proposalsMax }) {
    this.#max = options.max;
  }

  get size(): number {
    return this.#queued.length + this.#placed.size;
  }

  get queued(): number {
    return this.#queued.length;
  }

  /** Waits for its turn in the loop. Throws `overloaded` when too many wait. */
  add(kind: ProposalKind, data: Uint8Array, signal: AbortSignal): Promise<Proposed<Result>> {
    mustNotBeAborted(signal);
    if (this.size >= this.#max) throw new OffshoreError('overloaded', { proposals: this.size });
    const waiting: Waiting<Proposed<Result>> = new Waiting(signal, () => this.#aborted(waiting, signal));
    this.#queued.push({ kind, data, waiting });
    return waiting.promise;
  }

  /** Hands out what waits to be proposed, at most `max` in one turn. */
  takeQueued(max: number): readonly QueuedProposal<Result>[] {
    const taken = this.#queued.slice(0, max);
    this.#queued = this.#queued.slice(max);
    return taken.filter((proposal) => proposal.waiting.state === 'waiting');
  }

  /** The core put it into the log at this place. */
  placed(proposal: QueuedProposal<Result>, place: { readonly index: LogIndex; readonly term: Term }): void {
    // Here an earlier one at this index is overwritten now; a majority of the others may hold it still and commit it yet.
    const earlier = this.#placed.get(place.index);
    if (earlier !== undefined) earlier.waiting.reject(unknown(earlier));
    this.#placed.set(place.index, { ...proposal, ...place, orphanedUntilMs: undefined });
  }

  /** The entry at `index` was applied. Another term means that ours was overwritten, so it never happened. */
  applied(place: { readonly index: LogIndex; readonly term: Term }, outcome: AppliedOutcome<Result>): void {
    const proposal = this.#placed.get(place.index);
    if (proposal === undefined) return;
    this.#placed.delete(place.index);
    if (proposal.term !== place.term) proposal.waiting.reject(notLeader());
    else if (outcome.kind === 'void') proposal.waiting.reject(outcome.because);
    // The core replaces a change that comes at the wrong time by an empty entry.
    else if (proposal.kind === 'membership' && outcome.kind === 'command') proposal.waiting.reject(new OffshoreError('busy', {}, { message: 'Another membership change is under way' }));
    else proposal.waiting.resolve({ index: place.index, term: place.term, result: outcome.result });
  }

  /** This tracker does not lead any more. What never reached the log certainly did not happen. */
  leadershipLost(error: OffshoreError, untilMs: number): void {
    this.refuseQueued(error);
    for (const proposal of this.#placed.values()) proposal.orphanedUntilMs ??= untilMs;
  }

  refuseQueued(error: OffshoreError): void {
    for (const proposal of this.#queued) proposal.waiting.reject(error);
    this.#queued = [];
  }

  expire(nowMs: number): void {
    for (const [index, proposal] of this.#placed) {
      const gone = proposal.waiting.state === 'settled' || (proposal.orphanedUntilMs !== undefined && proposal.orphanedUntilMs <= nowMs);
      if (!gone) continue;
      proposal.waiting.reject(unknown(proposal));
      this.#placed.delete(index);
    }
  }

  /** A snapshot replaced the log up to `index`: what became of these entries cannot be told. */
  installed(index: LogIndex): void {
    for (const [at, proposal] of this.#placed) {
      if (at > index) continue;
      proposal.waiting.reject(unknown(proposal));
      this.#placed.delete(at);
    }
  }

  /** The node ends: nothing will be answered any more. */
  close(error: OffshoreError): void {
    this.refuseQueued(error);
    for (const proposal of this.#placed.values()) proposal.waiting.reject(unknown(proposal));
    this.#placed.clear();
  }

  /** Before it was proposed, nothing happened; afterwards nobody knows. */
  #aborted(waiting: Waiting<Proposed<Result>>, signal: AbortSignal): OffshoreError {
    const at = this.#queued.findIndex((proposal) => proposal.waiting === waiting);
    if (at < 0) return new OffshoreError('outcome-unknown', {}, { cause: signal.reason });
    this.#queued.splice(at, 1);
    return toAbortError(signal);
  }
}

function notLeader(): OffshoreError {
  return new OffshoreError('not-leader', {}, { message: 'Another leader replaced the entry' });
}

function unknown(place: { readonly index: LogIndex; readonly term: Term }): OffshoreError {
  return new OffshoreError('outcome-unknown', { index: place.index, term: place.term });
}
