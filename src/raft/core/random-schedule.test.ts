// Random schedules of loss, duplication, reordering, crashes, compaction and membership changes, against the safety properties.
// A failing seed is printed by the assertion and reproduces alone.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unreachable } from '../../base/assert.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { randomInt, seededRng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import { TestGroup } from '../../../test/raft-script/test-group.ts';
import type { GroupMember } from '../../../test/raft-script/test-group.ts';
import { InvariantChecker } from './invariants.ts';
import type { ObservedNode } from './invariants.ts';
import type { ConfChangeSingle, Entry } from './types.ts';
import { noLimit } from './types.ts';

type Action = 'message' | 'work' | 'tick' | 'campaign' | 'propose' | 'reconfigure' | 'transfer' | 'report' | 'compact' | 'crash' | 'cut';

interface Run {
  readonly rng: Rng;
  readonly group: TestGroup;
  readonly checker: InvariantChecker;
  /** How often what happens, drawn per seed: calm runs get far, wild ones meet corners. */
  readonly weights: ReadonlyMap<Action, number>;
  readonly lossRate: number;
  /** Nothing is delivered to these nodes. */
  cut: readonly number[];
  proposals: number;
}

function startRun(seed: number): Run {
  const rng = seededRng(seed);
  const count = randomInt(rng, 3, 5);
  const group = new TestGroup({
    voters: Array.from({ length: count }, (_, i) => i + 1),
    seed, random: rng, electionTick: 5,
    asyncStorageWrites: rng() < 0.5, preVote: rng() < 0.3, checkQuorum: rng() < 0.3, stepDownOnRemoval: rng() < 0.5,
    maxInflightMsgs: randomInt(rng, 1, 8), maxSizePerMsg: rng() < 0.3 ? 1 : noLimit, maxCommittedSizePerReady: rng() < 0.3 ? 1 : noLimit,
  });
  const often = (most: number): number => most * rng() * rng();
  const weights = new Map<Action, number>([
    ['message', 40], ['work', 40], ['tick', often(10)], ['campaign', often(6)], ['propose', 1 + often(8)],
    ['reconfigure', rng() < 0.5 ? 0 : often(3)], ['transfer', often(1)], ['report', often(1)], ['compact', rng() < 0.5 ? 0 : often(1)],
    ['crash', often(2)], ['cut', often(3)],
  ]);
  return { rng, group, checker: new InvariantChecker(), weights, lossRate: rng() * 0.2, cut: [], proposals: 0 };
}

function drawAction(run: Run): Action {
  let left = run.rng() * [...run.weights.values()].reduce((sum, weight) => sum + weight, 0);
  for (const [action, weight] of run.weights) {
    left -= weight;
    if (left < 0) return action;
  }
  return 'tick';
}

function observe(member: GroupMember): ObservedNode {
  const dump = member.raw.dump();
  const { unstable, status } = dump;
  const { storage } = member;
  const low = unstable.snapshot === undefined ? storage.firstIndex() : unstable.offset;
  const stable: readonly Entry[] = low < unstable.offset ? storage.entries(low, unstable.offset, noLimit) : [];
  const boundary = unstable.snapshot ?? { index: low - 1, term: storage.term(low - 1) };
  const durable = storage.initialState().hardState;
  return { id: member.id, role: status.role, term: status.term, durable, commit: status.commit, applied: status.applied, boundary, entries: [...stable, ...unstable.entries] };
}

function pick<T>(rng: Rng, list: readonly T[]): T | undefined {
  return list[randomInt(rng, 0, list.length - 1)];
}

function randomMessage(run: Run): void {
  const { group, rng, lossRate } = run;
  const message = pick(rng, group.messages.filter((other) => !run.cut.includes(other.to)));
  if (message === undefined) return;
  const fate = rng();
  // Sometimes it stays, and comes again later.
  if (fate >= 0.1) group.messages = group.messages.filter((other) => other !== message);
  if (fate >= 0.1 + lossRate || fate < 0.1) group.step(message);
  // What is too old to matter would only slow things down.
  if (group.messages.length > 60) group.messages.splice(0, 20);
}

function randomWork(run: Run, member: GroupMember): void {
  const choice = run.rng();
  if (choice < 0.6 && member.raw.hasReady()) run.group.process(member.id);
  else if (choice < 0.85) run.group.runAppend(member.id);
  else run.group.runApply(member.id);
}

