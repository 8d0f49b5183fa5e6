// What a RaftNode is built from: options an administrator decides, and the ports the composition root hands in.

import type { Clock } from '../../base/clock.ts';
import type { Incarnation, NodeName } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import type { Send } from '../../protocol/send.ts';
import type { FileIo } from '../../storage/file-io.ts';
import type { OpenKv } from '../../storage/kv/kv.ts';
import type { StateFolders } from '../../storage/state-machine.ts';
import type { TrackerAddress } from './members.ts';
import type { RaftEvent } from './raft-events.ts';
import type { RaftDial } from './stream.ts';

export interface RaftTiming {
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
}

/** How much of the applied log is kept for followers that lag; past it they get a snapshot. */
export interface LogTail {
  readonly entries: number;
  readonly bytes: number;
}

export interface RaftOptions {
  readonly name: NodeName;
  /** Base URL at which the other trackers reach this one. */
  readonly url: string;
  /** The trackers that found the cluster, this one included; equal on all of them. A tracker added later lists existing ones (itself may be absent). */
  readonly initial: readonly TrackerAddress[];
  /** Holds `identity`, `raft-log/` and is where `states` keeps its folders. */
  readonly folder: string;
  /** A tracker whose name the cluster knows with other data: end with `wiped-member` (default), or wait until somebody replaces it. */
  readonly whenWiped?: 'refuse' | 'wait';
  /** Defaults: limits.tickMs, limits.heartbeatTicks, limits.electionTicks. */
  readonly timing?: RaftTiming;
  /** Defaults: limits.logTailEntries, limits.logTailBytes. */
  readonly logTail?: LogTail;
}

export interface RaftDeps<Result> {
  readonly clock: Clock;
  /** Spreads election timeouts; seeded differently on every tracker. */
  readonly rng: Rng;
  /** 128 random bits from the operating system. */
  readonly drawIncarnation: () => Incarnation;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Runs the call after the input that is ready now was handled (setImmediate): one turn then serves many messages. */
  readonly defer: (call: () => void) => void;
  readonly files: FileIo;
  /** Opens the log under `<folder>/raft-log`. */
  readonly openKv: OpenKv;
  /** Folder names given to it are plain names (`state-<term>-<index>`), relative to the data folder. */
  readonly states: StateFolders<Result>;
  readonly send: Send;
  readonly dial: RaftDial;
  /** Receives what is worth a log line or a metric; must not throw. */
  readonly observe?: (event: RaftEvent) => void;
}
