// The order of writes to one store: one at a time reaches the disk, those that wait are joined into one batch (group commit).
// Owns the poison: after the first failure nothing is written or acknowledged again (`raft.md` 2.3, rule 1).

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { KvDurability, KvWrite } from './kv.ts';

export type WriteGroup =
  | { readonly kind: 'batch'; readonly writes: readonly KvWrite[]; readonly durability: KvDurability }
  | { readonly kind: 'flush' };

interface Waiting {
  readonly group: WriteGroup;
  readonly bytes: number;
  readonly done: () => void;
  readonly failed: (error: OffshoreError) => void;
}

type QueueState =
  | { readonly kind: 'open' }
  | { readonly kind: 'poisoned'; readonly cause: unknown }
  | { readonly kind: 'ended' };

export class WriteQueue {
  readonly #folder: string;
  readonly #writeGroup: (group: WriteGroup) => Promise<void>;
  #state: QueueState = { kind: 'open' };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;

  constructor(folder: string, writeGroup: (group: WriteGroup) => Promise<void>) {
    this.#folder = folder;
    this.#writeGroup = writeGroup;
  }

  get poison(): unknown {
    return this.#state.kind === 'poisoned' ? this.#state.cause : undefined;
  }

  write(writes: readonly KvWrite[], durability: KvDurability): Promise<void> {
    return this.#enqueue({ kind: 'batch', writes, durability }, bytesOf(writes));
  }

  flush(): Promise<void> {
    return this.#enqueue({ kind: 'flush' }, 0);
  }

  /** Refuses what comes later and waits for what is under way. */
  async end(): Promise<void> {
    if (this.#state.kind === 'open') this.#state = { kind: 'ended' };
    await this.#running;
  }

  #enqueue(group: WriteGroup, bytes: number): Promise<void> {
    if (this.#state.kind !== 'open') return Promise.reject(this.#refusal());
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > limits.kvPendingBytesMax) {
      return Promise.reject(new OffshoreError('overloaded', { folder: this.#folder, waitingBytes: this.#waitingBytes }));
    }
    return new Promise((done, failed) => {
      this.#waiting.push({ group, bytes, done, failed });
      this.#waitingBytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Ends with an empty queue; never rejects: every failure goes to those who wait. */
  async #run(): Promise<void> {
    // One turn later, so that writes called together go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const joined = this.#takeJoined();
      try {
        await this.#writeGroup(joinGroups(joined));
      } catch (cause) {
        this.#poisonWith(cause, joined);
        break;
      }
      for (const { done } of joined) done();
    }
    this.#running = undefined;
  }

  /** As many waiting batches as fit one group; a flush goes alone. */
  #takeJoined(): readonly Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { group, bytes: more } of this.#waiting) {
      if (count > 0 && (group.kind === 'flush' || bytes + more > limits.kvGroupBytesMax)) break;
      count += 1;
      bytes += more;
      if (group.kind === 'flush') break;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #poisonWith(cause: unknown, joined: readonly Waiting[]): void {
    this.#state = { kind: 'poisoned', cause };
    const refused = [...joined, ...this.#waiting];
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { failed } of refused) failed(this.#refusal());
  }

  #refusal(): OffshoreError {
    return new OffshoreError('store-closed', { folder: this.#folder }, { cause: this.poison });
  }
}

function joinGroups(joined: readonly Waiting[]): WriteGroup {
  const writes: KvWrite[] = [];
  let durability: KvDurability = 'unsynced';
  for (const { group } of joined) {
    if (group.kind === 'flush') return group;
    for (const write of group.writes) writes.push(write);
    if (group.durability === 'synced') durability = 'synced';
  }
  return { kind: 'batch', writes, durability };
}

function bytesOf(writes: readonly KvWrite[]): number {
  let bytes = 0;
  for (const write of writes) bytes += write.key.length + (write.kind === 'put' ? write.value.length : 0);
  return bytes;
}
