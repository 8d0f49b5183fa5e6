// A group of nodes in memory with a network that a script controls: messages wait until they are delivered or dropped, and so
// does the work of local threads. The state machine appends every command to its data, and its history is kept as snapshots.

import { concatBytes } from '../../src/base/bytes.ts';
import { seededRng } from '../../src/base/rng.ts';
import { confChangeOf } from '../../src/raft/core/conf-change-codec.ts';
import { describeEntries, describeMessage, describeProgress, describeReady, describeRole } from '../../src/raft/core/describe.ts';
import { isLocalThread, makeMessage } from '../../src/raft/core/message.ts';
import { RawNode } from '../../src/raft/core/raw-node.ts';
import type { ConfState, Entry, HardState, Message, MessageType, Snapshot } from '../../src/raft/core/types.ts';
import { localAppendThread, noLimit } from '../../src/raft/core/types.ts';
import type { Output } from './output.ts';
import { ScriptError } from './script.ts';
import { ScriptStorage, silent } from './script-node.ts';
import type { NodeOptions, ScriptNode } from './script-node.ts';

/** Messages of one type to one node, or of all types. */
export interface Delivery {
  readonly to: number;
  readonly type: MessageType | undefined;
  readonly fate: 'deliver' | 'drop';
}

export class Environment {
  readonly #output: Output;
  readonly #nodes: ScriptNode[] = [];
  #messages: Message[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Undefined start: nodes without any state. */
  addNodes(count: number, options: NodeOptions, start: Snapshot | undefined): void {
    if (start !== undefined && start.meta.index <= 1) throw new ScriptError('index must be specified as > 1 due to bootstrap');
    for (let left = count; left > 0; left -= 1) {
      const id = this.#nodes.length + 1;
      const storage = new ScriptStorage();
      if (start !== undefined) storage.applySnapshot(start);
      storage.history.push(start ?? storage.snapshot());
      const raw = new RawNode({ ...options, id, storage, random: seededRng(id), logger: silent });
      this.#nodes.push({ id, options, raw, storage, appendWork: [], applyWork: [] });
    }
  }

  raw(id: number): RawNode {
    return this.#node(id).raw;
  }

  options(id: number): NodeOptions {
    return this.#node(id).options;
  }

  tick(id: number, count: number): void {
    for (let left = count; left > 0; left -= 1) this.raw(id).tick();
  }

  compact(id: number, index: number): void {
    this.#node(id).storage.compact(index);
    this.printLog(id);
  }

  sendSnapshot(from: number, to: number): void {
    const node = this.#node(from);
    const message = makeMessage('MsgSnap', { from, to, term: node.raw.basicStatus().term, snapshot: node.storage.snapshot() });
    this.#messages.push(message);
    this.#output.print(describeMessage(message));
  }

  processReady(id: number): void {
    const node = this.#node(id);
    const ready = node.raw.ready();
    this.#output.print(describeReady(ready));
    if (!node.options.asyncStorageWrites) {
      this.#append(node, ready);
      this.#apply(node, ready.committedEntries);
    }
    for (const message of ready.messages) {
      if (!isLocalThread(message.to)) this.#messages.push(message);
      else if (message.to === localAppendThread) node.appendWork.push(message);
      else node.applyWork.push(message);
    }
    if (!node.options.asyncStorageWrites) node.raw.advance(ready);
  }

  processAppendThread(id: number): void {
    const node = this.#node(id);
    const work = node.appendWork.shift();
    if (work === undefined) {
      this.#output.print('no append work to perform');
      return;
    }
    this.#printWork(work);
    const isEmpty = work.term === 0 && work.vote === 0 && work.commit === 0;
    this.#append(node, { hardState: isEmpty ? undefined : work, entries: work.entries, snapshot: work.snapshot });
    this.#respond(work);
  }

  processApplyThread(id: number): void {
    const node = this.#node(id);
    const work = node.applyWork.shift();
    if (work === undefined) {
      this.#output.print('no apply work to perform');
      return;
    }
    this.#printWork(work);
    this.#apply(node, work.entries);
    this.#respond(work);
  }

  /** Number of messages. */
  deliver(delivery: Delivery): number {
    const taken = this.#waiting(delivery);
    this.#messages = this.#messages.filter((message) => !taken.includes(message));
    for (const message of taken) {
      this.#output.printLine(`${delivery.fate === 'drop' ? 'dropped: ' : ''}${describeMessage(message)}`);
      if (delivery.fate === 'deliver') this.#step(message);
    }
    return taken.length;
  }

