// The nouns of the Raft core that cross its border: log entries, messages, configurations, storage, options, Ready, status.
// Data only. Terms, indexes and ids are safe integers; 0 means "none" for each of them.

import type { Rng } from '../../base/rng.ts';

/** A member's id: a safe integer above 0, never reused. 0 is nobody; the two negative ones are this node's own threads. */
export type RaftId = number;

export const noNode: RaftId = 0;
/** Target of MsgStorageAppend, sender of MsgStorageAppendResp. */
export const localAppendThread: RaftId = -1;
/** Target of MsgStorageApply, sender of MsgStorageApplyResp. */
export const localApplyThread: RaftId = -2;

/** "As many bytes as there are", for every byte limit. */
export const noLimit = Number.MAX_SAFE_INTEGER;

export type EntryType = 'normal' | 'conf-change' | 'conf-change-v2';

export interface Entry {
  readonly term: number;
  readonly index: number;
  readonly type: EntryType;
  /** Opaque for `normal` (empty: a leader's first entry); `conf-change-codec.ts` for the others. */
  readonly data: Uint8Array;
}

/** What a node must not forget. `commit` may lag behind on disk; `term` and `vote` may not. */
export interface HardState {
  readonly term: number;
  readonly vote: RaftId;
  readonly commit: number;
}

/** Who takes part. Lists ascend. `votersOutgoing` is empty outside a joint configuration. */
export interface ConfState {
  readonly voters: readonly RaftId[];
  readonly learners: readonly RaftId[];
  readonly votersOutgoing: readonly RaftId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly RaftId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly confState: ConfState;
}

export interface Snapshot {
  readonly meta: SnapshotMeta;
  readonly data: Uint8Array;
}

export type ConfChangeType = 'add-node' | 'add-learner' | 'remove-node' | 'update-node';

export interface ConfChangeSingle {
  readonly type: ConfChangeType;
  readonly nodeId: RaftId;
}

/** One change of one member, without joint consensus (thesis 4.1). */
export interface ConfChange extends ConfChangeSingle {
  readonly kind: 'conf-change';
  readonly context: Uint8Array;
}

/** `auto`: joint only when needed, left by itself. `joint-implicit`: always joint, left by itself. `joint-explicit`: left by an empty change. */
export type ConfChangeTransition = 'auto' | 'joint-implicit' | 'joint-explicit';

/** Any number of changes at once (thesis 4.3). Without changes and with `auto`: leaves the joint configuration. */
export interface ConfChangeV2 {
  readonly kind: 'conf-change-v2';
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeSingle[];
  readonly context: Uint8Array;
}

/** The order is that of etcd's protocol and frozen: a codec may use the position. */
export const messageTypes = [
  'MsgHup', 'MsgBeat', 'MsgProp', 'MsgApp', 'MsgAppResp', 'MsgVote', 'MsgVoteResp', 'MsgSnap', 'MsgHeartbeat', 'MsgHeartbeatResp',
  'MsgUnreachable', 'MsgSnapStatus', 'MsgCheckQuorum', 'MsgTransferLeader', 'MsgTimeoutNow', 'MsgReadIndex', 'MsgReadIndexResp',
  'MsgPreVote', 'MsgPreVoteResp', 'MsgStorageAppend', 'MsgStorageAppendResp', 'MsgStorageApply', 'MsgStorageApplyResp', 'MsgForgetLeader',
] as const;

export type MessageType = (typeof messageTypes)[number];

