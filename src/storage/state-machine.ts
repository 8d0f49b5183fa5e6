// Port between Raft and what it replicates. The driver applies committed entries in order, one durable batch a group,
// and moves whole states by pulling pinned snapshots. The state knows how far it is: progress lives in the same batch as its effects.

import type { ClusterAge, LogIndex, Term } from '../base/ids.ts';
import type { KvEntry } from './kv/kv.ts';

/** Everything a state says about where it stands. `confState` is the encoded Raft configuration as of `index`. */
export interface StateProgress {
  readonly index: LogIndex;
  readonly term: Term;
  readonly confState: Uint8Array;
}

/** A committed entry. `data` is empty for no-ops and for configuration changes: they only move the index. */
export interface CommittedEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly data: Uint8Array;
  /** Present when this entry changed the Raft configuration: the configuration after it. */
  readonly confState?: Uint8Array;
}

/** A consistent view of the state right after some entry; never changes while it is held. */
export interface StatePin {
  readonly progress: StateProgress;
  /** Entries after `after` in key order, about `bytesMax` of them; none means the end. */
  page(after: Uint8Array | undefined, bytesMax: number): Promise<readonly KvEntry[]>;
  release(): Promise<void>;
}

export interface StateMachine<Result> {
  progress(): StateProgress;
  /** Largest cluster age seen in an applied entry; a new leader counts on from it. */
  clusterAge(): ClusterAge;
  /**
   * Applies a group in order; resolves when effects and progress are durable. One result an entry, in order.
   * A throw means the state is damaged or the disk failed: the process must end (S7).
   */
  apply(group: readonly CommittedEntry[]): Promise<readonly Result[]>;
  /** Only between two `apply` calls. */
  pin(): StatePin;
  close(): Promise<void>;
}

/** A state being received from another tracker, in a folder of its own. */
export interface StateStaging {
  put(entries: readonly KvEntry[]): Promise<void>;
  /** Checks count, hash and progress, makes everything durable and closes; the folder may then be opened. Throws `state-damaged`. */
  seal(expected: StateProgress): Promise<void>;
  discard(): Promise<void>;
}

/** Owns the folders of states under one data folder; which one is current is recorded by the log store. */
export interface StateFolders<Result> {
  open(folder: string): Promise<StateMachine<Result>>;
  stage(folder: string): Promise<StateStaging>;
  /** Removes every state folder but this one. */
  removeOthers(current: string): Promise<void>;
}
