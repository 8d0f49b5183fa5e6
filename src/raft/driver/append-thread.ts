// Makes what the core asks for durable, in order, by natural group commit: while one synced batch is in flight the next one collects
// (`raft.md` 2.4). Only when a batch is durable do the answers that depend on it leave; that is what makes votes and acknowledgements
// true. After a failed write it never goes on: the process must end.

import type { Clock } from '../../base/clock.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Entry, HardState, Message } from '../core/types.ts';
import { entryBytes } from './log-blocks.ts';
import type { InstalledState, LogChange, LogPlace, LogStore } from './log-store.ts';

export interface AppendThreadDeps {
  readonly store: LogStore;
  readonly clock: Clock;
  /** Runs before each batch; looks at the room on the disk. */
  readonly preflight: () => void;
  /** Puts a received state in place of the present one: calls `write` at its switch point. */
  readonly install: (at: LogPlace, write: (state: InstalledState) => Promise<void>) => Promise<void>;
  /** Messages that may leave now, to this node or to others. */
  readonly deliver: (messages: readonly Message[]) => void;
  readonly wrote: (batch: { readonly entries: number; readonly ms: number }) => void;
  readonly failed: (error: unknown) => void;
}

interface Waiting {
  readonly message: Message;
  readonly sinceMs: number;
}

export class AppendThread {
  readonly #deps: AppendThreadDeps;
  #queue: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #compactTo: LogIndex | undefined;
  /** Written with the next batch: a commit index alone is not worth a sync, it can be found out again. */
  #hardState: HardState;
  #state: 'idle' | 'running' | 'failed' = 'idle';
  #idle: (() => void)[] = [];

  constructor(deps: AppendThreadDeps) {
    this.#deps = deps;
    this.#hardState = deps.store.hardState();
  }

  enqueue(message: Message): void {
    this.#queue.push({ message, sinceMs: this.#deps.clock.monotonicMs() });
    this.#start();
  }

  /** Forgets entries up to `index` with the next batch, or by one of its own. */
  compact(index: LogIndex): void {
    this.#compactTo = index;
    this.#start();
  }

  /** How long the oldest append waits; undefined when none does. */
  headAgeMs(): number | undefined {
    const head = this.#inFlight[0] ?? this.#queue[0];
    return head === undefined ? undefined : this.#deps.clock.monotonicMs() - head.sinceMs;
  }

  /** Resolves when nothing is queued or in flight, or when a write failed. */
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
      if (this.#queue.length > 0 || this.#compactTo !== undefined) this.#start();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 || this.#compactTo !== undefined) {
      this.#deps.preflight();
      const group = this.#takeGroup();
      this.#inFlight = group;
      const snapshot = group[0]?.message.snapshot;
      if (snapshot === undefined) await this.#write(group, {});
      else await this.#install(group, { index: snapshot.meta.index as LogIndex, term: snapshot.meta.term as Term });
      this.#inFlight = [];
      this.#deps.deliver(group.flatMap((waiting) => waiting.message.responses));
    }
  }

  async #install(group: readonly Waiting[], at: LogPlace): Promise<void> {
    // What was to be compacted goes with the whole log.
    this.#compactTo = undefined;
    await this.#deps.install(at, (install) => this.#write(group, { install }));
  }

  async #write(group: readonly Waiting[], change: LogChange): Promise<void> {
    const entries = joinEntries(group);
    const before = this.#hardState;
    for (const { message } of group) this.#hardState = hardStateOf(message) ?? this.#hardState;
    const compactTo = change.install === undefined ? this.#takeCompaction() : undefined;
    const mustSync = entries.length > 0 || change.install !== undefined || compactTo !== undefined
      || before.term !== this.#hardState.term || before.vote !== this.#hardState.vote;
    if (!mustSync) return;
    const startedMs = this.#deps.clock.monotonicMs();
    await this.#deps.store.write({
      ...change, entries, hardState: this.#hardState,
      ...(compactTo === undefined ? {} : { compactTo }),
    });
    this.#deps.wrote({ entries: entries.length, ms: this.#deps.clock.monotonicMs() - startedMs });
  }

  #takeCompaction(): LogIndex | undefined {
    const compactTo = this.#compactTo;
    this.#compactTo = undefined;
    return compactTo;
  }

  /**
   * As many messages as make one batch. A snapshot goes alone, and entries that overwrite earlier ones begin a new batch: the answers
   * to those say that they were durable, so they must have been.
   */
  #takeGroup(): readonly Waiting[] {
    let count = 0;
    let bytes = 0;
    let last: number | undefined;
    for (const { message } of this.#queue) {
      const first = message.entries[0]?.index;
      const overwrites = first !== undefined && last !== undefined && first <= last;
      if (count > 0 && (overwrites || message.snapshot !== undefined || bytes >= limits.appendGroupBytesMax)) break;
      count += 1;
      for (const entry of message.entries) bytes += entryBytes(entry);
      last = message.entries.at(-1)?.index ?? last;
      if (message.snapshot !== undefined) break;
    }
    return this.#queue.splice(0, count);
  }
}

function joinEntries(group: readonly Waiting[]): readonly Entry[] {
  const single = group.length === 1 ? group[0] : undefined;
  return single === undefined ? group.flatMap((waiting) => waiting.message.entries) : single.message.entries;
}

/** Zeros mean that the hard state did not change. */
function hardStateOf(message: Message): HardState | undefined {
  if (message.term === 0 && message.vote === 0 && message.commit === 0) return undefined;
  return { term: message.term, vote: message.vote, commit: message.commit };
}
