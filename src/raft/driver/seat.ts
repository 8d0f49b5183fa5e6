// Decides how an empty tracker takes its place (`architecture.md` 4, Identity), from what the others answered. Pure.
// It must never let a tracker that may have voted before vote again under the same id.

import type { ErrorCodeName } from '../../base/error-codes.ts';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import type { IdentityAnswer } from './identity-answer.ts';
import { decodeFounding } from './member-codec.ts';
import type { Member, TrackerAddress } from './members.ts';

export type SeatChoice =
  /** All initial trackers are empty: this is the founding map, the same on each of them. */
  | { readonly kind: 'found'; readonly members: readonly Member[] }
  /** A cluster is there and this incarnation belongs to it. `founder`: its log starts with entry 1. */
  | { readonly kind: 'adopt'; readonly as: 'founder' | 'added'; readonly id: NodeId; readonly cluster: ClusterId; readonly founding: Uint8Array }
  | { readonly kind: 'wait'; readonly missing: readonly NodeName[] }
  | { readonly kind: 'refuse'; readonly code: ErrorCodeName; readonly because: string };

export interface SeatQuestion {
  readonly name: NodeName;
  readonly incarnation: Incarnation;
  readonly initial: readonly TrackerAddress[];
}

/** `answers` by name of the initial tracker asked; those that did not answer are absent. */
export function chooseSeat(self: SeatQuestion, answers: ReadonlyMap<NodeName, IdentityAnswer>): SeatChoice {
  const members = [...answers.values()].filter((answer) => answer.kind === 'member');
  const clusters = new Set(members.map((answer) => answer.cluster));
  if (clusters.size > 1) return { kind: 'refuse', code: 'wrong-cluster', because: 'the trackers listed belong to different clusters' };
  const adopted = members.map((answer) => adopt(self, answer)).find((choice) => choice !== undefined);
  if (adopted !== undefined) return adopted;
  // A cluster is there and does not know this name: only an administrator can add it.
  if (members.length > 0) return { kind: 'wait', missing: [self.name] };
  return found(self, answers);
}

function adopt(self: SeatQuestion, answer: IdentityAnswer & { readonly kind: 'member' }): SeatChoice | undefined {
  const place = { cluster: answer.cluster, founding: answer.founding };
  const current = answer.members.find((member) => member.incarnation === self.incarnation);
  const founder = decodeFounding(answer.founding).find((member) => member.incarnation === self.incarnation);
  if (current !== undefined) return { kind: 'adopt', as: founder === undefined ? 'added' : 'founder', id: current.id, ...place };
  if (founder !== undefined) return { kind: 'refuse', code: 'member-removed', because: 'this tracker was removed from the cluster' };
  const namesake = answer.members.find((member) => member.name === self.name);
  if (namesake === undefined) return undefined;
  return { kind: 'refuse', code: 'wiped-member', because: 'the cluster knows this name with other data' };
}

/** Ids follow the order of names, so that every founder computes the same bytes. */
function found(self: SeatQuestion, answers: ReadonlyMap<NodeName, IdentityAnswer>): SeatChoice {
  const trackers = inOrder(self.initial);
  const missing = trackers.map((tracker) => tracker.name).filter((name) => name !== self.name && !answers.has(name));
  if (missing.length > 0 || !trackers.some((tracker) => tracker.name === self.name)) return { kind: 'wait', missing };
  const members: Member[] = [];
  for (const [at, tracker] of trackers.entries()) {
    const answer = answers.get(tracker.name);
    if (answer !== undefined) {
      const problem = disagreement({ asked: tracker, trackers, answer });
      if (problem !== undefined) return { kind: 'refuse', code: 'bad-option', because: problem };
    }
    members.push({ id: (at + 1) as NodeId, ...tracker, incarnation: answer?.incarnation ?? self.incarnation });
  }
  return { kind: 'found', members };
}

/** Trackers with different lists would found different clusters. */
function disagreement(told: {
  readonly asked: TrackerAddress; readonly trackers: readonly TrackerAddress[]; readonly answer: IdentityAnswer;
}): string | undefined {
  const { asked, trackers, answer } = told;
  if (answer.name !== asked.name) return `the tracker listed as ${asked.name} calls itself ${answer.name}`;
  if (answer.kind === 'empty' && listText(answer.initial) !== listText(trackers)) {
    return `${asked.name} lists other initial trackers: ${listText(answer.initial)}`;
  }
  return undefined;
}

function inOrder(trackers: readonly TrackerAddress[]): readonly TrackerAddress[] {
  return trackers.map(({ name, url }) => ({ name, url })).sort((left, right) => (left.name < right.name ? -1 : 1));
}

function listText(trackers: readonly TrackerAddress[]): string {
  return inOrder(trackers).map((tracker) => `${tracker.name}=${tracker.url}`).join(', ');
}
