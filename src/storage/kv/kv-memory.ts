// The key-value port in memory, for tests and the simulator. A MemoryKvDisk outlives its stores and can lose what was not
// durable, the way LevelDB does: not the last writes, but any (`raft.md` 2.3, L3).

import { assert } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { mapAscending, mapDelete, mapDescending, mapGet, mapPut, type OrderedMap } from './core/ordered-map.ts';
import type { Kv, KvDurability, KvEntry, KvPageLimit, KvPin, KvRange, KvReader, KvWrite, OpenKv } from './kv.ts';

/** A store on a disk of its own. */
export function memoryKv(): Kv {
  return new MemoryKv('memory', { durable: undefined, loose: [], opened: true });
}

/** A batch since the last flush. A synced one survives a crash, yet does not make earlier ones survive. */
interface LooseBatch {
  readonly writes: readonly KvWrite[];
  readonly durability: KvDurability;
}

interface MemoryFolder {
  durable: OrderedMap;
  /** Empty, or its first batch is unsynced. */
  loose: LooseBatch[];
  opened: boolean;
}

export class MemoryKvDisk {
  readonly #folders = new Map<string, MemoryFolder>();

  readonly open: OpenKv = (folder) => {
    const present = this.#folders.get(folder);
    if (present?.opened === true) return Promise.reject(new OffshoreError('busy', { folder }));
    const opened = present ?? { durable: undefined, loose: [], opened: true };
    opened.opened = true;
    this.#folders.set(folder, opened);
    return Promise.resolve(new MemoryKv(folder, opened));
  };

  /** Power loss: each unsynced batch since the last flush is kept or lost by itself. Open stores are dead afterwards. */
  crash(rng: Rng): void {
    this.crashKeeping((batch) => batch.durability === 'synced' || rng() < 0.5);
  }

  /** Power loss after which just the batches that `keep` says are there; `index` counts from the last flush. */
  crashKeeping(keep: (batch: LooseBatch, index: number) => boolean): void {
    for (const [folder, before] of this.#folders) {
      const survivors = before.loose.filter((batch, index) => keep(batch, index));
      const durable = survivors.reduce((map, { writes }) => applyWrites(map, writes), before.durable);
      before.opened = false;
      this.#folders.set(folder, { durable, loose: [], opened: false });
    }
  }

  /** A copy of one folder's contents under another name, as a damaged or old backup would be. */
  copyFolder(paths: { readonly from: string; readonly to: string }): void {
    const source = this.#folders.get(paths.from);
    assert(source !== undefined, 'the folder to copy is there');
    this.#folders.set(paths.to, { durable: source.durable, loose: [...source.loose], opened: false });
  }
}

class MemoryKv implements Kv {
  readonly #name: string;
  readonly #folder: MemoryFolder;
  #map: OrderedMap;

  constructor(name: string, folder: MemoryFolder) {
    this.#name = name;
    this.#folder = folder;
    this.#map = folder.loose.reduce((map, { writes }) => applyWrites(map, writes), folder.durable);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return mapGet(this.#map, key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return readerOf(this.#map).getMany(keys);
  }

  page(range: KvRange, limit: KvPageLimit): Promise<readonly KvEntry[]> {
    return readerOf(this.#map).page(range, limit);
  }

  async write(batch: readonly KvWrite[], durability: KvDurability): Promise<void> {
    this.#mustBeOpen();
    const writes = batch.map(copyWrite);
    this.#map = applyWrites(this.#map, writes);
    if (durability === 'synced' && this.#folder.loose.length === 0) {
      this.#folder.durable = this.#map;
    } else {
      this.#folder.loose.push({ writes, durability });
    }
  }

  pin(): KvPin {
    return { ...readerOf(this.#map), release: () => Promise.resolve() };
  }

  async flush(): Promise<void> {
    this.#mustBeOpen();
    this.#folder.durable = this.#map;
    this.#folder.loose = [];
  }

  /** Nothing becomes durable by closing: LevelDB's close does not sync either. */
  close(): Promise<void> {
    this.#folder.opened = false;
    return Promise.resolve();
  }

  #mustBeOpen(): void {
    if (!this.#folder.opened) throw new OffshoreError('store-closed', { folder: this.#name });
  }
}

function readerOf(map: OrderedMap): KvReader {
  return {
    get: (key) => mapGet(map, key),
    getMany: async (keys) => keys.map((key) => mapGet(map, key)),
    page: async (range, limit) => {
      assert(limit.entries > 0 && (limit.bytes ?? 1) > 0, 'a page has room for an entry');
      const entries: KvEntry[] = [];
      let bytes = 0;
      for (const { key, value } of range.order === 'descending' ? mapDescending(map, range) : mapAscending(map, range)) {
        entries.push({ key, value });
        bytes += key.length + value.length;
        if (entries.length >= limit.entries || bytes >= (limit.bytes ?? Infinity)) break;
      }
      return entries;
    },
  };
}

function applyWrites(map: OrderedMap, writes: readonly KvWrite[]): OrderedMap {
  let changed = map;
  for (const write of writes) {
    changed = write.kind === 'put' ? mapPut(changed, write.key, write.value) : mapDelete(changed, write.key);
  }
  return changed;
}

/** Callers may reuse their buffers once the promise resolved. */
function copyWrite(write: KvWrite): KvWrite {
  return write.kind === 'put'
    ? { kind: 'put', key: new Uint8Array(write.key), value: new Uint8Array(write.value) }
    : { kind: 'delete', key: new Uint8Array(write.key) };
}
