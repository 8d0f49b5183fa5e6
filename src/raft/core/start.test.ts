import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emptyBytes } from '../../base/bytes.ts';
import { seededRng } from '../../base/rng.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { StoredStateError } from './errors.ts';
import { MemoryStorage } from './memory-storage.ts';
import { RawNode } from './raw-node.ts';
import type { ConfState, Entry, HardState, RaftConfig } from './types.ts';
import { noLimit } from './types.ts';

const confState: ConfState = { voters: [1, 2, 3], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const silent = { debug(): void {}, info(): void {}, warn(): void {}, error(): void {} };

/** A log of entries 6 to 10 after a snapshot at 5. */
function stored(hardState: HardState): MemoryStorage {
  const storage = new MemoryStorage();
  storage.applySnapshot({ meta: { index: 5, term: 1, confState }, data: emptyBytes });
  storage.append(Array.from({ length: 5 }, (_, i): Entry => ({ term: 2, index: 6 + i, type: 'normal', data: encodeUtf8(`e${6 + i}`) })));
  storage.setHardState(hardState);
  return storage;
}

function start(storage: MemoryStorage, fields: Partial<RaftConfig>): RawNode {
  return new RawNode({
    id: 1, electionTick: 10, heartbeatTick: 1, storage, applied: 0, asyncStorageWrites: false, preVote: false, checkQuorum: false,
    readOnly: 'safe', maxSizePerMsg: noLimit, maxCommittedSizePerReady: noLimit, maxUncommittedEntriesSize: noLimit, maxInflightMsgs: 10,
    maxInflightBytes: noLimit, stepDownOnRemoval: true, disableProposalForwarding: false, disableConfChangeValidation: false,
    random: seededRng(1), logger: silent, ...fields,
  });
}

test('a restarted node is a follower in its stored term with its stored vote (P1)', () => {
  const status = start(stored({ term: 3, vote: 2, commit: 7 }), { applied: 5 }).basicStatus();
  assert.equal([status.role, status.term, status.vote, status.lead, status.commit, status.applied], ['follower', 3, 2, 0, 7, 5]);
});

test('a restarted node first applies what was committed and not applied', () => {
  const node = start(stored({ term: 3, vote: 2, commit: 8 }), { applied: 6 });
  const ready = node.ready();
  assert.equal(ready.committedEntries.map((entry) => entry.index), [7, 8]);
  assert.equal([ready.hardState, ready.softState, ready.entries.length, ready.mustSync], [undefined, undefined, 0, false]);
});

test('a node without news has no Ready', () => {
  assert.not(start(stored({ term: 3, vote: 2, commit: 7 }), { applied: 7 }).hasReady());
});

test('a stored commit index older than what was applied is brought forward (P28: it need not be synced)', () => {
  const status = start(stored({ term: 3, vote: 0, commit: 0 }), { applied: 8 }).basicStatus();
  assert.equal([status.commit, status.applied], [8, 8]);
});

test('what was compacted counts as committed and applied (P12)', () => {
  const status = start(stored({ term: 3, vote: 0, commit: 2 }), { applied: 0 }).basicStatus();
  assert.equal([status.commit, status.applied, status.firstIndex, status.lastIndex], [5, 5, 6, 10]);
});

test('a commit index beyond the log is refused (P28, etcd-io/etcd#7899)', () => {
  assert.throws(() => start(stored({ term: 3, vote: 0, commit: 11 }), {}), (error: unknown) => error instanceof StoredStateError);
});

test('a state machine ahead of the log is refused (P28, cockroachdb/cockroach#2592)', () => {
  assert.throws(() => start(stored({ term: 3, vote: 0, commit: 7 }), { applied: 11 }), (error: unknown) => error instanceof StoredStateError);
});

test('the configuration of the snapshot is the one a node starts in', () => {
  const joint: ConfState = { voters: [1, 4], learners: [5], votersOutgoing: [1, 2], learnersNext: [2], autoLeave: true };
  const storage = new MemoryStorage();
  storage.applySnapshot({ meta: { index: 5, term: 1, confState: joint }, data: emptyBytes });
  assert.equal(start(storage, { applied: 5 }).status().confState, joint);
});

test('options that cannot work are refused', () => {
  for (const wrong of [{ electionTick: 1 }, { heartbeatTick: 0 }, { maxInflightMsgs: 0 }, { id: 0 }, { readOnly: 'lease' } as const]) {
    assert.throws(() => start(stored({ term: 1, vote: 0, commit: 5 }), wrong), JSON.stringify(wrong));
  }
});

test.run();
