// The log store on a key-value store (LevelDB). It guards against what LevelDB forgives: batches lost from the middle of its WAL show as
// a gap in the chain of batches or between blocks, flipped bits as checksums that fail (`raft.md` 2.3, L1 to L3). Then it refuses to open,
// or throws while it is read: `log-damaged`. It must never serve a doubtful entry, and never write again after a failed write.

import { assert, mustExist } from '../../base/assert.ts';
import { DecodeError } from '../../base/codec.ts';
import { crc32c } from '../../base/crc32c.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Kv, KvWrite } from '../../storage/kv/kv.ts';
import type { Entry, HardState } from '../core/types.ts';
import { LogBlocks, type BlockPlan, type LogBlock } from './log-blocks.ts';
import { loadLog, type LoadedLog } from './log-load.ts';
import {
  blockKey, decodeBlock, encodeBlock, encodeBoundary, encodeHead, encodeLogIdentity, encodeRow, encodeState, keys, rowKey,
} from './log-records.ts';
import type { InstalledState, LogChange, LogIdentity, LogPlace, LogStore } from './log-store.ts';

export interface LevelLogOptions {
  /** Entries kept in memory; default limits.logCacheBytes. */
  readonly cacheBytesMax?: number;
}

export class LevelLogStore implements LogStore {
  readonly #kv: Kv;
  readonly #blocks: LogBlocks;
  #identity: LogIdentity | undefined;
  #state: InstalledState | undefined;
  #hardState: HardState;
  #seq: number;
  #crc: number;
  #rowFirst: number;
  #writing: 'idle' | 'busy' = 'idle';
  #poison: unknown;

  private constructor(kv: Kv, loaded: LoadedLog, blocks: LogBlocks) {
    this.#kv = kv;
    this.#blocks = blocks;
    this.#identity = loaded.identity;
    this.#state = loaded.state;
    this.#hardState = loaded.head.hardState;
    this.#seq = loaded.head.seq;
    this.#rowFirst = loaded.head.rowFirst;
    this.#crc = loaded.crc;
  }

  /** Verifies everything that is there; throws `log-damaged` rather than go on with less. Owns `kv` from now on. */
  static async open(kv: Kv, options: LevelLogOptions = {}): Promise<LevelLogStore> {
    let blocks: LogBlocks | undefined;
    const cacheBytesMax = options.cacheBytesMax ?? limits.logCacheBytes;
    const start = (boundary: LogPlace): LogBlocks => {
      blocks = new LogBlocks({ boundary, cacheBytesMax }, (block) => loadBlock(kv, block));
      return blocks;
    };
    try {
      const loaded = await loadLog(kv, start);
      return new LevelLogStore(kv, loaded, mustExist(blocks, 'loading a log starts its blocks'));
    } catch (error) {
      await kv.close();
      throw toDamage(error);
    }
  }

  identity(): LogIdentity | undefined {
    return this.#identity;
  }

  hardState(): HardState {
    return this.#hardState;
  }

  state(): InstalledState {
    return mustExist(this.#state, 'a log is created before it is used');
  }

  boundary(): LogPlace {
    return this.#blocks.boundary;
  }

  last(): LogPlace {
    return this.#blocks.last;
  }

  term(index: LogIndex): Term | undefined {
    return this.#blocks.term(index);
  }

  entries(range: { readonly from: LogIndex; readonly to: LogIndex }, bytesMax: number): readonly Entry[] {
    return this.#blocks.entries(range, bytesMax);
  }

  indexWithTail(bytesMax: number): LogIndex {
    return this.#blocks.indexWithTail(bytesMax);
  }

  async write(change: LogChange): Promise<void> {
    if (this.#poison !== undefined) throw new OffshoreError('local-io', {}, { cause: this.#poison });
    assert(this.#writing === 'idle', 'one write of the log at a time');
    assert((change.create === undefined) === (this.#identity !== undefined), 'a log is created once, before anything else');
    this.#writing = 'busy';
    try {
      const plan = this.#blocks.plan(change);
      const batch = this.#toBatch(change, plan);
      await this.#kv.write(batch.writes, 'synced');
      this.#commit(change, plan, batch);
    } catch (error) {
      this.#poison = error;
      throw error;
    } finally {
      this.#writing = 'idle';
    }
  }

  close(): Promise<void> {
    return this.#kv.close();
  }

  #commit(change: LogChange, plan: BlockPlan, batch: Batch): void {
    this.#blocks.commit(plan);
    this.#identity ??= change.create?.identity;
    this.#state = change.install ?? change.create?.state ?? this.#state;
    this.#hardState = change.hardState ?? this.#hardState;
    this.#seq += 1;
    this.#crc = batch.crc;
    this.#rowFirst = batch.rowFirst;
  }

  /** Deletions first: a block may come back under the key of one that goes. */
  #toBatch(change: LogChange, plan: BlockPlan): Batch {
    const seq = this.#seq + 1;
    const rowFirst = Math.max(this.#rowFirst, seq - limits.logChainRowsKept);
    const writes: KvWrite[] = plan.removed.map((first) => ({ kind: 'delete', key: blockKey(first) }));
    for (let n = this.#rowFirst; n < rowFirst; n += 1) writes.push({ kind: 'delete', key: rowKey(n) });
    const put = (key: Uint8Array, value: Uint8Array): void => void writes.push({ kind: 'put', key, value });
    for (const block of plan.written) put(blockKey(block.first), encodeBlock(block));
    if (change.create !== undefined) put(keys.identity, encodeLogIdentity(change.create.identity));
    const state = change.install ?? change.create?.state;
    if (state !== undefined) put(keys.state, encodeState(state));
    if (state !== undefined || plan.boundary.index !== this.#blocks.boundary.index) put(keys.boundary, encodeBoundary(plan.boundary));
    put(keys.head, encodeHead({ seq, rowFirst, last: plan.last, hardState: change.hardState ?? this.#hardState }));
    const crc = batchCrc(writes);
    put(rowKey(seq), encodeRow({ n: seq, crc, crcBefore: this.#crc }));
    return { writes, crc, rowFirst };
  }
}

interface Batch {
  readonly writes: readonly KvWrite[];
  readonly crc: number;
  readonly rowFirst: number;
}

/** Values end with a checksum of themselves, so keys and those ends stand for the whole batch. */
function batchCrc(writes: readonly KvWrite[]): number {
  let crc = 0;
  for (const write of writes) {
    crc = crc32c(write.key, crc);
    if (write.kind === 'put') crc = crc32c(write.value.subarray(write.value.length - 4), crc);
  }
  return crc;
}

function loadBlock(kv: Kv, block: LogBlock): readonly Entry[] {
  try {
    const key = blockKey(block.first);
    const value = kv.get(key);
    if (value === undefined) throw new DecodeError('a block of the log is gone');
    const found = decodeBlock(key, value);
    if (found.last !== block.last || found.termLast !== block.termLast) throw new DecodeError('a block of the log is an older one');
    return found.entries;
  } catch (error) {
    throw toDamage(error);
  }
}

/** Whatever makes the log unreadable has one cure, and the error names it. */
function toDamage(error: unknown): unknown {
  if (error instanceof DecodeError || isOffshoreError(error, 'state-damaged')) return new OffshoreError('log-damaged', {}, { cause: error });
  return error;
}
