// How far one follower is, as its leader sees it, and what may be sent to it now (etcd's flow control):
// probe = one message at a time until it is known where the logs agree; replicate = optimistic stream, bounded by the
// in-flight window; snapshot = nothing until the snapshot was installed. Knows no log and sends nothing.

import { assert, unreachable } from '../../base/assert.ts';
import type { Inflights } from './inflights.ts';
import type { ProgressState, ProgressStatus } from './types.ts';

export interface ProgressStart {
  readonly match: number;
  readonly next: number;
  readonly isLearner: boolean;
  readonly recentActive: boolean;
}

export class Progress {
  /** Highest index known to be durable there. Invariant: match < next. */
  match: number;
  /** Index of the next entry to send. */
  next: number;
  isLearner: boolean;
  /** Heard from it since the last quorum check. */
  recentActive: boolean;
  readonly inflights: Inflights;
  #state: ProgressState = 'probe';
  /** The highest commit index sent; may fall when messages are taken for lost. */
  #sentCommit = 0;
  /** No MsgApp until an answer, or a heartbeat answer, comes. */
  #flowPaused = false;
  /** In state snapshot: the index of what is being sent. */
  #pendingSnapshot = 0;

  constructor(start: ProgressStart, inflights: Inflights) {
    this.match = start.match;
    this.next = start.next;
    this.isLearner = start.isLearner;
    this.recentActive = start.recentActive;
    this.inflights = inflights;
  }

  get state(): ProgressState {
    return this.#state;
  }

  isPaused(): boolean {
    return this.#state === 'snapshot' || this.#flowPaused;
  }

  becomeProbe(): void {
    // After a snapshot the follower holds at least that, whether or not it has said so.
    const known = this.#state === 'snapshot' ? Math.max(this.match, this.#pendingSnapshot) : this.match;
    this.#enter('probe');
    this.next = known + 1;
    this.#capSentCommit();
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot');
    this.#pendingSnapshot = index;
    this.next = index + 1;
    this.#sentCommit = index;
  }

  /** The snapshot was not delivered, or nobody knows: probe again from what was acknowledged before it. */
  forgetSnapshot(): void {
    this.#pendingSnapshot = 0;
  }

  /** Nothing more until the follower is heard of. */
  pause(): void {
    this.#flowPaused = true;
  }

  /** A heartbeat was answered, so another message may be risked. */
  resume(): void {
    this.#flowPaused = false;
  }

  /** To be called for every MsgApp sent. */
  sentEntries(sent: { readonly count: number; readonly bytes: number }): void {
    switch (this.#state) {
      case 'replicate':
        if (sent.count > 0) {
          this.next += sent.count;
          this.inflights.add({ index: this.next - 1, bytes: sent.bytes });
        }
        // A message that fills the window is the last until an answer comes.
        this.#flowPaused = this.inflights.full();
        return;
      case 'probe':
        if (sent.count > 0) this.#flowPaused = true;
        return;
      case 'snapshot':
        assert(false, 'no entries are sent while a snapshot is under way');
        return;
      default:
        unreachable(this.#state);
    }
  }

  sentCommit(commit: number): void {
    this.#sentCommit = commit;
  }

  /** True when a message with this commit index would tell the follower something about entries it was sent. */
  canBumpCommit(commit: number): boolean {
    return commit > this.#sentCommit && this.#sentCommit < this.next - 1;
  }

  /** Takes an acknowledgement; false when it is old news. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.#flowPaused = false;
    return true;
  }

  /** Takes a rejection of the entries after `rejected`; false when it is stale and must be ignored. */
  maybeDecreaseTo(rejected: number, hint: number): boolean {
    if (this.#state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      this.#capSentCommit();
      return true;
    }
    // While probing there is one message outstanding: only an answer to that one counts.
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.#capSentCommit();
    this.#flowPaused = false;
    return true;
  }

  clone(): Progress {
    const copy = new Progress(this, this.inflights.clone());
    copy.#state = this.#state;
    copy.#sentCommit = this.#sentCommit;
    copy.#flowPaused = this.#flowPaused;
    copy.#pendingSnapshot = this.#pendingSnapshot;
    return copy;
  }

  status(): ProgressStatus {
    return {
      state: this.#state, match: this.match, next: this.next, pendingSnapshot: this.#pendingSnapshot,
      recentActive: this.recentActive, paused: this.isPaused(), isLearner: this.isLearner,
      inflight: { count: this.inflights.count, bytes: this.inflights.bytes, full: this.inflights.full() },
    };
  }

  #enter(state: ProgressState): void {
    this.#state = state;
    this.#flowPaused = false;
    this.#pendingSnapshot = 0;
    this.inflights.clear();
  }

  #capSentCommit(): void {
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
  }
}
