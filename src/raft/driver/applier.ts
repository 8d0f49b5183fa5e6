// Feeds committed entries to the state machine: in order, in bounded groups, one durable batch a group (`raft.md` 2.3). Between two groups
// the state stands still: that is when it is pinned or replaced. Whatever goes wrong here ends the process (S7).

import type { Clock } from '../../base/clock.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { CommittedEntry, StateMachine } from '../../storage/state-machine.ts';
import type { Entry, Message } from '../core/types.ts';
import { entryBytes } from './log-blocks.ts';

/** An entry as the state machine gets it, and what the driver itself made of it. */
export interface PreparedEntry<Note> {
  readonly entry: CommittedEntry;
  readonly note: Note;
}

export interface ApplierDeps<Result, Note> {
  readonly clock: Clock;
  readonly machine: () => StateMachine<Result>;
  /** Called in log order, once an entry, right before its group: applies configuration changes to the core. */
  readonly prepare: (entry: Entry) => PreparedEntry<Note>;
  /** The group is durable. */
  readonly applied: (group: readonly PreparedEntry<Note>[], results: readonly Result[], ms: number) => void;
  readonly deliver: (messages: readonly Message[]) => void;
  readonly failed: (error: unknown) => void;
}

export class Applier<Result, Note> {
  readonly #deps: ApplierDeps<Result, Note>;
  #messages: Message[] = [];
  /** Entries of the first message that are done. */
  #done = 0;
  #tasks: (() => Promise<void>)[] = [];
  #state: 'idle' | 'running' | 'failed' = 'idle';
  #idle: (() => void)[] = [];

  constructor(deps: ApplierDeps<Result, Note>) {
    this.#deps = deps;
  }

  enqueue(message: Message): void {
    this.#messages.push(message);
    this.#start();
  }

  /** Runs `task` between two groups, before any further one. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject));
      this.#start();
    });
  }

  /** Resolves when nothing is left to apply, or when applying failed. */
  whenIdle(): Promise<void> {
    if (this.#state !== 'running') return Promise.resolve();
    return new Promise((resolve) => { this.#idle.push(resolve); });
  }

  #start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#run().then(() => { this.#state = 'idle'; }, (error: unknown) => {
      this.#state = 'failed';
      this.#deps.failed(error);
    }).finally(() => {
      for (const resolve of this.#idle.splice(0)) resolve();
      if (this.#messages.length > 0 || this.#tasks.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const task = this.#tasks.shift();
      if (task !== undefined) await task();
      else if (this.#messages.length > 0) await this.#applyGroup();
      else return;
    }
  }

  async #applyGroup(): Promise<void> {
    const { group, answered } = this.#takeGroup();
    if (group.length > 0) {
      const startedMs = this.#deps.clock.monotonicMs();
      const results = await this.#deps.machine().apply(group.map((prepared) => prepared.entry));
      this.#deps.applied(group, results, this.#deps.clock.monotonicMs() - startedMs);
    }
    this.#deps.deliver(answered.flatMap((message) => message.responses));
  }

  /** Entries up to the bounds of a group, and the messages whose last entry is among them. */
  #takeGroup(): { readonly group: readonly PreparedEntry<Note>[]; readonly answered: readonly Message[] } {
    // What a snapshot installed meanwhile covers is done already.
    const covered = this.#deps.machine().progress().index;
    const group: PreparedEntry<Note>[] = [];
    const answered: Message[] = [];
    let bytes = 0;
    for (let message = this.#messages[0]; message !== undefined; message = this.#messages[0]) {
      for (let entry = message.entries[this.#done]; entry !== undefined; entry = message.entries[this.#done]) {
        const full = group.length >= limits.applyGroupEntriesMax || bytes >= limits.applyGroupBytesMax;
        if (full) return { group, answered };
        this.#done += 1;
        if (entry.index <= covered) continue;
        bytes += entryBytes(entry);
        group.push(this.#deps.prepare(entry));
      }
      answered.push(message);
      this.#messages.shift();
      this.#done = 0;
    }
    return { group, answered };
  }
}

/** A committed entry that only moves the index. */
export function bareEntry(entry: Entry): CommittedEntry {
  return { index: entry.index as LogIndex, term: entry.term as Term, data: new Uint8Array(0) };
}
