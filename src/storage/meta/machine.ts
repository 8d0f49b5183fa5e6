// The trackers' state machine: applies committed entries to a store of its own, one durable batch a group that holds effects, progress and state hash.
// Owns the store. Decides nothing about commands: `core/apply.ts` does. Any throw of `apply` must end the process (S7).

import type { Clock } from '../../base/clock.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { ClusterAge, LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Sha256 } from '../../model/chunk.ts';
import type { Kv, KvWrite } from '../kv/kv.ts';
import type { CommittedEntry, StateMachine, StatePin, StateProgress } from '../state-machine.ts';
import { applyEntry } from './core/apply.ts';
import { type CommandResult, type Entry, supportedLevel } from './core/command.ts';
import { decodeEntry } from './core/command-codec.ts';
import { Draft, keyHeads } from './core/draft.ts';
import { type Key, toBytes } from './core/key.ts';
import { keysOf } from './core/prefetch.ts';
import { clockFact, foundedFact } from './core/records-facts.ts';
import { progressTable } from './core/records-local.ts';
import { MetaQueries } from './queries.ts';
import { pinnedView } from './pinned-view.ts';
import { RowCache } from './row-cache.ts';
import { pinState } from './snapshot-stream.ts';
import { StoredHash } from './stored-hash.ts';

export interface MachineOptions {
  /** Raft group whose state this is; 1 for a deployment with one namespace. */
  readonly group: number;
  /** Memory for rows read often. */
  readonly cacheBytes: number;
}

export interface MachineDeps {
  /** Guarded, opened, and owned by the machine from now on. */
  readonly kv: Kv;
  readonly sha256: Sha256;
  readonly clock: Clock;
}

/** Total state hash, 32 hex digits, right after the entry at `index`. */
export interface StateMark {
  readonly index: LogIndex;
  readonly hash: string;
}

/** Since the machine was opened. */
export interface MachineStats {
  readonly entries: number;
  readonly operations: number;
  /** Longest time one entry kept the thread; `limits.applyBlockMsMax` is the aim. */
  readonly slowestEntryMs: number;
}

const prefetchRounds = 8;

export class MetaMachine implements StateMachine<readonly CommandResult[]> {
  readonly queries: MetaQueries;
  readonly #options: MachineOptions;
  readonly #deps: MachineDeps;
  readonly #cache: RowCache;
  readonly #heads: readonly string[];
  readonly #hash: StoredHash;
  #progress: StateProgress;
  #clusterAge: ClusterAge;
  readonly #marks: StateMark[] = [];
  #stats: MachineStats = { entries: 0, operations: 0, slowestEntryMs: 0 };

  private constructor(options: MachineOptions, deps: MachineDeps, opened: { readonly hash: StoredHash; readonly progress: StateProgress; readonly clusterAge: ClusterAge }) {
    this.#options = options;
    this.#deps = deps;
    this.#cache = new RowCache({ bytes: options.cacheBytes });
    this.#heads = keyHeads(options.group);
    this.#hash = opened.hash;
    this.#progress = opened.progress;
    this.#clusterAge = opened.clusterAge;
    this.queries = new MetaQueries({ group: options.group }, { kv: deps.kv, sha256: deps.sha256 });
  }

  /** Throws `version-unsupported` for a state of a newer level. */
  static async open(options: MachineOptions, deps: MachineDeps): Promise<MetaMachine> {
    const view = pinnedView(deps.kv, options.group);
    const founded = view.get(foundedFact, 'only');
    if (founded !== undefined && founded.level > supportedLevel) throw new OffshoreError('version-unsupported', { level: founded.level, supported: supportedLevel });
    const row = view.get(progressTable, 'only');
    const progress = row === undefined
      ? { index: 0 as LogIndex, term: 0 as Term, confState: new Uint8Array(0) }
      : { index: row.index, term: row.term as Term, confState: row.confState };
    const hash = await StoredHash.load(deps.kv, options.group);
    return new MetaMachine(options, deps, { hash, progress, clusterAge: view.get(clockFact, 'only') ?? 0 as ClusterAge });
  }

  progress(): StateProgress {
    return this.#progress;
  }

  clusterAge(): ClusterAge {
    return this.#clusterAge;
  }

