// Raft's own HTTP routes between trackers: who this tracker is, and pages of states it holds for followers. Everything else of Raft
// travels on the streams.

import { fromHex, isHex } from '../../base/bytes.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { NodeId } from '../../base/ids.ts';
import { bytesType, headerNames } from '../../protocol/headers.ts';
import { toProblemAnswer } from '../../protocol/problem.ts';
import { pathTo } from '../../protocol/routes.ts';
import type { Answer } from '../../protocol/send.ts';
import { encodeIdentityAnswer, type IdentityAnswer } from './identity-answer.ts';
import type { SnapshotSender } from './snapshot-sender.ts';

export interface RaftRoutesDeps {
  /** Undefined while the tracker does not know it itself. */
  readonly identity: () => IdentityAnswer | undefined;
  /** Undefined until the node runs. */
  readonly snapshots: () => SnapshotSender | undefined;
}

const snapshotPrefix = pathTo('snapshot', { id: '' });

/** Undefined for a path that is not Raft's. */
export function answerRaftRoute(request: { readonly method: string; readonly path: string }, deps: RaftRoutesDeps): Promise<Answer> | undefined {
  const url = new URL(request.path, 'http://raft');
  if (request.method !== 'GET') return undefined;
  if (url.pathname === pathTo('identity')) return Promise.resolve(answerIdentity(deps.identity()));
  if (url.pathname.startsWith(snapshotPrefix)) return answerSnapshot(url, deps.snapshots());
  return undefined;
}

function answerIdentity(identity: IdentityAnswer | undefined): Answer {
  return identity === undefined ? toProblemAnswer(new OffshoreError('starting')) : toBytesAnswer(encodeIdentityAnswer(identity));
}

async function answerSnapshot(url: URL, snapshots: SnapshotSender | undefined): Promise<Answer> {
  const id = url.pathname.slice(snapshotPrefix.length);
  const peer = Number(url.searchParams.get('peer'));
  const after = url.searchParams.get('after') ?? undefined;
  try {
    if (snapshots === undefined) throw new OffshoreError('starting');
    const known = Number.isSafeInteger(peer) && peer > 0 && (after === undefined || isHex(after, after.length + (after.length % 2)));
    if (!known) throw new OffshoreError('bad-request');
    return toBytesAnswer(await snapshots.page({ id, peer: peer as NodeId, after: after === undefined ? undefined : fromHex(after) }));
  } catch (error) {
    if (isOffshoreError(error)) return toProblemAnswer(error);
    throw error;
  }
}

function toBytesAnswer(bytes: Uint8Array): Answer {
  return { status: 200, headers: { [headerNames.contentType]: bytesType, [headerNames.contentLength]: String(bytes.length) }, body: [bytes] };
}
