// What the loop works with once a tracker has its place: everything that was opened or restored before it starts.

import type { Clock } from '../../base/clock.ts';
import type { ClusterId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import type { Send } from '../../protocol/send.ts';
import type { FileIo } from '../../storage/file-io.ts';
import type { StateFolders } from '../../storage/state-machine.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { CurrentState } from './current-state.ts';
import type { LogStore } from './log-store.ts';
import type { Member, TrackerAddress } from './members.ts';
import type { RaftEvent } from './raft-events.ts';
import type { LogTail, RaftTiming } from './raft-options.ts';
import type { RaftDial } from './stream.ts';

export interface LoopParts<Result> {
  readonly self: Member;
  readonly cluster: ClusterId;
  /** Drawn for this run of the process: contexts of reads and names of held states never repeat. */
  readonly run: number;
  readonly store: LogStore;
  readonly state: CurrentState<Result>;
  /** As of what the state has applied. */
  readonly config: ClusterConfig;
  /** Where trackers are reached now, by name; the founding map only knows where they were. */
  readonly addresses: readonly TrackerAddress[];
  readonly folder: string;
  readonly timing: RaftTiming;
  readonly logTail: LogTail;
}

export interface LoopDeps<Result> {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly defer: (call: () => void) => void;
  readonly files: FileIo;
  readonly states: StateFolders<Result>;
  readonly send: Send;
  readonly dial: RaftDial;
  readonly observe: (event: RaftEvent) => void;
  /** Called once; the process must end. */
  readonly failed: (error: unknown) => void;
}
