// The members of the current configuration with the leader's knowledge about each, and the votes of a running election.
// The only keeper of the configuration; decisions by quorum are asked here.

import { assert } from '../../base/assert.ts';
import { emptyConfiguration, membersOf } from './conf-change.ts';
import type { Configuration } from './conf-change.ts';
import { Inflights } from './inflights.ts';
import type { InflightLimits } from './inflights.ts';
import { Progress } from './progress.ts';
import { jointCommitted, jointVote } from './quorum.ts';
import type { VoteResult } from './quorum.ts';
import type { RaftId } from './types.ts';

export interface Tally {
  readonly granted: number;
  readonly rejected: number;
  readonly result: VoteResult;
}

export class Tracker {
  readonly #limits: InflightLimits;
  #configuration: Configuration = emptyConfiguration;
  /** Iterates in ascending id: the order of messages is observable. */
  #progress = new Map<RaftId, Progress>();
  #votes = new Map<RaftId, boolean>();

  constructor(limits: InflightLimits) {
    this.#limits = limits;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  get votes(): ReadonlyMap<RaftId, boolean> {
    return this.#votes;
  }

  progress(): ReadonlyMap<RaftId, Progress> {
    return this.#progress;
  }

  of(id: RaftId): Progress | undefined {
    return this.#progress.get(id);
  }

  /** Takes a configuration over. Members in `kept` keep their progress; the others are new, and probed from `lastIndex` on. */
  switchTo(next: { readonly configuration: Configuration; readonly kept: ReadonlySet<RaftId>; readonly lastIndex: number }): void {
    const progress = new Map<RaftId, Progress>();
    for (const id of membersOf(next.configuration)) {
      const isLearner = next.configuration.learners.includes(id);
      const known = next.kept.has(id) ? this.#progress.get(id) : undefined;
      // A new member counts as heard from, or the next quorum check would hold its silence against the leader.
      progress.set(id, known ?? this.#newProgress({ match: 0, next: Math.max(next.lastIndex, 1), isLearner, recentActive: true }));
      if (known !== undefined) known.isLearner = isLearner;
    }
    this.#configuration = next.configuration;
    this.#progress = progress;
  }

  /** A new term or role: nothing is known about anyone but `self`, whose log ends at `lastIndex`. */
  reset(self: RaftId, lastIndex: number): void {
    for (const [id, old] of this.#progress) {
      const match = id === self ? lastIndex : 0;
      this.#progress.set(id, this.#newProgress({ match, next: lastIndex + 1, isLearner: old.isLearner, recentActive: false }));
    }
    this.resetVotes();
  }

  resetVotes(): void {
    this.#votes = new Map();
  }

  /** The first answer of a voter counts; duplicates change nothing (pitfall P5). */
  recordVote(id: RaftId, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
  }

  tally(): Tally {
    let granted = 0;
    let rejected = 0;
    for (const [id, vote] of this.#votes) {
      const progress = this.#progress.get(id);
      if (progress === undefined || progress.isLearner) continue;
      if (vote) granted += 1;
      else rejected += 1;
    }
    return { granted, rejected, result: jointVote(this.#configuration, this.#votes) };
  }

  /** The highest index on a quorum. */
  committed(): number {
    const index = jointCommitted(this.#configuration, (id) => this.#progress.get(id)?.match);
    assert(index !== Infinity, 'a leader has voters');
    return index;
  }

  /** True when a quorum was heard from since the flags were cleared. */
  quorumActive(): boolean {
    const active = new Map<RaftId, boolean>();
    for (const [id, progress] of this.#progress) {
      if (!progress.isLearner) active.set(id, progress.recentActive);
    }
    return jointVote(this.#configuration, active) === 'won';
  }

  clearActive(exceptFor: RaftId): void {
    for (const [id, progress] of this.#progress) {
      if (id !== exceptFor) progress.recentActive = false;
    }
  }

  isVoter(id: RaftId): boolean {
    return this.#configuration.incoming.includes(id) || this.#configuration.outgoing.includes(id);
  }

  /** True when `id` alone is a quorum. */
  isOnlyVoter(id: RaftId): boolean {
    const { incoming, outgoing } = this.#configuration;
    return incoming.length === 1 && outgoing.length === 0 && incoming[0] === id;
  }

  clone(): Tracker {
    const copy = new Tracker(this.#limits);
    copy.#configuration = this.#configuration;
    for (const [id, progress] of this.#progress) copy.#progress.set(id, progress.clone());
    copy.#votes = new Map(this.#votes);
    return copy;
  }

  #newProgress(start: ConstructorParameters<typeof Progress>[0]): Progress {
    return new Progress(start, new Inflights(this.#limits));
  }
}