/** One shape for all types, unused fields at their zero; `message.ts` builds it. */
export interface Message {
  readonly type: MessageType;
  readonly from: RaftId;
  readonly to: RaftId;
  /** 0 in messages that do not leave the node. */
  readonly term: number;
  /** Term of the entry at `index`. */
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  /** In MsgStorageAppend only. */
  readonly vote: RaftId;
  readonly entries: readonly Entry[];
  readonly reject: boolean;
  /** With `reject` in MsgAppResp: where the sender guesses the logs to agree. */
  readonly rejectHint: number;
  readonly snapshot: Snapshot | undefined;
  /** Marks a campaign that a leader asked for, or the round of a read (`read-only.ts`). */
  readonly context: Uint8Array;
  /** In messages to local threads: what to deliver once the work is durable (or applied), in this order. */
  readonly responses: readonly Message[];
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export interface SoftState {
  readonly lead: RaftId;
  readonly role: Role;
}

/** Answer to `readIndex(context)`: once `index` is applied, a read is linearizable. */
export interface ReadState {
  readonly index: number;
  readonly context: Uint8Array;
}

/** What the caller must now do; see `RawNode.ready`. */
export interface Ready {
  readonly softState: SoftState | undefined;
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  /** To be made durable before `messages` leave (without asynchronous storage writes). */
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly committedEntries: readonly Entry[];
  readonly messages: readonly Message[];
  /** False when losing what this Ready writes could not break a promise. */
  readonly mustSync: boolean;
}

/** Synchronous reads of what is durable. Throws CompactedError or UnavailableError for what it has not. */
export interface Storage {
  initialState(): { readonly hardState: HardState; readonly confState: ConfState };
  /** Entries low <= index < high, as many as fit, but at least one. */
  entries(low: number, high: number, maxBytes: number): readonly Entry[];
  /** Also known for `firstIndex() - 1`. */
  term(index: number): number;
  firstIndex(): number;
  lastIndex(): number;
  /** The most recent one; may throw SnapshotTemporarilyUnavailableError. */
  snapshot(): Snapshot;
}

export interface Logger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** `lease` trusts clocks for reads on the leader; it needs `checkQuorum`. */
export type ReadOnlyOption = 'safe' | 'lease';

export interface RaftConfig {
  readonly id: RaftId;
  /** Ticks without a leader before a campaign: drawn from [electionTick, 2 * electionTick). */
  readonly electionTick: number;
  readonly heartbeatTick: number;
  readonly storage: Storage;
  /** Highest index the state machine holds at start; 0 for a new one. */
  readonly applied: number;
  readonly asyncStorageWrites: boolean;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly readOnly: ReadOnlyOption;
  /** Bytes of entries in one MsgApp; one entry always fits. */
  readonly maxSizePerMsg: number;
  /** Bytes of entries handed out to be applied and not yet applied. */
  readonly maxCommittedSizePerReady: number;
  /** Bytes of proposals in the leader's log that are not applied; above it proposals are dropped. */
  readonly maxUncommittedEntriesSize: number;
  readonly maxInflightMsgs: number;
  readonly maxInflightBytes: number;
  readonly stepDownOnRemoval: boolean;
  readonly disableProposalForwarding: boolean;
  readonly disableConfChangeValidation: boolean;
  /** The only source of randomness. */
  readonly random: Rng;
  readonly logger: Logger;
  readonly trace?: ((event: TracingEvent) => void) | undefined;
}

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** A peer as the leader sees it. */
export interface ProgressStatus {
  readonly state: ProgressState;
  readonly match: number;
  readonly next: number;
  readonly pendingSnapshot: number;
  readonly recentActive: boolean;
  readonly paused: boolean;
  readonly isLearner: boolean;
  readonly inflight: { readonly count: number; readonly bytes: number; readonly full: boolean };
}

export interface BasicStatus extends HardState, SoftState {
  readonly id: RaftId;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly leadTransferee: RaftId;
}

export interface Status extends BasicStatus {
  readonly confState: ConfState;
  /** Empty unless this node leads. Ids ascend. */
  readonly progress: ReadonlyMap<RaftId, ProgressStatus>;
}

/** Everything volatile that decides what the node does next, as plain data: equal dumps over equal storage behave equally. */
export interface CoreDump {
  readonly status: BasicStatus;
  readonly confState: ConfState;
  readonly progress: readonly (readonly [RaftId, ProgressStatus])[];
  readonly votes: readonly (readonly [RaftId, boolean])[];
  readonly electionElapsed: number;
  readonly heartbeatElapsed: number;
  readonly randomizedElectionTimeout: number;
  readonly pendingConfIndex: number;
  readonly uncommittedBytes: number;
  readonly applying: number;
  readonly unstable: {
    readonly offset: number;
    readonly offsetInProgress: number;
    readonly entries: readonly Entry[];
    readonly snapshot: SnapshotMeta | undefined;
    readonly snapshotInProgress: boolean;
  };
  readonly messages: readonly Message[];
  readonly messagesAfterAppend: readonly Message[];
  readonly readStates: readonly ReadState[];
  readonly readsUnconfirmed: number;
  readonly readsBeforeFirstCommit: number;
}

/** Field names of etcd's TracingEvent, so that its TLA+ trace validation can read them. */
export interface TracingEvent {
  readonly name: string;
  readonly nid: string;
  readonly state: HardState;
  readonly role: string;
  readonly log: number;
  readonly conf: readonly [readonly string[], readonly string[]];
  readonly msg?: TracingMessage;
  readonly cc?: { readonly changes: readonly { readonly nid: string; readonly action: string }[]; readonly newconf: readonly string[] };
}

export interface TracingMessage {
  readonly type: MessageType;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly entries: number;
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  readonly vote: string;
  readonly reject: boolean;
  readonly rejectHint: number;
}
