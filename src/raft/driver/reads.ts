// Linearizable reads by ReadIndex (Ongaro's thesis 6.4; `raft.md` 2.5). Reads that arrive while a round is in flight wait for the next
// round: the running one may have looked at the commit index before they began. A round that is asked again gets a new context, never
// the old one, because a late answer to the old one would be stale (etcd-io/etcd#20418).

import { mustNotBeAborted, toAbortError } from '../../async/abort.ts';
import { toHex } from '../../base/bytes.ts';
import { ByteWriter } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { Incarnation, LogIndex, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { Waiting } from './waiting.ts';

/** How many rounds this read has asked in vain. */
interface Read {
  readonly waiting: Waiting<LogIndex>;
  roundsFailed: number;
}

type Round =
  | { readonly kind: 'none' }
  | { readonly kind: 'asked'; readonly context: string; readonly reads: readonly Read[]; readonly ticks: number };

export class Reads {
  readonly #prefix: Uint8Array;
  readonly #waitersMax: number;
  #counter = 0;
  #round: Round = { kind: 'none' };
  #arrived: Read[] = [];
  /** Reads whose index is known and not applied yet, by that index. */
  readonly #confirmed = new Map<LogIndex, Read[]>();

  /** `run` tells this process from an earlier one of the same tracker, so that contexts are never reused. */
  constructor(options: { readonly id: NodeId; readonly incarnation: Incarnation; readonly run: number; readonly waitersMax?: number }) {
    this.#waitersMax = options.waitersMax ?? limits.readWaitersMax;
    this.#prefix = new ByteWriter().u64(options.id).u64(options.run).text(options.incarnation).finish();
  }

  get size(): number {
    const asked = this.#round.kind === 'asked' ? this.#round.reads.length : 0;
    let confirmed = 0;
    for (const reads of this.#confirmed.values()) confirmed += reads.length;
    return this.#arrived.length + asked + confirmed;
  }

  /** Resolves with an index that covers everything acknowledged before the call, once it is applied here. */
  barrier(signal: AbortSignal): Promise<LogIndex> {
    mustNotBeAborted(signal);
    if (this.size >= this.#waitersMax) throw new OffshoreError('overloaded', { reads: this.size });
    const waiting = new Waiting<LogIndex>(signal, () => toAbortError(signal));
    this.#arrived.push({ waiting, roundsFailed: 0 });
    return waiting.promise;
  }

  /** The context of a round to ask the core for now; undefined while one runs or nobody waits. */
  startRound(): Uint8Array | undefined {
    if (this.#round.kind === 'asked') return undefined;
    const reads = this.#arrived.filter((read) => read.waiting.state === 'waiting');
    this.#arrived = [];
    if (reads.length === 0) return undefined;
    this.#counter += 1;
    const context = new ByteWriter().raw(this.#prefix).u64(this.#counter).finish();
    this.#round = { kind: 'asked', context: toHex(context), reads, ticks: 0 };
    return context;
  }

  /** The leader confirmed `index` for this context. Answers to earlier rounds are ignored. */
  answered(answer: { readonly context: Uint8Array; readonly index: LogIndex }, applied: LogIndex): void {
    if (this.#round.kind !== 'asked' || this.#round.context !== toHex(answer.context)) return;
    const reads = this.#round.reads;
    this.#round = { kind: 'none' };
    this.#confirmed.set(answer.index, [...(this.#confirmed.get(answer.index) ?? []), ...reads]);
    this.applied(applied);
  }

  applied(index: LogIndex): void {
    for (const [at, reads] of this.#confirmed) {
      if (at > index) continue;
      for (const read of reads) read.waiting.resolve(at);
      this.#confirmed.delete(at);
    }
  }

  /** A round that nobody answers (lost message, no leader) is asked again; a read gives up after several. */
  tick(): void {
    if (this.#round.kind !== 'asked') return;
    this.#round = { ...this.#round, ticks: this.#round.ticks + 1 };
    if (this.#round.ticks >= limits.readRoundTicks) this.#abandonRound('failed');
  }

  /** Another leader, or none: the answer will not come. */
  leaderChanged(): void {
    this.#abandonRound('void');
  }

  close(error: OffshoreError): void {
    this.#abandonRound('void');
    for (const reads of [this.#arrived, ...this.#confirmed.values()]) {
      for (const read of reads) read.waiting.reject(error);
    }
    this.#arrived = [];
    this.#confirmed.clear();
  }

  #abandonRound(why: 'failed' | 'void'): void {
    if (this.#round.kind !== 'asked') return;
    const again: Read[] = [];
    for (const read of this.#round.reads) {
      if (why === 'failed') read.roundsFailed += 1;
      if (read.roundsFailed >= limits.readRoundsMax) read.waiting.reject(new OffshoreError('no-leader'));
      else again.push(read);
    }
    this.#round = { kind: 'none' };
    this.#arrived = [...again, ...this.#arrived];
  }
}
