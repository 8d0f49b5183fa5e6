import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allVoters, ascending, jointCommitted, jointVote, majorityCommitted, majorityVote } from './quorum.ts';
import type { VoteResult } from './quorum.ts';

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 }).map(ascending);
const known = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.integer({ min: 0, max: 12 }))
  .map((record) => new Map(Object.entries(record).map(([id, index]) => [Number(id), index])));
const votes = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.boolean())
  .map((record) => new Map(Object.entries(record).map(([id, vote]) => [Number(id), vote])));

/** The largest index such that some majority holds at least it, by trying every index. */
function committedByTrying(voters: readonly number[], acked: ReadonlyMap<number, number>): number {
  if (voters.length === 0) return Infinity;
  let best = 0;
  for (let index = 0; index <= 12; index += 1) {
    if (2 * voters.filter((id) => (acked.get(id) ?? 0) >= index).length > voters.length) best = index;
  }
  return best;
}

/** Decided when no way of completing the votes changes the outcome. */
function voteByTrying(halves: readonly (readonly number[])[], cast: ReadonlyMap<number, boolean>): VoteResult {
  const open = ascending(halves.flat()).filter((id) => !cast.has(id));
  const outcomes = new Set<boolean>();
  for (let mask = 0; mask < 2 ** open.length; mask += 1) {
    const all = new Map(cast);
    for (const [bit, id] of open.entries()) all.set(id, (mask >> bit) % 2 === 1);
    outcomes.add(halves.every((half) => half.length === 0 || 2 * half.filter((id) => all.get(id)).length > half.length));
  }
  return outcomes.size === 2 ? 'pending' : outcomes.has(true) ? 'won' : 'lost';
}

test('the committed index is the largest on a majority (brute force)', () => {
  fc.assert(fc.property(ids, known, (voters, acked) => {
    assert.is(majorityCommitted(voters, (id) => acked.get(id)), committedByTrying(voters, acked));
  }));
});

test('a joint configuration commits what both halves commit, whichever comes first', () => {
  fc.assert(fc.property(ids, ids, known, (incoming, outgoing, acked) => {
    const lookup = (id: number): number | undefined => acked.get(id);
    const expected = Math.min(committedByTrying(incoming, acked), committedByTrying(outgoing, acked));
    assert.is(jointCommitted({ incoming, outgoing }, lookup), expected);
    assert.is(jointCommitted({ incoming: outgoing, outgoing: incoming }, lookup), expected);
  }));
});

test('a vote is decided exactly when the missing votes cannot change it (brute force)', () => {
  fc.assert(fc.property(ids, votes, (voters, cast) => {
    assert.is(majorityVote(voters, cast), voteByTrying([voters], cast));
  }));
});

test('a joint vote needs both halves, and is lost as soon as one is', () => {
  fc.assert(fc.property(ids, ids, votes, (incoming, outgoing, cast) => {
    const parts = [majorityVote(incoming, cast), majorityVote(outgoing, cast)];
    const expected = parts.includes('lost') ? 'lost' : parts.includes('pending') ? 'pending' : 'won';
    assert.is(jointVote({ incoming, outgoing }, cast), expected);
    if (expected !== 'pending') assert.is(voteByTrying([incoming, outgoing], cast), expected);
  }), { numRuns: 60 });
});

test('any two majorities of the same voters share a voter', () => {
  fc.assert(fc.property(ids.filter((voters) => voters.length > 0), votes, (voters, cast) => {
    const opposite = new Map([...cast].map(([id, vote]) => [id, !vote]));
    assert.not(majorityVote(voters, cast) === 'won' && majorityVote(voters, opposite) === 'won');
  }));
});

test('voters of both halves are listed once and ascending', () => {
  assert.equal(allVoters({ incoming: [2, 10], outgoing: [1, 2, 3] }), [1, 2, 3, 10]);
});

test.run();
