// A Raft group in memory for unit tests: the test decides which node works when, and which messages arrive.
// Applies what is committed, keeps what was read, and restarts nodes from what was durable.

import { emptyBytes } from '../../src/base/bytes.ts';
import { seededRng } from '../../src/base/rng.ts';
import { encodeUtf8, decodeUtf8 } from '../../src/base/utf8.ts';
import { confChangeOf } from '../../src/raft/core/conf-change-codec.ts';
import { MemoryStorage } from '../../src/raft/core/memory-storage.ts';
import { RawNode } from '../../src/raft/core/raw-node.ts';
import type { ConfState, Entry, Message, MessageType, RaftConfig, ReadState, Ready, Snapshot } from '../../src/raft/core/types.ts';
import { localAppendThread, localApplyThread, noLimit, noNode } from '../../src/raft/core/types.ts';

export interface GroupMember {
  readonly id: number;
  raw: RawNode;
  readonly storage: MemoryStorage;
  readonly applied: Entry[];
  readonly reads: ReadState[];
  confState: ConfState;
  /** Work for local threads, in order. */
  appendWork: Message[];
  applyWork: Message[];
}

export interface GroupOptions extends Partial<Omit<RaftConfig, 'id' | 'storage' | 'applied'>> {
  readonly voters: readonly number[];
  readonly learners?: readonly number[];
  readonly seed?: number;
}

const silent = { debug(): void {}, info(): void {}, warn(): void {}, error(): void {} };

export class TestGroup {
  readonly members = new Map<number, GroupMember>();
  messages: Message[] = [];
  readonly #config: Omit<RaftConfig, 'id' | 'storage' | 'applied'>;

