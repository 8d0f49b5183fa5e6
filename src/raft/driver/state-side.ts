// The replicated state of this tracker: applies what was committed, holds it still for followers, puts a received one in its place.
// The switch to a received state is one synced batch of the log; before it the old state counts, after it the new one (`raft.md` 2.6).

import { mustNotBeAborted, orAborted } from '../../async/abort.ts';
import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import type { LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { StateFolders, StatePin } from '../../storage/state-machine.ts';
import type { ConfChange, ConfChangeV2, ConfState, Message } from '../core/types.ts';
import { Applier, type PreparedEntry } from './applier.ts';
import { decodeClusterConfig, type ClusterConfig } from './cluster-config.ts';
import type { CurrentState } from './current-state.ts';
import { EntryPreparer, type EntryNote } from './entry-preparer.ts';
import type { InstalledState, LogPlace } from './log-store.ts';

export interface StateSideDeps<Result> {
  readonly clock: Clock;
  readonly states: StateFolders<Result>;
  readonly applyConfChange: (change: ConfChange | ConfChangeV2) => ConfState;
  readonly applied: (group: readonly PreparedEntry<EntryNote>[], results: readonly Result[], ms: number) => void;
  readonly installed: (at: LogPlace) => void;
  readonly configured: (config: ClusterConfig, index: LogIndex) => void;
  readonly deliver: (messages: readonly Message[]) => void;
  readonly failed: (error: unknown) => void;
}

export class StateSide<Result> {
  readonly state: CurrentState<Result>;
  readonly #deps: StateSideDeps<Result>;
  readonly #applier: Applier<Result, EntryNote>;
  readonly #preparer: EntryPreparer;
  #applied: LogPlace;
  /** Ends when the state before the last install is closed and its folder gone. */
  #cleaned: Promise<void> = Promise.resolve();

  constructor(options: { readonly state: CurrentState<Result>; readonly config: ClusterConfig }, deps: StateSideDeps<Result>) {
    this.state = options.state;
    this.#deps = deps;
    this.#applied = options.state.machine.progress();
    this.#preparer = new EntryPreparer({ config: options.config }, { applyConfChange: deps.applyConfChange, changed: deps.configured });
    this.#applier = new Applier({
      clock: deps.clock,
      machine: () => this.state.machine,
      prepare: (entry) => this.#preparer.prepare(entry),
      applied: (group, results, ms) => this.#groupApplied(group, results, ms),
      deliver: deps.deliver,
      failed: deps.failed,
    });
  }

  /** Durable effects reach to here. */
  get applied(): LogPlace {
    return this.#applied;
  }

  get config(): ClusterConfig {
    return this.#preparer.config;
  }

  enqueue(message: Message): void {
    this.#applier.enqueue(message);
  }

  pin(): Promise<StatePin> {
    return this.#applier.exclusively(async () => this.state.machine.pin());
  }

  /** Between two groups: the switch, then the new state is opened and used. */
  install(next: InstalledState, write: () => Promise<void>): Promise<void> {
    return this.#applier.exclusively(async () => {
      await write();
      const machine = await this.#deps.states.open(next.folder);
      const retired = this.state.replace(machine, next.folder);
      this.#cleaned = retired.then(() => this.#deps.states.removeOthers(next.folder));
      this.#cleaned.catch((error: unknown) => this.#deps.failed(error));
      this.#applied = next.at;
      this.#preparer.restore(decodeClusterConfig(machine.progress().confState), next.at.index);
      this.#deps.installed(next.at);
    });
  }

  /** Removes folders of states that are not used, once the last reader left the state before. */
  async clean(signal: AbortSignal): Promise<void> {
    await orAborted(this.#cleaned, signal);
    // Not after the abort: the next fetch may have begun its folder.
    mustNotBeAborted(signal);
    await this.#deps.states.removeOthers(this.state.folder);
  }

  whenIdle(): Promise<void> {
    return this.#applier.whenIdle();
  }

  /** Resolves when the state is closed, or when its readers take too long: then it stays open, and the process ends with it. */
  async close(): Promise<void> {
    const stop = new AbortController();
    const late = sleep(limits.stateCloseMsMax, this.#deps.clock, stop.signal).catch(() => undefined);
    await Promise.race([this.#close(), late]).finally(() => stop.abort());
  }

  async #close(): Promise<void> {
    await this.#applier.whenIdle();
    // Its failure was reported; the state in use is closed all the same.
    await this.#cleaned.catch(() => undefined);
    await this.state.close();
  }

  #groupApplied(group: readonly PreparedEntry<EntryNote>[], results: readonly Result[], ms: number): void {
    this.#applied = group.at(-1)?.entry ?? this.#applied;
    this.#deps.applied(group, results, ms);
  }
}
