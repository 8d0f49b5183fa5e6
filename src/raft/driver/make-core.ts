// The options under which the core runs in production (`raft.md` 2.8): pre-vote and CheckQuorum on, lease reads off, no forwarding of proposals.

import { limits } from '../../base/limits.ts';
import type { NodeId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import { RawNode } from '../core/raw-node.ts';
import type { Logger, Storage } from '../core/types.ts';
import type { RaftTiming } from './raft-options.ts';

/** What the core says is for its own tests; people read the driver's events. */
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export function makeCore(
  options: { readonly id: NodeId; readonly applied: number; readonly timing: RaftTiming }, deps: { readonly storage: Storage; readonly rng: Rng },
): RawNode {
  return new RawNode({
    id: options.id,
    electionTick: options.timing.electionTicks,
    heartbeatTick: options.timing.heartbeatTicks,
    storage: deps.storage,
    applied: options.applied,
    asyncStorageWrites: true,
    preVote: true,
    checkQuorum: true,
    readOnly: 'safe',
    maxSizePerMsg: limits.messageBytesMax,
    maxCommittedSizePerReady: limits.appliedBytesPerReady,
    maxUncommittedEntriesSize: limits.uncommittedBytesMax,
    maxInflightMsgs: limits.inflightMessagesMax,
    maxInflightBytes: limits.inflightBytesMax,
    stepDownOnRemoval: true,
    disableProposalForwarding: true,
    disableConfChangeValidation: false,
    random: deps.rng,
    logger: silent,
  });
}