  constructor(options: GroupOptions) {
    const { voters, learners = [], seed = 1, ...config } = options;
    this.#config = {
      electionTick: 10, heartbeatTick: 1, asyncStorageWrites: false, preVote: false, checkQuorum: false, readOnly: 'safe',
      maxSizePerMsg: noLimit, maxCommittedSizePerReady: noLimit, maxUncommittedEntriesSize: noLimit, maxInflightMsgs: 256,
      maxInflightBytes: noLimit, stepDownOnRemoval: true, disableProposalForwarding: false, disableConfChangeValidation: false,
      random: seededRng(seed), logger: silent, ...config,
    };
    const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
    for (const id of [...voters, ...learners]) this.add(id, { meta: { index: 1, term: 1, confState }, data: emptyBytes });
  }

  /** Without a start: a node that knows nothing and waits to be added. */
  add(id: number, start?: Snapshot): GroupMember {
    const storage = new MemoryStorage();
    if (start !== undefined) {
      storage.applySnapshot(start);
      storage.setHardState({ term: start.meta.term, vote: noNode, commit: start.meta.index });
    }
    const raw = new RawNode({ ...this.#config, id, storage, applied: start?.meta.index ?? 0 });
    const member: GroupMember = {
      id, raw, storage, applied: [], reads: [], confState: storage.initialState().confState, appendWork: [], applyWork: [],
    };
    this.members.set(id, member);
    return member;
  }

  of(id: number): GroupMember {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`no node ${id}`);
    return member;
  }

  raw(id: number): RawNode {
    return this.of(id).raw;
  }

  /** Everything volatile is lost; the state machine replays from the log's start. */
  restart(id: number): void {
    const member = this.of(id);
    const { storage } = member;
    member.appendWork = [];
    member.applyWork = [];
    member.confState = storage.initialState().confState;
    member.raw = new RawNode({ ...this.#config, id, storage, applied: storage.firstIndex() - 1 });
  }

  /** One Ready: without asynchronous writes all of it, with them only the handing over. */
  process(id: number): Ready {
    const member = this.of(id);
    const ready = member.raw.ready();
    member.reads.push(...ready.readStates);
    for (const message of ready.messages) {
      if (message.to === localAppendThread) member.appendWork.push(message);
      else if (message.to === localApplyThread) member.applyWork.push(message);
      else this.messages.push(message);
    }
    if (this.#config.asyncStorageWrites) return ready;
    this.#write(member, ready);
    this.#apply(member, ready.committedEntries);
    member.raw.advance(ready);
    return ready;
  }

  /** The head of the append thread's queue becomes durable. */
  runAppend(id: number): void {
    const member = this.of(id);
    const work = member.appendWork.shift();
    if (work === undefined) return;
    this.#write(member, { ...work, hardState: work.term === 0 ? undefined : work });
    this.#respond(member, work);
  }

  runApply(id: number): void {
    const member = this.of(id);
    const work = member.applyWork.shift();
    if (work === undefined) return;
    this.#apply(member, work.entries);
    this.#respond(member, work);
  }

  /** Delivers what waits and `keep` does not hold back. */
  deliver(keep: (message: Message) => boolean = () => false): number {
    const kept = new Set(this.messages.filter(keep));
    const taken = this.messages.filter((message) => !kept.has(message));
    this.messages = [...kept];
    for (const message of taken) this.step(message);
    return taken.length;
  }

  /** To a node that may not exist, from one that may be no member: both lose the message. */
  step(message: Message): void {
    try {
      this.members.get(message.to)?.raw.step(message);
    } catch (error) {
      if (!(error instanceof Error) || (error.name !== 'StepPeerNotFound' && error.name !== 'ProposalDropped')) throw error;
    }
  }

  /** Everybody works until nothing happens; messages that `keep` names stay where they are. */
  settle(keep: (message: Message) => boolean = () => false): void {
    for (let round = 0; round < 1000; round += 1) {
      let worked = false;
      for (const [id, member] of this.members) {
        if (member.raw.hasReady()) this.process(id);
        else if (member.appendWork.length + member.applyWork.length === 0) continue;
        worked = true;
        while (member.appendWork.length > 0) this.runAppend(id);
        while (member.applyWork.length > 0) this.runApply(id);
      }
      if (this.deliver(keep) === 0 && !worked) return;
    }
    throw new Error('the group does not come to rest');
  }

  elect(id: number): void {
    this.raw(id).campaign();
    this.settle();
    if (this.raw(id).basicStatus().role !== 'leader') throw new Error(`${id} was not elected`);
  }

  propose(id: number, text: string): void {
    this.raw(id).propose(encodeUtf8(text));
  }

  /** Non-empty commands applied so far. */
  texts(id: number): readonly string[] {
    return this.of(id).applied.filter((entry) => entry.type === 'normal' && entry.data.length > 0).map((entry) => decodeUtf8(entry.data) ?? '?');
  }

  #write(member: GroupMember, work: Pick<Ready, 'entries' | 'snapshot' | 'hardState'>): void {
    if (work.hardState !== undefined) {
      const { term, vote, commit } = work.hardState;
      member.storage.setHardState({ term, vote, commit });
    }
    if (work.snapshot !== undefined) {
      member.storage.applySnapshot(work.snapshot);
      member.confState = work.snapshot.meta.confState;
    }
    member.storage.append(work.entries);
  }

  #apply(member: GroupMember, entries: readonly Entry[]): void {
    for (const entry of entries) {
      member.applied.push(entry);
      const change = confChangeOf(entry);
      if (change !== undefined) member.confState = member.raw.applyConfChange(change);
    }
  }

  #respond(member: GroupMember, work: Message): void {
    for (const response of work.responses) {
      if (response.to === member.id) this.step(response);
      else this.messages.push(response);
    }
  }
}

/** Holds back what goes to or comes from these nodes. */
export function isolating(...ids: readonly number[]): (message: Message) => boolean {
  return (message) => ids.includes(message.to) || ids.includes(message.from);
}

export function ofType(...types: readonly MessageType[]): (message: Message) => boolean {
  return (message) => types.includes(message.type);
}
