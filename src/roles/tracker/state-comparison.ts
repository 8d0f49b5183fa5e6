// Trackers that applied the same entries must be in the same state, and prove it: every tracker compares what its state hashed to
// with the others at equal index (`architecture.md` 3). One that differs from a majority stops; one that only sees another differ says so.

import { sleep } from '../../async/sleep.ts';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { errorFields, type Logger } from '../../observe/log.ts';
import { pathTo } from '../../protocol/routes.ts';
import type { Send } from '../../protocol/send.ts';
import type { StateHashAnswer } from '../../protocol/tracker-api.ts';
import { isStateHashAnswer, mustParse } from '../../protocol/validate.ts';
import { MetaMachine } from '../../storage/meta/machine.ts';
import type { TrackerRaft } from './tracker-raft.ts';

type Marks = StateHashAnswer['marks'];

export interface PeerMarks {
  readonly name: string;
  readonly marks: Marks;
}

/** `alone`: no index in common with enough peers. `wrong`: a majority of the members agrees on another state at `index`. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'alone' }
  | { readonly kind: 'peer-differs'; readonly peer: string; readonly index: LogIndex }
  | { readonly kind: 'wrong'; readonly index: LogIndex };

/** Compares at the newest index that each peer has in common with `own`. `members` counts this tracker too. */
export function judgeStates(own: Marks, peers: readonly PeerMarks[], members: number): Verdict {
  const compared = peers.flatMap((peer) => compareAtNewest(own, peer) ?? []);
  const different = compared.filter((each) => each.own !== each.theirs);
  for (const { index } of different) {
    const agreeing = new Map<string, number>();
    for (const { marks } of peers) {
      const theirs = marks.find((mark) => mark.index === index)?.hash;
      if (theirs !== undefined) agreeing.set(theirs, (agreeing.get(theirs) ?? 0) + 1);
    }
    const ownHash = own.find((mark) => mark.index === index)?.hash;
    if ([...agreeing].some(([hash, count]) => hash !== ownHash && count > members / 2)) return { kind: 'wrong', index };
  }
  const first = different[0];
  if (first !== undefined) return { kind: 'peer-differs', peer: first.name, index: first.index };
  return compared.length > 0 ? { kind: 'equal' } : { kind: 'alone' };
}

function compareAtNewest(own: Marks, peer: PeerMarks): { readonly name: string; readonly index: LogIndex; readonly own: string; readonly theirs: string } | undefined {
  const theirs = new Map(peer.marks.map((mark) => [mark.index, mark.hash]));
  for (let i = own.length - 1; i >= 0; i -= 1) {
    const mark = own[i];
    const hash = mark === undefined ? undefined : theirs.get(mark.index);
    if (mark !== undefined && hash !== undefined) return { name: peer.name, index: mark.index, own: mark.hash, theirs: hash };
  }
  return undefined;
}

export function ownMarks(raft: TrackerRaft): Marks {
  const machine = raft.machine();
  assert(machine instanceof MetaMachine, 'a tracker carries the metadata machine');
  return machine.marks();
}

export interface StateComparisonDeps {
  readonly raft: TrackerRaft;
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Logger;
  /** The process must end: this tracker's state is not what the log makes of it. */
  readonly onWrong: (error: OffshoreError) => void;
}

/** Runs until `signal`, on leaders and followers alike. */
export async function keepComparing(deps: StateComparisonDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(limits.stateCompareRestMs, deps.clock, signal).catch(() => undefined);
    if (!signal.aborted) await compareOnce(deps, signal);
  }
}

async function compareOnce(deps: StateComparisonDeps, signal: AbortSignal): Promise<void> {
  const { members, id } = deps.raft.status();
  const others = members.filter((member) => member.id !== id);
  const peers = (await Promise.all(others.map((member) => askMarks(member, deps, signal)))).flatMap((each) => each ?? []);
  const verdict = judgeStates(ownMarks(deps.raft), peers, members.length);
  if (verdict.kind === 'peer-differs') deps.log.error('state.differs', { index: verdict.index, with: verdict.peer });
  if (verdict.kind !== 'wrong') return;
  deps.log.error('state.differs', { index: verdict.index, with: 'the majority' });
  deps.onWrong(new OffshoreError('state-damaged', { index: verdict.index }, { message: 'This tracker\'s state differs from the majority\'s' }));
}

/** Undefined when it cannot be asked now: the next round asks again. */
async function askMarks(member: { readonly name: string; readonly url: string }, deps: StateComparisonDeps, signal: AbortSignal): Promise<PeerMarks | undefined> {
  try {
    const answer = await deps.send({ to: member.url, method: 'GET', path: pathTo('stateHash'), headers: {}, body: [] }, signal);
    if (answer.status !== 200) return undefined;
    return { name: member.name, marks: mustParse(answer, isStateHashAnswer, member.name).marks };
  } catch (error) {
    deps.log.debug('duty.failed', { duty: 'compare-states', ...errorFields(error) });
    return undefined;
  }
}
