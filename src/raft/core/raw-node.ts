// One member of a Raft group: inputs are stepped in, work comes out as Ready. Synchronous and deterministic.
// The caller owns time (`tick`), storage, transport and the state machine. Messages may be lost, repeated and reordered; local
// ones (those of `responses`) may not be lost, and come only after what they acknowledge is durable or applied.

import { assert } from '../../base/assert.ts';
import type { Rng } from '../../base/rng.ts';
import { encodeConfChange, toV2 } from './conf-change-codec.ts';
import { StepLocalMsg, StepPeerNotFound } from './errors.ts';
import type { EntryDraft } from './own-log.ts';
import { applyConfChange } from './membership.ts';
import { isLocalThread, isLocalType, isResponseType, makeMessage } from './message.ts';
import type { MessageFields } from './message.ts';
import { cloneRaft } from './raft.ts';
import type { Raft } from './raft.ts';
import { acceptReady, acknowledgements, announce, collectReady, hasReady } from './ready.ts';
import type { Announced } from './ready.ts';
import { startRaft } from './start.ts';
import { basicStatusOf, dumpOf, statusOf } from './status.ts';
import { step } from './step.ts';
import { tick } from './tick.ts';
import { traceState } from './trace.ts';
import type {
  BasicStatus, ConfChange, ConfChangeV2, ConfState, CoreDump, Logger, Message, MessageType, RaftConfig, RaftId, Ready, Status, Storage,
} from './types.ts';

/** What a clone uses instead of the original's. */
export interface CloneParts {
  readonly storage?: Storage;
  readonly random?: Rng;
  readonly logger?: Logger;
}

export class RawNode {
  readonly #raft: Raft;
  #announced: Announced;
  /** The Ready that was handed out and not advanced past. */
  #outstanding: Ready | undefined;
  #acknowledgements: readonly Message[] = [];

  /** Throws StoredStateError when storage and `applied` contradict each other. */
  constructor(config: RaftConfig, raft = startRaft(config)) {
    this.#raft = raft;
    this.#announced = announce(raft);
  }

  /** Time passes. */
  tick(): void {
    tick(this.#raft);
  }

  /** Campaigns now instead of at the next election time-out. */
  campaign(): void {
    this.#stepLocally('MsgHup', {});
  }

  /** Throws ProposalDropped. Success means nothing yet: the entry may still be lost with this leader. */
  propose(data: Uint8Array): void {
    this.#propose({ type: 'normal', data });
  }

  /** Throws ProposalDropped. A change that may not be appended now is appended as an empty normal entry. */
  proposeConfChange(change: ConfChange | ConfChangeV2): void {
    this.#propose({ type: change.kind, data: encodeConfChange(change) });
  }

  /** To be called while applying a conf-change entry, before its application is acknowledged. */
  applyConfChange(change: ConfChange | ConfChangeV2): ConfState {
    return applyConfChange(this.#raft, toV2(change));
  }

  /** Takes a message from a peer or a local thread. Throws ProposalDropped, StepPeerNotFound, StepLocalMsg. */
  step(message: Message): void {
    if (!isLocalThread(message.from)) {
      if (isLocalType(message.type)) throw new StepLocalMsg();
      if (isResponseType(message.type) && this.#raft.tracker.of(message.from) === undefined) throw new StepPeerNotFound();
    }
    step(this.#raft, message);
  }

  hasReady(): boolean {
    return hasReady(this.#raft, this.#announced);
  }

  /**
   * Takes the work that is due. Without asynchronous storage writes: persist hardState, entries and snapshot in one synced
   * write, then send the messages, apply committedEntries, call `advance`. With them: hand every message to its target, local
   * threads included; entries, hardState, snapshot and committedEntries are in the local ones.
   */
  ready(): Ready {
    assert(this.#outstanding === undefined, 'each Ready is followed by advance');
    const raft = this.#raft;
    const ready = collectReady(raft, this.#announced);
    if (!raft.config.asyncStorageWrites) {
      this.#acknowledgements = acknowledgements(raft, ready);
      this.#outstanding = ready;
    }
    acceptReady(raft, ready);
    this.#announced = announce(raft);
    traceState(raft, 'Ready');
    return ready;
  }

  /** Everything in this Ready is durable and applied. Only without asynchronous storage writes. */
  advance(ready: Ready): void {
    assert(ready === this.#outstanding, 'advance is called once, with the last Ready, and not with asynchronous storage writes');
    const messages = this.#acknowledgements;
    this.#outstanding = undefined;
    this.#acknowledgements = [];
    for (const message of messages) step(this.#raft, message);
  }

  /** Asks for a ReadState with this context. May be dropped; nothing is said then, so the caller asks again. */
  readIndex(context: Uint8Array): void {
    this.#stepLocally('MsgReadIndex', { entries: [{ term: 0, index: 0, type: 'normal', data: context }] });
  }

  transferLeader(to: RaftId): void {
    this.#stepLocally('MsgTransferLeader', { from: to });
  }

  /** A follower takes its leader for dead, so that it may vote for another before its time-out. */
  forgetLeader(): void {
    this.#stepLocally('MsgForgetLeader', {});
  }

  /** The last message to this peer was probably not delivered. */
  reportUnreachable(id: RaftId): void {
    this.#stepLocally('MsgUnreachable', { from: id });
  }

  /** Must be called for every MsgSnap sent, or the peer stays paused (pitfall P15). */
  reportSnapshot(id: RaftId, outcome: 'finished' | 'failed'): void {
    this.#stepLocally('MsgSnapStatus', { from: id, reject: outcome === 'failed' });
  }

  status(): Status {
    return statusOf(this.#raft);
  }

  basicStatus(): BasicStatus {
    return basicStatusOf(this.#raft);
  }

  dump(): CoreDump {
    return dumpOf(this.#raft);
  }

  /** A node in the same state that shares nothing mutable with this one, storage excepted unless another is given. */
  clone(parts: CloneParts = {}): RawNode {
    const config: RaftConfig = { ...this.#raft.config, ...parts };
    const copy = new RawNode(config, cloneRaft(this.#raft, config));
    copy.#announced = this.#announced;
    copy.#outstanding = this.#outstanding;
    copy.#acknowledgements = this.#acknowledgements;
    return copy;
  }

  /** For tests that need elections at known ticks. */
  setRandomizedElectionTimeout(ticks: number): void {
    this.#raft.randomizedElectionTimeout = ticks;
  }

  #propose(draft: EntryDraft): void {
    this.#stepLocally('MsgProp', { from: this.#raft.id, entries: [{ term: 0, index: 0, ...draft }] });
  }

  #stepLocally(type: MessageType, fields: MessageFields): void {
    step(this.#raft, makeMessage(type, fields));
  }
}
