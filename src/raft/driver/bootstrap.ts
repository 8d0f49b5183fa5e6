// How an empty tracker finds its place: it asks the initial trackers who they are until `chooseSeat` can decide, then writes the first
// batch of its log. Waits as long as it takes: a cluster is never founded by a part of its trackers (`architecture.md` 4).

import { sleep } from '../../async/sleep.ts';
import { concatBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { DecodeError } from '../../base/codec.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { ClusterId, LogIndex, NodeId, NodeName, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { fromProblemAnswer } from '../../protocol/problem.ts';
import { pathTo } from '../../protocol/routes.ts';
import type { Send } from '../../protocol/send.ts';
import { decodeIdentityAnswer, type IdentityAnswer } from './identity-answer.ts';
import type { Identity } from './identity-file.ts';
import { logStart } from './log-start.ts';
import type { LogChange } from './log-store.ts';
import { clusterIdOf, decodeFounding, encodeFounding } from './member-codec.ts';
import type { TrackerAddress } from './members.ts';
import type { RaftEvent } from './raft-events.ts';
import { chooseSeat } from './seat.ts';

export interface BootstrapOptions {
  readonly identity: Identity;
  readonly initial: readonly TrackerAddress[];
  /** A tracker whose name the cluster knows with other data: end with `wiped-member`, or wait until somebody replaces it. */
  readonly whenWiped: 'refuse' | 'wait';
}

export interface BootstrapDeps {
  readonly clock: Clock;
  readonly send: Send;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly observe: (event: RaftEvent) => void;
}

export interface Seat {
  readonly cluster: ClusterId;
  readonly id: NodeId;
  readonly founding: Uint8Array;
  /** Founders' logs begin with entry 1; a tracker added later gets everything from the leader. */
  readonly log: 'entry-1' | 'empty';
}

/** Folder of the state that a tracker begins with. */
export const firstStateFolder = 'state-0-0';

export async function findSeat(options: BootstrapOptions, deps: BootstrapDeps, signal: AbortSignal): Promise<Seat> {
  const { identity, initial } = options;
  const self = { name: identity.name, incarnation: identity.incarnation, initial };
  let waitingFor = '';
  for (;;) {
    const choice = chooseSeat(self, await askAll(options, deps, signal));
    if (choice.kind === 'found') {
      const founding = encodeFounding(choice.members);
      const me = choice.members.find((member) => member.name === identity.name);
      if (me !== undefined) return { cluster: clusterIdOf(founding, deps.sha256), id: me.id, founding, log: 'entry-1' };
    }
    if (choice.kind === 'adopt') return adopted(choice, deps);
    if (choice.kind === 'refuse' && !(choice.code === 'wiped-member' && options.whenWiped === 'wait')) {
      throw new OffshoreError(choice.code, { name: identity.name }, { message: choice.because });
    }
    const missing = choice.kind === 'wait' ? choice.missing : [identity.name];
    if (waitingFor !== missing.join()) deps.observe({ kind: 'waiting-for-trackers', missing });
    waitingFor = missing.join();
    await sleep(limits.bootstrapRetryMs, deps.clock, signal);
  }
}

function adopted(
  choice: { readonly as: 'founder' | 'added'; readonly id: NodeId; readonly cluster: ClusterId; readonly founding: Uint8Array }, deps: BootstrapDeps,
): Seat {
  // The cluster id is the hash of the founding map; a peer that says otherwise is damaged or lies.
  if (clusterIdOf(choice.founding, deps.sha256) !== choice.cluster) throw new OffshoreError('wrong-cluster', { cluster: choice.cluster });
  return { cluster: choice.cluster, id: choice.id, founding: choice.founding, log: choice.as === 'founder' ? 'entry-1' : 'empty' };
}

/** Who answers within one request; silence is no answer, and no error. */
async function askAll(options: BootstrapOptions, deps: BootstrapDeps, signal: AbortSignal): Promise<ReadonlyMap<NodeName, IdentityAnswer>> {
  const others = options.initial.filter((tracker) => tracker.name !== options.identity.name);
  const answers = await Promise.all(others.map(async (tracker) => [tracker.name, await maybeAsk(tracker, deps, signal)] as const));
  return new Map(answers.filter((pair): pair is [NodeName, IdentityAnswer] => pair[1] !== undefined));
}

async function maybeAsk(tracker: TrackerAddress, deps: BootstrapDeps, signal: AbortSignal): Promise<IdentityAnswer | undefined> {
  try {
    return await askIdentity(tracker.url, deps.send, signal);
  } catch (error) {
    if (signal.aborted || !isOffshoreError(error)) throw error;
    return undefined;
  }
}

/** Throws `unreachable`, `timeout`, `aborted` or `bad-answer`. */
export async function askIdentity(url: string, send: Send, signal: AbortSignal): Promise<IdentityAnswer> {
  const answer = await send({ to: url, method: 'GET', path: pathTo('identity'), headers: {}, body: [] }, signal);
  if (answer.status !== 200) throw fromProblemAnswer(answer, url);
  try {
    const parsed = decodeIdentityAnswer(concatBytes(answer.body));
    if (parsed.kind === 'member') decodeFounding(parsed.founding);
    return parsed;
  } catch (error) {
    if (error instanceof DecodeError) throw new OffshoreError('bad-answer', { url }, { cause: error });
    throw error;
  }
}

/** The first batch of a log: all of it or nothing, so that a crash leaves an empty log. */
export function firstBatch(seat: Seat, identity: Identity): LogChange {
  const create = {
    identity: { cluster: seat.cluster, id: seat.id, incarnation: identity.incarnation, founding: seat.founding },
    state: { folder: firstStateFolder, at: logStart },
  };
  if (seat.log === 'empty') return { create };
  const place = { index: 1 as LogIndex, term: 1 as Term };
  return {
    create,
    entries: [{ ...place, type: 'normal', data: seat.founding }],
    hardState: { term: 1, vote: 0, commit: 1 },
  };
}