function randomProposal(run: Run, member: GroupMember): void {
  run.proposals += 1;
  ignoringDrops(() => run.group.propose(member.id, `p${run.proposals}`));
}

function randomReconfiguration(run: Run, member: GroupMember): void {
  const changes = Array.from({ length: randomInt(run.rng, 0, 3) }, () => randomChange(run.rng));
  ignoringDrops(() => member.raw.proposeConfChange({ kind: 'conf-change-v2', transition: 'auto', changes, context: emptyBytes }));
}

function ignoringDrops(propose: () => void): void {
  try {
    propose();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProposalDropped') throw error;
  }
}

function randomChange(rng: Rng): ConfChangeSingle {
  const type = rng() < 0.5 ? 'add-node' : rng() < 0.5 ? 'add-learner' : 'remove-node';
  return { type, nodeId: randomInt(rng, 1, 4) };
}

function compact(member: GroupMember): void {
  const { storage, raw } = member;
  const { applied } = raw.basicStatus();
  if (applied <= storage.snapshot().meta.index || applied > storage.lastIndex() || applied < storage.firstIndex()) return;
  storage.createSnapshot(applied, member.confState, emptyBytes);
  storage.compact(applied);
}

function randomStep(run: Run): void {
  const { rng, group } = run;
  const member = pick(rng, [...group.members.values()]);
  if (member === undefined) return;
  const action = drawAction(run);
  const peer = randomInt(rng, 1, group.members.size);
  switch (action) {
    case 'message': return randomMessage(run);
    case 'work': return randomWork(run, member);
    case 'tick': return member.raw.tick();
    case 'campaign': return member.raw.campaign();
    case 'propose': return randomProposal(run, member);
    case 'reconfigure': return randomReconfiguration(run, member);
    case 'transfer': return member.raw.transferLeader(peer);
    case 'report': return rng() < 0.5 ? member.raw.reportUnreachable(peer) : member.raw.reportSnapshot(peer, rng() < 0.5 ? 'finished' : 'failed');
    case 'compact': return compact(member);
    case 'crash': return crash(run, member);
    case 'cut':
      run.cut = rng() < 0.3 ? [] : [...group.members.keys()].filter(() => rng() < 0.4);
      return;
    default: unreachable(action);
  }
}

function crash(run: Run, member: GroupMember): void {
  run.group.restart(member.id);
  run.checker.restarted(member.id);
}

test('no schedule of loss, duplication, reordering, crashes, compaction and reconfiguration breaks the properties of figure 3', () => {
  let applied = 0;
  for (let seed = 1; seed <= 150; seed += 1) {
    const run = startRun(seed);
    try {
      for (let i = 0; i < 800; i += 1) {
        randomStep(run);
        if (i % 5 === 0) run.checker.check([...run.group.members.values()].map(observe));
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    applied += Math.max(...[...run.group.members.keys()].map((id) => run.group.texts(id).length));
  }
  assert.ok(applied > 100, `the schedules get something done: ${applied} commands applied`);
});

test('once messages arrive again, one leader commits on every member what was proposed to it', () => {
  for (let seed = 101; seed <= 110; seed += 1) {
    const group = new TestGroup({ voters: [1, 2, 3], seed, preVote: true, checkQuorum: true, electionTick: 5 });
    const run: Run = { ...startRun(seed), group };
    for (let i = 0; i < 400; i += 1) {
      const member = pick(run.rng, [...group.members.values()]);
      if (member === undefined) continue;
      if (run.rng() < 0.4) randomMessage(run);
      else if (run.rng() < 0.6) randomWork(run, member);
      else member.raw.tick();
    }
    const leader = (): GroupMember | undefined => [...group.members.values()].find((member) => member.raw.basicStatus().role === 'leader');
    for (let i = 0; i < 200; i += 1) {
      for (const member of group.members.values()) member.raw.tick();
      group.settle();
    }
    const winner = leader();
    assert.ok(winner !== undefined, `seed ${seed}: somebody leads`);
    group.propose(winner?.id ?? 0, 'at last');
    group.settle();
    for (const id of group.members.keys()) assert.is(group.texts(id).at(-1), 'at last');
  }
});

test.run();
