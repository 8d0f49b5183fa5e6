// One node of a script's group: its options, its storage, and the work that waits for its local threads.

import { MemoryStorage } from '../../src/raft/core/memory-storage.ts';
import type { RawNode } from '../../src/raft/core/raw-node.ts';
import type { Message, RaftConfig, Snapshot } from '../../src/raft/core/types.ts';
import { noLimit } from '../../src/raft/core/types.ts';

export type NodeOptions = Omit<RaftConfig, 'id' | 'storage' | 'random' | 'logger'>;

/** What etcd's interaction tests start from. */
export const nodeOptionsDefault: NodeOptions = {
  electionTick: 3, heartbeatTick: 1, applied: 0, asyncStorageWrites: false, preVote: false, checkQuorum: false, readOnly: 'safe',
  maxSizePerMsg: noLimit, maxCommittedSizePerReady: noLimit, maxUncommittedEntriesSize: noLimit, maxInflightMsgs: 0x7fffffff,
  maxInflightBytes: noLimit, stepDownOnRemoval: false, disableProposalForwarding: false, disableConfChangeValidation: false,
};

/** Logs are not compared, so they are not written. */
export const silent = { debug(): void {}, info(): void {}, warn(): void {}, error(): void {} };

/** Followers get the newest state, not the one the log was compacted to. */
export class ScriptStorage extends MemoryStorage {
  readonly history: Snapshot[] = [];

  override snapshot(): Snapshot {
    return this.history.at(-1) ?? super.snapshot();
  }
}

export interface ScriptNode {
  readonly id: number;
  readonly options: NodeOptions;
  readonly raw: RawNode;
  readonly storage: ScriptStorage;
  readonly appendWork: Message[];
  readonly applyWork: Message[];
}
