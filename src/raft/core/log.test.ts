import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { RaftLog } from './log.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { Entry, Snapshot } from './types.ts';
import { noLimit } from './types.ts';
import { Unstable } from './unstable.ts';

/** Entries from `first` on, one for each term. */
function entries(first: number, ...terms: readonly number[]): readonly Entry[] {
  return terms.map((term, i) => ({ term, index: first + i, type: 'normal', data: new Uint8Array(10) }));
}

function logOf(stable: readonly Entry[], unstable: readonly Entry[] = []): RaftLog {
  const storage = new MemoryStorage();
  storage.append(stable);
  const log = new RaftLog(storage, noLimit);
  log.append(unstable);
  return log;
}

const places = (list: readonly Entry[]): readonly string[] => list.map((entry) => `${entry.term}/${entry.index}`);
const snapshot = (index: number, term: number): Snapshot => ({
  meta: { index, term, confState: { voters: [1], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false } }, data: emptyBytes,
});

test('a slice joins what is stored and what is not durable yet', () => {
  assert.equal(places(logOf(entries(1, 1, 1), entries(3, 2, 2)).slice(2, 5, noLimit)), ['1/2', '2/3', '2/4']);
});

test('a slice holds what fits, but at least one entry, on either side of the border', () => {
  const log = logOf(entries(1, 1, 1), entries(3, 2, 2));
  assert.equal(places(log.slice(1, 5, 1)), ['1/1']);
  assert.equal(places(log.slice(1, 5, 80)), ['1/1', '1/2']);
  assert.equal(places(log.slice(1, 5, 110)), ['1/1', '1/2', '2/3']);
  assert.equal(places(log.slice(3, 5, 1)), ['2/3']);
});

test('appended entries replace what conflicts and everything after it (Raft 5.3)', () => {
  const log = logOf(entries(1, 1, 1, 1));
  assert.is(log.maybeAppend({ index: 1, term: 1 }, entries(2, 2)), 2);
  assert.equal([log.lastIndex(), log.last().term], [2, 2]);
});

test('entries that are there already cut nothing off (Raft 5.3)', () => {
  const log = logOf(entries(1, 1, 1, 2));
  assert.is(log.maybeAppend({ index: 0, term: 0 }, entries(1, 1, 1)), 2);
  assert.is(log.lastIndex(), 3);
});

test('entries after a place that this log does not hold are refused', () => {
  const log = logOf(entries(1, 1, 1));
  assert.is(log.maybeAppend({ index: 2, term: 2 }, entries(3, 2)), undefined);
  assert.is(log.maybeAppend({ index: 9, term: 1 }, []), undefined);
});

test('a committed entry is never replaced', () => {
  const log = logOf(entries(1, 1, 1));
  log.commitTo(2);
  assert.throws(() => log.maybeAppend({ index: 0, term: 0 }, entries(1, 2)), /never replaced/);
});

test('the guess after a rejection skips whole terms (end of Raft 5.3)', () => {
  const log = logOf(entries(1, 1, 1, 3, 3, 3, 5));
  assert.equal(log.findConflictByTerm(6, 4), { index: 5, term: 3 });
  assert.equal(log.findConflictByTerm(5, 2), { index: 2, term: 1 });
  assert.equal(log.findConflictByTerm(9, 9), { index: 9, term: 0 });
});

test('with asynchronous writes only durable entries are applied', () => {
  const log = logOf(entries(1, 1), entries(2, 1));
  log.commitTo(2);
  assert.equal(places(log.nextCommitted('stable-only')), ['1/1']);
  assert.equal(places(log.nextCommitted('unstable-too')), ['1/1', '1/2']);
});

test('nothing is applied while a snapshot waits to be installed', () => {
  const log = logOf(entries(1, 1));
  log.restore(snapshot(5, 2));
  log.append(entries(6, 2));
  log.commitTo(6);
  assert.not(log.hasNextCommitted('unstable-too'));
});

test('a snapshot replaces the whole log (P11)', () => {
  const log = logOf(entries(1, 1, 1, 1, 1, 1, 1, 1), entries(8, 1));
  log.restore(snapshot(5, 2));
  assert.equal([log.firstIndex(), log.lastIndex(), log.last().term, log.committed, log.term(6)], [6, 5, 2, 5, undefined]);
});

test('an acknowledged write frees entries only if the last one is still of the same term (P29)', () => {
  const unstable = new Unstable(1);
  unstable.append(entries(1, 1, 1));
  unstable.acceptInProgress();
  unstable.append(entries(2, 2));
  unstable.stableTo(2, 1);
  assert.equal(places(unstable.entries), ['1/1', '2/2']);
  unstable.stableTo(2, 2);
  assert.equal([unstable.entries.length, unstable.offset], [0, 3]);
});

test('an entry that replaces one being written is written too', () => {
  const unstable = new Unstable(1);
  unstable.append(entries(1, 1, 1, 1));
  unstable.acceptInProgress();
  unstable.append(entries(2, 2));
  assert.equal(places(unstable.nextEntries()), ['2/2']);
  unstable.acceptInProgress();
  unstable.append(entries(1, 3));
  assert.equal(places(unstable.nextEntries()), ['3/1']);
});

test('an acknowledgement from before a snapshot frees nothing', () => {
  const unstable = new Unstable(1);
  unstable.append(entries(1, 1, 1));
  unstable.restore(snapshot(5, 1));
  unstable.stableTo(2, 1);
  unstable.stableSnapshotTo(4);
  assert.equal([unstable.snapshot?.meta.index, unstable.offset], [5, 6]);
  unstable.stableSnapshotTo(5);
  assert.is(unstable.snapshot, undefined);
});

test('storage in memory forgets, replaces and refuses like the real one', () => {
  const storage = new MemoryStorage();
  storage.append(entries(1, 1, 1, 2));
  storage.compact(2);
  assert.equal([storage.firstIndex(), storage.lastIndex(), storage.term(2)], [3, 3, 1]);
  assert.throws(() => storage.term(1), /compaction/);
  assert.throws(() => storage.term(4), /unavailable/);
  assert.throws(() => storage.compact(2), /compaction/);
  storage.append(entries(2, 1, 3, 3));
  assert.equal(places(storage.entries(3, 5, noLimit)), ['3/3', '3/4']);
  storage.applySnapshot(snapshot(9, 4));
  assert.throws(() => storage.applySnapshot(snapshot(9, 4)), /older/);
  assert.equal([storage.firstIndex(), storage.lastIndex()], [10, 9]);
});

test.run();
