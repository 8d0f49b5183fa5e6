// What the loop looks after at every tick beside the core's own time: room and health of the disk, states held for followers, the
// length of the log. It hands leadership over when this tracker's disk should not lead.

import type { LogIndex, NodeId } from '../../base/ids.ts';
import type { RawNode } from '../core/raw-node.ts';
import type { Message } from '../core/types.ts';
import type { AppendThread } from './append-thread.ts';
import { compactionPoint } from './compaction.ts';
import type { DiskFloors } from './disk-floors.ts';
import type { DiskWatchdog } from './disk-watchdog.ts';
import type { FloorWatch } from './floor-watch.ts';
import type { LogStore } from './log-store.ts';
import type { RaftEvent } from './raft-events.ts';
import type { LogTail } from './raft-options.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import { bestSuccessor } from './successor.ts';
import type { Transport } from './transport.ts';

export interface HousekeepingDeps {
  readonly core: Pick<RawNode, 'status' | 'transferLeader' | 'reportSnapshot'>;
  readonly store: LogStore;
  readonly append: AppendThread;
  readonly snapshots: SnapshotSender;
  readonly transport: Transport;
  readonly diskFloors: DiskFloors;
  readonly floors: FloorWatch;
  readonly watchdog: DiskWatchdog;
  readonly applied: () => LogIndex;
  readonly observe: (event: RaftEvent) => void;
  /** Runs a call on the core outside a turn. */
  readonly outsideTurn: (call: () => void) => void;
  readonly failed: (error: unknown) => void;
}

export class Housekeeping {
  readonly #tail: LogTail;
  readonly #deps: HousekeepingDeps;
  /** Asked of the append thread already. */
  #compactedTo = 0 as LogIndex;

  constructor(options: { readonly tail: LogTail }, deps: HousekeepingDeps) {
    this.#tail = options.tail;
    this.#deps = deps;
  }

  tick(): void {
    for (const peer of this.#deps.snapshots.tick()) this.#deps.core.reportSnapshot(peer, 'failed');
    this.#releaseSnapshots();
    this.lookAtDisk();
    this.#watchDisk();
    this.#maybeCompact();
  }

  /** What of these messages may leave: a leader whose disk hangs must not keep its followers quiet. */
  leaving(messages: readonly Message[]): readonly Message[] {
    if (!this.#deps.watchdog.hung) return messages;
    return messages.filter((message) => message.type !== 'MsgHeartbeat' && message.type !== 'MsgApp');
  }

  lookAtDisk(): void {
    const { diskFloors, floors } = this.#deps;
    diskFloors.look().then(() => {
      if (!floors.setOwn(diskFloors.floor)) return;
      this.#deps.outsideTurn(() => this.#floorChanged());
    }).catch((error: unknown) => this.#deps.failed(error));
  }

  #floorChanged(): void {
    const floor = this.#deps.floors.own;
    this.#deps.observe({ kind: 'disk-floor', floor });
    this.#deps.transport.tellFloor(floor);
    if (floor === 'critical') this.#handOver();
  }

  /** A follower that replicates again needs no state any more. */
  #releaseSnapshots(): void {
    if (this.#deps.snapshots.size === 0) return;
    for (const [peer, progress] of this.#deps.core.status().progress) {
      if (progress.state === 'replicate') this.#deps.snapshots.finished(peer as NodeId);
    }
  }

  #watchDisk(): void {
    const ageMs = this.#deps.append.headAgeMs();
    if (this.#deps.watchdog.look(ageMs) !== 'just-hung') return;
    this.#deps.observe({ kind: 'disk-hung', ms: ageMs ?? 0 });
    this.#handOver();
  }

  #handOver(): void {
    const successor = bestSuccessor(this.#deps.core.status(), (peer) => this.#deps.floors.of(peer));
    if (successor !== undefined) this.#deps.core.transferLeader(successor);
  }

  #maybeCompact(): void {
    const { store, append, snapshots } = this.#deps;
    const boundary = store.boundary().index;
    const point = compactionPoint({
      boundary, applied: this.#deps.applied(), keepAfter: snapshots.keepAfter(boundary),
      tail: this.#tail, indexWithTail: (bytes) => store.indexWithTail(bytes),
    });
    if (point === undefined || point <= this.#compactedTo) return;
    this.#compactedTo = point;
    append.compact(point);
    this.#deps.observe({ kind: 'log-compacted', first: (point + 1) as LogIndex });
  }
}
