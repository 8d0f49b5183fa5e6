// The safety properties of Raft (figure 3 of the paper), checked over what several nodes show after every step of a test.
// Remembers what was ever committed, who ever led and whom anybody voted for. Observes only.

import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Entry, HardState, RaftId, Role } from './types.ts';
import { noNode } from './types.ts';

export interface ObservedNode {
  readonly id: RaftId;
  readonly role: Role;
  readonly term: number;
  /** What a crash would leave: a vote in memory only was not given yet. */
  readonly durable: HardState;
  readonly commit: number;
  readonly applied: number;
  /** The place before the first entry. */
  readonly boundary: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}

interface CommittedEntry {
  readonly entry: Entry;
  /** The lowest term in which a node is known to have taken it for committed. */
  readonly seenInTerm: number;
}

/** Throws AssertionError with the name of the property that is broken. */
export class InvariantChecker {
  readonly #leaders = new Map<number, RaftId>();
  readonly #votes = new Map<string, RaftId>();
  readonly #committed = new Map<number, CommittedEntry>();
  readonly #last = new Map<RaftId, Pick<ObservedNode, 'term' | 'durable' | 'commit' | 'applied'>>();

  check(nodes: readonly ObservedNode[]): void {
    for (const node of nodes) {
      this.#checkCursors(node);
      this.#checkElection(node);
      this.#checkVote(node);
      this.#checkCommitted(node);
    }
    for (const node of nodes) this.#checkLeaderCompleteness(node);
    for (const [i, left] of nodes.entries()) {
      for (const right of nodes.slice(i + 1)) checkLogMatching(left, right);
    }
  }

  /** After a crash everything but the durable term may be lower. */
  restarted(id: RaftId): void {
    const last = this.#last.get(id);
    if (last !== undefined) this.#last.set(id, { ...last, term: 0, commit: 0, applied: 0 });
  }

  #checkCursors(node: ObservedNode): void {
    const last = this.#last.get(node.id);
    if (last !== undefined) {
      assert(node.term >= last.term, `monotone term: ${node.id} went from ${last.term} to ${node.term}`);
      assert(node.durable.term >= last.durable.term, `monotone durable term: ${node.id} went from ${last.durable.term} to ${node.durable.term}`);
      assert(node.commit >= last.commit, `monotone commit: ${node.id} went from ${last.commit} to ${node.commit}`);
      assert(node.applied >= last.applied, `monotone applied: ${node.id} went from ${last.applied} to ${node.applied}`);
    }
    const lastIndex = node.boundary.index + node.entries.length;
    assert(node.applied <= node.commit && node.commit <= lastIndex, `applied <= commit <= last index on ${node.id}`);
    this.#last.set(node.id, { term: node.term, durable: node.durable, commit: node.commit, applied: node.applied });
  }

  #checkElection(node: ObservedNode): void {
    if (node.role !== 'leader') return;
    const leader = this.#leaders.get(node.term) ?? node.id;
    assert(leader === node.id, `election safety: ${leader} and ${node.id} led term ${node.term}`);
    this.#leaders.set(node.term, node.id);
  }

  /** Per term and node one vote, once given (figure 2: votedFor). */
  #checkVote({ id, durable }: ObservedNode): void {
    if (durable.vote === noNode) return;
    const key = `${durable.term}/${id}`;
    const vote = this.#votes.get(key) ?? durable.vote;
    assert(vote === durable.vote, `one vote per term: ${id} voted for ${vote} and ${durable.vote} in term ${durable.term}`);
    this.#votes.set(key, vote);
  }

  /** State machine safety: nobody ever takes another entry for committed at the same index. */
  #checkCommitted(node: ObservedNode): void {
    for (const entry of node.entries) {
      if (entry.index > node.commit) return;
      const known = this.#committed.get(entry.index);
      assert(known === undefined || sameEntry(known.entry, entry), `state machine safety: ${node.id} differs at committed index ${entry.index}`);
      this.#committed.set(entry.index, { entry, seenInTerm: Math.min(known?.seenInTerm ?? Infinity, node.term) });
    }
  }

  #checkLeaderCompleteness(node: ObservedNode): void {
    if (node.role !== 'leader') return;
    for (const [index, { entry, seenInTerm }] of this.#committed) {
      if (seenInTerm >= node.term || index <= node.boundary.index) continue;
      const own = node.entries[index - node.boundary.index - 1];
      assert(own !== undefined && sameEntry(own, entry), `leader completeness: ${node.id} leads term ${node.term} without index ${index}`);
    }
  }
}

/** Entries with equal index and term are equal, and so is everything before them. */
function checkLogMatching(left: ObservedNode, right: ObservedNode): void {
  const low = Math.max(left.boundary.index, right.boundary.index) + 1;
  const high = Math.min(left.boundary.index + left.entries.length, right.boundary.index + right.entries.length);
  let mustMatch = false;
  for (let index = high; index >= low; index -= 1) {
    const [a, b] = [left.entries[index - left.boundary.index - 1], right.entries[index - right.boundary.index - 1]];
    if (a === undefined || b === undefined) continue;
    mustMatch ||= a.term === b.term;
    assert(!mustMatch || sameEntry(a, b), `log matching: ${left.id} and ${right.id} differ at index ${index}`);
  }
}

function sameEntry(left: Entry, right: Entry): boolean {
  return left === right || (left.term === right.term && left.type === right.type && equalBytes(left.data, right.data));
}
