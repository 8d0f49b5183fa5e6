// The commands of the log: what users ask (batches of operations) and what the cluster decides about itself, with what each answers.
// Data only; the frozen bytes are in command-codec.ts, the effects in apply.ts. A command never holds anything that apply could compute.

import type { ErrorCodeName } from '../../../base/error-codes.ts';
import type { ErrorDetails } from '../../../base/errors.ts';
import type { ChunkId, ClusterAge, ClusterId, Incarnation, LogIndex, NodeName, SeederId, SessionId, WallMillis } from '../../../base/ids.ts';
import type { SeederState } from '../../../model/layout.ts';
import type { Operation, OperationId, Outcome } from '../../../model/operation.ts';
import type { ClassCode } from '../../../model/storage-class.ts';
import type { ConfigName } from './settings.ts';

/** Where a batch stands in its session: operation i has sequence `firstSequence + i`; outcomes below `firstUnacked` may be forgotten. */
export interface SessionMark {
  readonly id: SessionId;
  readonly firstSequence: number;
  readonly firstUnacked: number;
}

/** Operations of one user. Not a transaction: each has its own outcome. */
export interface BatchCommand {
  readonly kind: 'batch';
  /** Absent: no memory of outcomes, a repeated batch runs again. */
  readonly session?: SessionMark;
  /** One per shell command; what `undo` takes back. */
  readonly operation: OperationId;
  readonly user: string;
  readonly operations: readonly Operation[];
}

/** New `now` list of one partition. */
export interface LayoutMove {
  readonly partition: number;
  readonly now: readonly SeederId[];
}

/** What one seeder of `now` reported; the leader found count and digest equal to the state's at `index`. */
export interface SettleProof {
  readonly seeder: SeederId;
  readonly index: LogIndex;
  readonly deletionsPending: number;
}

export interface SettleItem {
  readonly classCode: ClassCode;
  readonly partition: number;
  /** `since` the proofs are about; another one in the state voids the item. */
  readonly since: LogIndex;
  readonly proofs: readonly SettleProof[];
}

export interface CondemnItem {
  readonly classCode: ClassCode;
  readonly chunk: ChunkId;
  readonly bytes: number;
}

export interface ConfigSetting {
  readonly name: ConfigName;
  readonly value: string;
}

/** Decisions of the cluster about itself. The leader proposes them; apply looks at every condition again. */
export type SystemCommand =
  /** First command of a state; makes the root directory. */
  | { readonly kind: 'found'; readonly cluster: ClusterId; readonly level: number; readonly settings: readonly ConfigSetting[] }
  | { readonly kind: 'register-session'; readonly user: string }
  | { readonly kind: 'close-session'; readonly session: SessionId }
  /** Skips sessions used within the last 24 h of cluster age. */
  | { readonly kind: 'expire-sessions'; readonly sessions: readonly SessionId[] }
  | {
    readonly kind: 'register-seeder'; readonly name: NodeName; readonly incarnation: Incarnation; readonly url: string;
    readonly zone: string; readonly host: string; readonly capacityBytes: number;
  }
  | { readonly kind: 'seeder-state'; readonly seeder: SeederId; readonly state: SeederState }
  /** `basedOn`: layout version the plan was made from; a partition that changed since is skipped. The first one of a class names every partition. */
  | { readonly kind: 'set-layout'; readonly classCode: ClassCode; readonly partitions: number; readonly basedOn: LogIndex; readonly moves: readonly LayoutMove[] }
  | { readonly kind: 'settle'; readonly items: readonly SettleItem[] }
  /** `skipped` is `gc run --now`. A referenced chunk is skipped whatever the grace. */
  | { readonly kind: 'condemn'; readonly chunks: readonly CondemnItem[]; readonly grace: 'kept' | 'skipped' }
  /** Forgets condemnations older than the horizon. */
  | { readonly kind: 'forget-condemned'; readonly chunks: readonly { readonly classCode: ClassCode; readonly chunk: ChunkId }[] }
  /** Releases the pages of uploads past their lease, or closed; a big one takes several commands. */
  | { readonly kind: 'expire-uploads'; readonly uploads: readonly string[] }
  /** Names the oldest indexes of the feed and how many events each has. */
  | { readonly kind: 'trim-feed'; readonly rows: readonly { readonly index: LogIndex; readonly events: number }[] }
  | { readonly kind: 'set-config'; readonly setting: ConfigSetting }
  | { readonly kind: 'raise-level'; readonly level: number };

export type Command = BatchCommand | SystemCommand;

/** What one log entry says. `wallMs` is for display only; every decision uses `clusterAge`. */
export interface Entry {
  readonly wallMs: WallMillis;
  readonly clusterAge: ClusterAge;
  readonly commands: readonly Command[];
}

/** One a command, in order. */
export type CommandResult =
  | { readonly kind: 'batch'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'session'; readonly session: SessionId }
  | { readonly kind: 'seeder'; readonly seeder: SeederId }
  /** For commands over lists: how many of the items took effect, and how many conditions no longer held. */
  | { readonly kind: 'counted'; readonly accepted: number; readonly skipped: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly code: ErrorCodeName; readonly details: ErrorDetails };

/** Newest level this program can apply (`architecture.md` 3). */
export const supportedLevel = 1;
