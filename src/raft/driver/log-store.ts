// Port: the durable log of one tracker, with everything Raft must not forget (`raft.md` 2.3). Implementations: log-store-level, log-store-memory.
// Reads are synchronous, because the core reads while it steps. Writes come one at a time, each one synced and whole; after a failed
// write the store refuses everything and the process must end: a later success would prove nothing (cockroachdb/cockroach#37102).

import type { ClusterId, Incarnation, LogIndex, NodeId, Term } from '../../base/ids.ts';
import type { Entry, HardState } from '../core/types.ts';

/** A position in the log. */
export interface LogPlace {
  readonly index: LogIndex;
  readonly term: Term;
}

/** Whose log this is; written once, with the first batch. */
export interface LogIdentity {
  readonly cluster: ClusterId;
  readonly id: NodeId;
  readonly incarnation: Incarnation;
  /** The data of entry 1, kept when the log is compacted. Empty only in tests. */
  readonly founding: Uint8Array;
}

/** The state machine that goes with this log. Replacing it is the atomic switch point of a snapshot install. */
export interface InstalledState {
  /** Folder of the state, a plain name. */
  readonly folder: string;
  /** Where the state stood when it was put there; `index` 0 for the empty state of a new tracker. */
  readonly at: LogPlace;
}

/** One synced batch. Parts are taken in this order. */
export interface LogChange {
  /** Only as the first change of an empty store. */
  readonly create?: { readonly identity: LogIdentity; readonly state: InstalledState };
  /** Drops the whole log: it goes on after `install.at`. */
  readonly install?: InstalledState;
  /** Forgets entries up to this index. */
  readonly compactTo?: LogIndex;
  /** Replaces everything from the first one's index on. */
  readonly entries?: readonly Entry[];
  readonly hardState?: HardState;
}

export interface LogStore {
  /** Undefined while nothing was ever written. */
  identity(): LogIdentity | undefined;
  hardState(): HardState;
  state(): InstalledState;
  /** The entry before the first one; index 0 before compaction. Its term is known, its data is gone. */
  boundary(): LogPlace;
  last(): LogPlace;
  /** Undefined before the boundary and after the end. */
  term(index: LogIndex): Term | undefined;
  /** Entries from <= index < to, as many as fit `bytesMax` but at least one. The range must lie inside the log. */
  entries(range: { readonly from: LogIndex; readonly to: LogIndex }, bytesMax: number): readonly Entry[];
  /** The lowest index such that what follows it holds at most these bytes. */
  indexWithTail(bytesMax: number): LogIndex;
  /** Durable, and seen by reads, when it resolves. Never two at once. */
  write(change: LogChange): Promise<void>;
  close(): Promise<void>;
}
