// The states this leader holds still for followers that lag behind its log. Followers pull pages at their own pace; each page renews the
// lease. While a state is held, the log after it is kept, so that a follower can go on from there (openraft#1706).
// Whoever stops asking is reported to the core: without that the leader would wait for ever (dgraph-io/dgraph#2707).

import { OffshoreError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { LogIndex, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { StatePin } from '../../storage/state-machine.ts';
import { encodeSnapshotPage } from './snapshot-page.ts';

interface HeldState {
  readonly id: string;
  readonly pin: StatePin;
  /** Followers that were told of it and have not fallen silent. */
  readonly fetching: Map<NodeId, { askedMs: number }>;
  askedMs: number;
  pagesInFlight: number;
  /** `doomed`: let go of; the last page being read releases the pin. */
  fate: 'held' | 'doomed';
}

export interface SnapshotSenderDeps {
  readonly clock: Clock;
  /** Pins the state between two groups of the applier. */
  readonly pin: () => Promise<StatePin>;
  /** Names differ from run to run: an id must never mean another state. */
  readonly nextId: () => string;
  readonly failed: (error: unknown) => void;
}

/** A held state, as MsgSnap describes it. */
export interface OfferedState {
  readonly id: string;
  readonly pin: StatePin;
}

export class SnapshotSender {
  readonly #deps: SnapshotSenderDeps;
  readonly #held = new Map<string, HeldState>();
  #pinning: 'no' | 'yes' = 'no';

  constructor(deps: SnapshotSenderDeps) {
    this.#deps = deps;
  }

  /** A state from which the log (its boundary given) goes on; undefined: being pinned, ask again later. */
  offer(boundary: LogIndex): OfferedState | undefined {
    const usable = [...this.#held.values()].filter((held) => held.pin.progress.index >= boundary).at(-1);
    if (usable !== undefined) return { id: usable.id, pin: usable.pin };
    this.#pinLater();
    return undefined;
  }

  /** MsgSnap for this state is on its way to `peer`. */
  told(peer: NodeId, id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.askedMs = this.#deps.clock.monotonicMs();
    held.fetching.set(peer, { askedMs: held.askedMs });
  }

  /** The page after a key. Throws `snapshot-gone` when the state is not held any more. */
  async page(request: { readonly id: string; readonly peer: NodeId; readonly after: Uint8Array | undefined }): Promise<Uint8Array> {
    const held = this.#held.get(request.id);
    if (held === undefined) throw new OffshoreError('snapshot-gone', { id: request.id });
    this.told(request.peer, request.id);
    held.pagesInFlight += 1;
    try {
      const entries = await held.pin.page(request.after, limits.snapshotChunkBytes);
      return encodeSnapshotPage({ entries, place: entries.length === 0 ? 'end' : 'more' });
    } finally {
      held.pagesInFlight -= 1;
      if (held.fate === 'doomed') this.#unpin(held);
    }
  }

  /** The log after this index must stay. A state from which the log, as of its boundary, does not go on holds nothing back. */
  keepAfter(boundary: LogIndex): LogIndex | undefined {
    const indexes = [...this.#held.values()].map((held) => held.pin.progress.index).filter((index) => index >= boundary);
    return indexes.length === 0 ? undefined : (Math.min(...indexes) as LogIndex);
  }

  get size(): number {
    return this.#held.size;
  }

  /** Lets go of what nobody fetches. Returns the followers that fell silent, to be reported as failed. */
  tick(): readonly NodeId[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const silent: NodeId[] = [];
    for (const held of [...this.#held.values()]) {
      for (const [peer, fetch] of held.fetching) {
        if (nowMs - fetch.askedMs <= limits.snapshotIdleMs) continue;
        held.fetching.delete(peer);
        silent.push(peer);
      }
      if (nowMs - held.askedMs > limits.snapshotLeaseMs) this.#release(held);
    }
    return silent;
  }

  /** The follower is up to date or gone: nothing needs to be held for it. */
  finished(peer: NodeId): void {
    for (const held of [...this.#held.values()]) {
      if (held.fetching.delete(peer) && held.fetching.size === 0) this.#release(held);
    }
  }

  close(): void {
    for (const held of [...this.#held.values()]) this.#release(held);
  }

  /** Full: the state that nobody has asked for longest goes, unless all are being fetched. */
  #pinLater(): void {
    if (this.#pinning === 'yes') return;
    if (this.#held.size >= limits.snapshotPinsMax) {
      const idle = [...this.#held.values()].filter((held) => held.fetching.size === 0).sort((left, right) => left.askedMs - right.askedMs)[0];
      if (idle === undefined) return;
      this.#release(idle);
    }
    this.#pinning = 'yes';
    this.#deps.pin().then((pin) => this.#hold(pin), (error: unknown) => this.#deps.failed(error)).finally(() => { this.#pinning = 'no'; });
  }

  #hold(pin: StatePin): void {
    const id = this.#deps.nextId();
    this.#held.set(id, { id, pin, fetching: new Map(), askedMs: this.#deps.clock.monotonicMs(), pagesInFlight: 0, fate: 'held' });
  }

  #release(held: HeldState): void {
    this.#held.delete(held.id);
    held.fate = 'doomed';
    this.#unpin(held);
  }

  #unpin(held: HeldState): void {
    if (held.pagesInFlight > 0) return;
    held.pin.release().catch((error: unknown) => this.#deps.failed(error));
  }
}
