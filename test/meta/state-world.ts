// A state machine with a log of its own, for tests: commands go in as a leader would write them, results and queries come out.

import { createHash } from 'node:crypto';
import { mustExist } from '../../src/base/assert.ts';
import type { ChunkId, ClusterAge, ClusterId, Incarnation, LogIndex, NodeName, SeederId, SessionId, Term, WallMillis } from '../../src/base/ids.ts';
import type { Sha256 } from '../../src/model/chunk.ts';
import { contentIdOf, type ManifestEntry, pageBytes, toPages } from '../../src/model/manifest.ts';
import type { FileContent, Operation, OperationId, Outcome } from '../../src/model/operation.ts';
import { type ClassCode, classCode, defaultClass } from '../../src/model/storage-class.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import type { Command, CommandResult, SessionMark } from '../../src/storage/meta/core/command.ts';
import { decodeEntry, encodeCommand, encodeEntry } from '../../src/storage/meta/core/command-codec.ts';
import { MetaMachine } from '../../src/storage/meta/machine.ts';
import type { CommittedEntry } from '../../src/storage/state-machine.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const clusterId = 'c1'.repeat(32) as ClusterId;
export const copies3: ClassCode = classCode(defaultClass);
export const operationId = '0f'.repeat(16) as OperationId;

export const sha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export function openMachine(disk: MemoryKvDisk, folder = 'state'): Promise<MetaMachine> {
  return openGuardedKv(disk.open, folder).then((kv) => MetaMachine.open({ group: 1, cacheBytes: 1 << 20 }, { kv, sha256, clock: new ManualClock() }));
}

export class StateWorld {
  readonly log: CommittedEntry[] = [];
  readonly disk: MemoryKvDisk;
  machine: MetaMachine;
  age = 0;
  wallMs = 1_700_000_000_000;

  constructor(disk: MemoryKvDisk, machine: MetaMachine) {
    this.disk = disk;
    this.machine = machine;
  }

  /** Empty, not founded. */
  static async bare(): Promise<StateWorld> {
    const disk = new MemoryKvDisk();
    return new StateWorld(disk, await openMachine(disk));
  }

  /** Founded, with three seeders and a small layout of `copies=3`. */
  static async ready(partitions = 4): Promise<StateWorld> {
    const world = await StateWorld.bare();
    await world.entry([{ kind: 'found', cluster: clusterId, level: 1, settings: [] }]);
    for (const name of ['s1', 's2', 's3']) await world.registerSeeder(name);
    const moves = Array.from({ length: partitions }, (_, partition) => ({ partition, now: [1, 2, 3] as SeederId[] }));
    await world.entry([{ kind: 'set-layout', classCode: copies3, partitions, basedOn: world.index, moves }]);
    return world;
  }

  get index(): LogIndex {
    return this.log.length as LogIndex;
  }

  async entry(commands: readonly Command[]): Promise<readonly CommandResult[]> {
    const committed = this.committed(commands);
    const [results] = await this.machine.apply([committed]);
    return mustExist(results, 'one result an entry');
  }

  async command(command: Command): Promise<CommandResult> {
    return mustExist((await this.entry([command]))[0], 'one result a command');
  }

  /** The entry as the log would hold it, appended. */
  committed(commands: readonly Command[]): CommittedEntry {
    this.wallMs += 1;
    const data = encodeEntry({ wallMs: this.wallMs as WallMillis, clusterAge: this.age as ClusterAge }, commands.map(encodeCommand));
    decodeEntry(data);
    const committed = { index: (this.log.length + 1) as LogIndex, term: 1 as Term, data };
    this.log.push(committed);
    return committed;
  }

  async run(operations: readonly Operation[], session?: SessionMark): Promise<readonly Outcome[]> {
    const result = await this.command({ kind: 'batch', operation: operationId, user: 'ann', operations, ...(session === undefined ? {} : { session }) });
    if (result.kind !== 'batch') throw new Error(`batch answered ${JSON.stringify(result)}`);
    return result.outcomes;
  }

  async do(operation: Operation): Promise<Outcome> {
    return mustExist((await this.run([operation]))[0], 'one outcome an operation');
  }

  async must(operation: Operation): Promise<Outcome & { readonly ok: true }> {
    const outcome = await this.do(operation);
    if (!outcome.ok) throw new Error(`${operation.kind}: ${outcome.code} ${JSON.stringify(outcome.details)}`);
    return outcome;
  }

  /** The code of a refusal, or 'ok'. */
  async code(operation: Operation): Promise<string> {
    const outcome = await this.do(operation);
    return outcome.ok ? 'ok' : outcome.code;
  }

  mkdir(path: string): Promise<Outcome & { readonly ok: true }> {
    return this.must({ kind: 'make-directory', path, mode: 0o755, parents: 'make' });
  }

  put(path: string, text: string): Promise<Outcome & { readonly ok: true }> {
    return this.must(inlineFile(path, text));
  }

  async registerSeeder(name: string, place: { readonly zone?: string; readonly host?: string } = {}): Promise<CommandResult> {
    return this.command({
      kind: 'register-seeder', name: name as NodeName, incarnation: incarnationOf(name), url: `http://${name}`,
      zone: place.zone ?? 'z', host: place.host ?? name, capacityBytes: 1000,
    });
  }

  async session(): Promise<SessionId> {
    const result = await this.command({ kind: 'register-session', user: 'ann' });
    if (result.kind !== 'session') throw new Error(JSON.stringify(result));
    return result.session;
  }

  /** Closes and opens again, as after a clean stop. */
  async restart(): Promise<void> {
    await this.machine.close();
    this.machine = await openMachine(this.disk);
  }
}

export function incarnationOf(name: string): Incarnation {
  return createHash('md5').update(name).digest('hex') as Incarnation;
}

export function inlineFile(path: string, text: string): Operation & { readonly kind: 'publish' } {
  return { kind: 'publish', path, parents: 'must-exist', attributes: {}, content: { kind: 'inline', bytes: new TextEncoder().encode(text) } };
}

export function chunkNamed(name: string): ChunkId {
  return createHash('sha256').update(name).digest('hex') as ChunkId;
}

export function entriesOf(...names: readonly string[]): ManifestEntry[] {
  return names.map((name) => ({ kind: 'chunk', chunk: chunkNamed(name), bytes: 100 }));
}

export function chunked(entries: readonly ManifestEntry[], stamp: number): FileContent & { readonly kind: 'chunked' } {
  const bytes = pageBytes(entries);
  return {
    kind: 'chunked', bytes, chunkBytes: 100, storageClass: 'copies=3', contentId: contentIdOf({ bytes, chunkBytes: 100, entries }, sha256),
    pages: toPages(entries).map((page) => ({ kind: 'carried', entries: page })), stamp: stamp as LogIndex,
  };
}

export function chunkedFile(path: string, entries: readonly ManifestEntry[], stamp: number): Operation & { readonly kind: 'publish' } {
  return { kind: 'publish', path, parents: 'must-exist', attributes: {}, content: chunked(entries, stamp) };
}