  /** Lets the given nodes (all, when none is given) do everything they can, until nothing happens any more. */
  stabilize(ids: readonly number[]): void {
    const nodes = ids.length > 0 ? ids.map((id) => this.#node(id)) : this.#nodes;
    let progress = true;
    while (progress) {
      progress = false;
      const phase = (title: string, hasWork: (node: ScriptNode) => boolean, work: (node: ScriptNode) => void): void => {
        for (const node of nodes) {
          if (!hasWork(node)) continue;
          progress = true;
          this.#output.printLine(`> ${node.id} ${title}`);
          this.#output.indented(() => work(node));
        }
      };
      const inbox = (node: ScriptNode): Delivery => ({ to: node.id, type: undefined, fate: 'deliver' });
      phase('handling Ready', (node) => node.raw.hasReady(), (node) => this.processReady(node.id));
      phase('receiving messages', (node) => this.#waiting(inbox(node)).length > 0, (node) => void this.deliver(inbox(node)));
      phase('processing append thread', (node) => node.appendWork.length > 0, (node) => {
        while (node.appendWork.length > 0) this.processAppendThread(node.id);
      });
      phase('processing apply thread', (node) => node.applyWork.length > 0, (node) => {
        while (node.applyWork.length > 0) this.processApplyThread(node.id);
      });
    }
  }

  printLog(id: number): void {
    const { storage } = this.#node(id);
    const [first, last] = [storage.firstIndex(), storage.lastIndex()];
    if (last < first) this.#output.print(`log is empty: first index=${first}, last index=${last}`);
    else this.#output.print(describeEntries(storage.entries(first, last + 1, noLimit)));
  }

  printStates(): void {
    for (const { id, raw } of this.#nodes) {
      const { role, term, lead, confState } = raw.status();
      const isVoter = confState.voters.includes(id) || confState.votersOutgoing.includes(id);
      this.#output.printLine(`${id}: ${describeRole(role)} (${isVoter ? 'Voter' : 'Non-Voter'}) Term:${term} Lead:${lead}`);
    }
  }

  printStatus(id: number): void {
    for (const [peer, progress] of this.raw(id).status().progress) this.#output.printLine(`${peer}: ${describeProgress(progress)}`);
  }

  #node(id: number): ScriptNode {
    const node = this.#nodes[id - 1];
    if (node === undefined) throw new ScriptError(`there is no node ${id}`);
    return node;
  }

  #waiting(delivery: Delivery): readonly Message[] {
    return this.#messages.filter((message) => message.to === delivery.to
      && (delivery.type === undefined || message.type === delivery.type)
      // Local messages are delivered reliably.
      && (delivery.fate === 'deliver' || !(message.from === message.to || isLocalThread(message.from))));
  }

  #step(message: Message): void {
    try {
      this.raw(message.to).step(message);
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
      this.#output.printLine(error.message);
    }
  }

  #append(node: ScriptNode, work: {
    readonly hardState: HardState | undefined; readonly entries: readonly Entry[]; readonly snapshot: Snapshot | undefined;
  }): void {
    const { hardState, entries, snapshot } = work;
    if (hardState !== undefined) node.storage.setHardState({ term: hardState.term, vote: hardState.vote, commit: hardState.commit });
    if (snapshot === undefined) {
      node.storage.append(entries);
      return;
    }
    if (entries.length > 0) throw new ScriptError('can\'t apply snapshot and entries at the same time');
    node.storage.applySnapshot(snapshot);
  }

  #apply(node: ScriptNode, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const change = confChangeOf(entry);
      const last = node.storage.history.at(-1) ?? node.storage.snapshot();
      const confState: ConfState = change === undefined ? last.meta.confState : node.raw.applyConfChange(change);
      const data = concatBytes([last.data, change === undefined ? entry.data : change.context]);
      node.storage.history.push({ meta: { index: entry.index, term: entry.term, confState }, data });
    }
  }

  #printWork(work: Message): void {
    this.#output.printLine('Processing:');
    this.#output.printLine(describeMessage({ ...work, responses: [] }));
  }

  #respond(work: Message): void {
    this.#output.printLine('Responses:');
    for (const response of work.responses) {
      this.#output.printLine(describeMessage(response));
      this.#messages.push(response);
    }
  }
}