  stats(): MachineStats {
    return this.#stats;
  }

  /** What the state hashed to after each of the newest groups, oldest first; trackers compare them at equal index. */
  marks(): readonly StateMark[] {
    return this.#marks;
  }

  async apply(group: readonly CommittedEntry[]): Promise<readonly (readonly CommandResult[])[]> {
    if (group.length === 0) return [];
    const entries = group.map((committed) => (committed.data.length === 0 ? undefined : mustDecode(committed)));
    await this.#prefetch(entries);
    const draft = new Draft({ get: (key) => this.#read(key) }, this.#options.group);
    let progress = this.#progress;
    const results = group.map((committed, i) => {
      if (committed.index <= progress.index) throw new OffshoreError('state-damaged', { reason: 'entry applied twice', index: committed.index });
      progress = { index: committed.index, term: committed.term, confState: committed.confState ?? progress.confState };
      const entry = entries[i];
      return entry === undefined ? [] : this.#applyOne(draft, committed.index, entry);
    });
    await this.#commit(draft, progress);
    return results;
  }

  pin(): StatePin {
    return pinState(this.#deps.kv, { group: this.#options.group, progress: this.#progress });
  }

  close(): Promise<void> {
    return this.#deps.kv.close();
  }

  #applyOne(draft: Draft, index: LogIndex, entry: Entry): CommandResult[] {
    const started = this.#deps.clock.monotonicMs();
    const results = applyEntry(draft, { index, entry }, this.#deps.sha256);
    const { entries, operations, slowestEntryMs } = this.#stats;
    this.#stats = {
      entries: entries + 1,
      operations: operations + entry.commands.reduce((sum, command) => sum + (command.kind === 'batch' ? command.operations.length : 1), 0),
      slowestEntryMs: Math.max(slowestEntryMs, this.#deps.clock.monotonicMs() - started),
    };
    return results;
  }

  /** Effects, state hash and progress in one durable batch; only then does the cache learn them. */
  async #commit(draft: Draft, progress: StateProgress): Promise<void> {
    const writes: KvWrite[] = [];
    const changes = draft.changes();
    for (const change of changes) {
      const key = toBytes(change.key);
      this.#hash.note(key, change);
      writes.push(change.after === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: change.after });
    }
    writes.push(...this.#hash.takeWrites());
    const value = progressTable.encode({ index: progress.index, term: progress.term, confState: progress.confState });
    writes.push({ kind: 'put', key: toBytes(this.#heads[progressTable.number] as string), value });
    await this.#deps.kv.write(writes, 'synced');
    for (const change of changes) this.#cache.learn(change.key, change.after ?? null);
    this.#progress = progress;
    this.#marks.push({ index: progress.index, hash: this.#hash.total() });
    if (this.#marks.length > limits.stateMarksMax) this.#marks.shift();
    this.#clusterAge = draft.get(clockFact, 'only') ?? this.#clusterAge;
  }

  #read(key: Key): Uint8Array | undefined {
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached ?? undefined;
    const value = this.#deps.kv.get(toBytes(key));
    this.#cache.set(key, value ?? null);
    return value;
  }

  /** Brings what the commands will read into memory without holding the thread: each round learns which rows the next one needs. */
  async #prefetch(entries: readonly (Entry | undefined)[]): Promise<void> {
    const commands = entries.flatMap((entry) => entry?.commands ?? []);
    for (let round = 0; round < prefetchRounds; round += 1) {
      const keys = [...keysOf(commands, this.#heads, (key) => this.#cache.get(key))];
      if (keys.length === 0) return;
      const values = await this.#deps.kv.getMany(keys.map(toBytes));
      keys.forEach((key, i) => this.#cache.set(key, values[i] ?? null));
    }
  }
}

/** A committed entry that cannot be read is damage, unless a newer program wrote it: both end the process, with different advice. */
function mustDecode(committed: CommittedEntry): Entry {
  try {
    return decodeEntry(committed.data);
  } catch (cause) {
    if (isOffshoreError(cause)) throw cause;
    throw new OffshoreError('state-damaged', { reason: 'entry cannot be decoded', index: committed.index, bytes: Math.min(committed.data.length, limits.entryBytesMax) }, { cause });
  }
}

