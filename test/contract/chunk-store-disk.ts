// A whole disk in memory for tests of the segment store: files and index that lose power together, stop at any chosen step,
// fill up, and lose their index. It opens stores and never looks inside them.

import type { Incarnation } from '../../src/base/ids.ts';
import { KiB } from '../../src/base/limits.ts';
import type { Rng } from '../../src/base/rng.ts';
import { openSegmentChunkStore, type SegmentChunkStore, type SegmentChunkStoreOptions } from '../../src/storage/chunks/segment-chunk-store.ts';
import { segmentsFolder } from '../../src/storage/chunks/segment-pool.ts';
import type { FileHandle, FileIo } from '../../src/storage/file-io.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import type { Kv, OpenKv } from '../../src/storage/kv/kv.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { sha256, testCluster, type TestChunk } from './chunk-store.ts';

export const storeFolder = '/store';

/** Counts what changes the disk; once `left` is used up nothing happens any more and nobody is answered: the power is gone. */
class PowerSwitch {
  left = Infinity;
  steps = 0;

  async pass<T>(action: () => Promise<T>): Promise<T> {
    this.steps += 1;
    this.left -= 1;
    return this.left < 0 ? new Promise<T>(() => undefined) : action();
  }
}

export class StoreDisk {
  readonly clock = new ManualClock({ wallMs: 1_700_000_000_000 });
  readonly files: MemoryFileIo;
  #index = new MemoryKvDisk();
  #power = new PowerSwitch();
  readonly #openIndexes: string[] = [];
  #damagedIndex: string | undefined;

  constructor(options: { readonly capacityBytes?: number } = {}) {
    this.files = new MemoryFileIo({ ...options, tearing: 'torn' });
  }

  async open(options: Partial<SegmentChunkStoreOptions> = {}): Promise<SegmentChunkStore> {
    const power = this.#power;
    const openIndex: OpenKv = (folder) => openGuardedKv(async (path) => {
      this.#openIndexes.push(path);
      return switchedKv(await this.#index.open(path), power, (value) => (path === this.#damagedIndex ? flipped(value) : value));
    }, folder);
    return openSegmentChunkStore(
      { folder: storeFolder, cluster: testCluster, incarnation: 'a7'.repeat(16) as Incarnation, segmentBytes: 64 * KiB, floorBytes: 0, ...options },
      { io: switchedFiles(this.files, power), clock: this.clock, sha256, openIndex },
    );
  }

  get steps(): number {
    return this.#power.steps;
  }

  /** Nothing reaches the disk after this many more steps. */
  stopAfter(steps: number): void {
    this.#power.left = steps;
  }

  /** Power loss: what was not synced is there in part. Stores opened before are dead. */
  crash(rng: Rng): void {
    this.#power.left = 0;
    this.#power = new PowerSwitch();
    this.files.crash(rng);
    this.#index.crash(rng);
  }

  /** Every value read from the index is wrong by a bit from now on, until the index is made anew. */
  damageIndex(): void {
    this.#damagedIndex = this.#openIndexes.at(-1);
  }

  loseIndex(): void {
    this.#index = new MemoryKvDisk();
  }

  /** Flips a bit of a body wherever a segment has it; answers in how many places. */
  async damage(chunk: TestChunk): Promise<number> {
    let found = 0;
    for (const path of this.#segments()) {
      const bytes = Buffer.from((await this.files.readFile(path)) ?? []);
      for (let at = bytes.indexOf(chunk.body); at >= 0; at = bytes.indexOf(chunk.body, at + 1)) {
        this.files.flipBit(path, at + chunk.body.length - 1);
        found += 1;
      }
    }
    return found;
  }

  /** Flips a bit in the header of the record whose body this is. */
  async damageHeader(chunk: TestChunk): Promise<void> {
    for (const path of this.#segments()) {
      const bytes = Buffer.from((await this.files.readFile(path)) ?? []);
      const body = bytes.indexOf(chunk.body);
      if (body >= 0) this.files.flipBit(path, bytes.lastIndexOf('OSR1', body) + 9);
    }
  }

  segmentPaths(): readonly string[] {
    return this.#segments();
  }

  #segments(): readonly string[] {
    return this.files.paths().filter((path) => path.startsWith(segmentsFolder(storeFolder)) && path.endsWith('.seg'));
  }
}

function switchedFiles(files: FileIo, power: PowerSwitch): FileIo {
  return {
    open: async (path, mode) => switchedHandle(await (mode === 'create' ? power.pass(() => files.open(path, mode)) : files.open(path, mode)), power),
    readFile: (path) => files.readFile(path),
    replaceFile: (path, bytes) => power.pass(() => files.replaceFile(path, bytes)),
    rename: (from, to) => power.pass(() => files.rename(from, to)),
    removeFile: (path) => power.pass(() => files.removeFile(path)),
    removeFolder: (path) => power.pass(() => files.removeFolder(path)),
    makeFolder: (path) => files.makeFolder(path),
    list: (path) => files.list(path),
    syncFolder: (path) => power.pass(() => files.syncFolder(path)),
    space: (path) => files.space(path),
  };
}

function switchedHandle(handle: FileHandle, power: PowerSwitch): FileHandle {
  return {
    read: (offset, length) => handle.read(offset, length),
    write: (offset, parts) => power.pass(() => handle.write(offset, parts)),
    sync: () => power.pass(() => handle.sync()),
    preallocate: (bytes) => power.pass(() => handle.preallocate(bytes)),
    truncate: (bytes) => power.pass(() => handle.truncate(bytes)),
    size: () => handle.size(),
    close: () => handle.close(),
  };
}

function switchedKv(kv: Kv, power: PowerSwitch, seen: (value: Uint8Array) => Uint8Array): Kv {
  return {
    get: (key) => { const value = kv.get(key); return value && seen(value); },
    getMany: async (keys) => (await kv.getMany(keys)).map((value) => value && seen(value)),
    page: (range, limit) => kv.page(range, limit),
    write: (batch, durability) => power.pass(() => kv.write(batch, durability)),
    pin: () => kv.pin(),
    flush: () => power.pass(() => kv.flush()),
    close: () => kv.close(),
  };
}

function flipped(value: Uint8Array): Uint8Array {
  const copy = value.slice();
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}
