// The smallest state machine on a key-value store: every command is appended to a list under its index. For tests of the Raft driver.

import { ByteReader, ByteWriter } from '../../src/base/codec.ts';
import { assert } from '../../src/base/assert.ts';
import { equalBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { ClusterAge, LogIndex, Term } from '../../src/base/ids.ts';
import { decodeUtf8 } from '../../src/base/utf8.ts';
import type { FileIo } from '../../src/storage/file-io.ts';
import type { Kv, KvReader, KvWrite, OpenKv } from '../../src/storage/kv/kv.ts';
import type { CommittedEntry, StateFolders, StateMachine, StatePin, StateProgress, StateStaging } from '../../src/storage/state-machine.ts';

/** How many commands the list holds after this one. */
export type ListResult = number;

const progressKey = new Uint8Array([0]);
const start: StateProgress = { index: 0 as LogIndex, term: 0 as Term, confState: new Uint8Array(0) };

export class AppendListMachine implements StateMachine<ListResult> {
  readonly #kv: Kv;
  #progress: StateProgress;
  #count: number;
  /** Holds every apply back while a test wants it to. */
  gate: Promise<void> = Promise.resolve();

  private constructor(kv: Kv, stored: { readonly progress: StateProgress; readonly count: number }) {
    this.#kv = kv;
    this.#progress = stored.progress;
    this.#count = stored.count;
  }

  static open(kv: Kv): AppendListMachine {
    return new AppendListMachine(kv, readProgress(kv));
  }

  progress(): StateProgress {
    return this.#progress;
  }

  clusterAge(): ClusterAge {
    return 0 as ClusterAge;
  }

  async apply(group: readonly CommittedEntry[]): Promise<readonly ListResult[]> {
    await this.gate;
    const writes: KvWrite[] = [];
    const results: ListResult[] = [];
    for (const entry of group) {
      assert(entry.index === this.#progress.index + 1, 'entries are applied in order, each once');
      if (entry.data.length > 0) {
        writes.push({ kind: 'put', key: itemKey(entry.index), value: entry.data });
        this.#count += 1;
      }
      this.#progress = { index: entry.index, term: entry.term, confState: entry.confState ?? this.#progress.confState };
      results.push(this.#count);
    }
    writes.push({ kind: 'put', key: progressKey, value: encodeProgress(this.#progress, this.#count) });
    await this.#kv.write(writes, 'synced');
    return results;
  }

  /** The commands in order, as text. */
  async list(): Promise<readonly string[]> {
    const page = await this.#kv.page({ from: new Uint8Array([1]) }, { entries: 1_000_000 });
    return page.map((entry) => decodeUtf8(entry.value) ?? '?');
  }

  pin(): StatePin {
    const pin = this.#kv.pin();
    return {
      progress: this.#progress,
      page: (after, bytesMax) => pin.page(after === undefined ? {} : { from: new Uint8Array([...after, 0]) }, { entries: 1000, bytes: bytesMax }),
      release: () => pin.release(),
    };
  }

  close(): Promise<void> {
    return this.#kv.close();
  }
}

export interface AppendListFoldersDeps {
  readonly openKv: OpenKv;
  /** Absent for stores in memory, whose folders are emptied instead. */
  readonly files?: FileIo;
}

export class AppendListFolders implements StateFolders<ListResult> {
  readonly #root: string;
  readonly #deps: AppendListFoldersDeps;
  /** What was opened last, for tests that look inside. */
  current: AppendListMachine | undefined;

  constructor(root: string, deps: AppendListFoldersDeps) {
    this.#root = root;
    this.#deps = deps;
  }

  async open(folder: string): Promise<AppendListMachine> {
    await this.#deps.files?.makeFolder(this.#root);
    this.current = AppendListMachine.open(await this.#deps.openKv(`${this.#root}/${folder}`));
    return this.current;
  }

  async stage(folder: string): Promise<StateStaging> {
    const kv = await this.#deps.openKv(`${this.#root}/${folder}`);
    const left = await kv.page({}, { entries: 1_000_000 });
    await kv.write(left.map(({ key }) => ({ kind: 'delete', key })), 'synced');
    return {
      put: (entries) => kv.write(entries.map(({ key, value }) => ({ kind: 'put', key, value })), 'synced'),
      seal: async (expected) => {
        const { progress } = readProgress(kv);
        await kv.close();
        const same = progress.index === expected.index && progress.term === expected.term && equalBytes(progress.confState, expected.confState);
        if (!same) throw new OffshoreError('state-damaged', { index: progress.index, expected: expected.index });
      },
      discard: () => kv.close(),
    };
  }

  async removeOthers(current: string): Promise<void> {
    const names = (await this.#deps.files?.list(this.#root)) ?? [];
    for (const name of names) {
      if (name.startsWith('state-') && name !== current) await this.#deps.files?.removeFolder(`${this.#root}/${name}`);
    }
  }
}

function itemKey(index: LogIndex): Uint8Array {
  return new ByteWriter(9).u8(1).u64(index).finish();
}

function encodeProgress(progress: StateProgress, count: number): Uint8Array {
  return new ByteWriter().varint(progress.index).varint(progress.term).bytes(progress.confState).varint(count).finish();
}

function readProgress(kv: KvReader): { readonly progress: StateProgress; readonly count: number } {
  const bytes = kv.get(progressKey);
  if (bytes === undefined) return { progress: start, count: 0 };
  const reader = new ByteReader(bytes);
  const progress = { index: reader.varint() as LogIndex, term: reader.varint() as Term, confState: reader.bytes() };
  return { progress, count: reader.varint() };
}
