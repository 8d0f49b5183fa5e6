// Several Raft nodes in one process, with the production driver, on disks, streams and a clock of the test's own.

import { assert, mustExist } from '../../src/base/assert.ts';
import type { Incarnation, NodeName } from '../../src/base/ids.ts';
import { seededRng, type Rng } from '../../src/base/rng.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { sha256Of } from '../../src/platform/node-crypto.ts';
import type { RaftEvent } from '../../src/raft/driver/raft-events.ts';
import { RaftNode } from '../../src/raft/driver/raft-node.ts';
import type { LogTail, RaftTiming } from '../../src/raft/driver/raft-options.ts';
import type { TrackerAddress } from '../../src/raft/driver/members.ts';
import type { Kv, OpenKv } from '../../src/storage/kv/kv.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { AppendListFolders, type ListResult } from './append-list-machine.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { MemoryFileIo } from './memory-file-io.ts';
import { RaftNetwork } from './raft-network.ts';

export const testTiming = { tickMs: 10, heartbeatTicks: 1, electionTicks: 10 };

export interface ClusterOptions {
  readonly names: readonly string[];
  readonly logTail?: LogTail;
  readonly seed?: number;
  readonly timing?: RaftTiming;
}

/** One tracker: its disk outlives its process. */
export interface Seat {
  readonly name: string;
  readonly url: string;
  disk: MemoryKvDisk;
  files: MemoryFileIo;
  node: RaftNode<ListResult>;
  folders: AppendListFolders;
  started: Promise<void>;
  failure: unknown;
  /** Holds every synced write back while it is set. */
  diskGate: Promise<void> | undefined;
  readonly events: RaftEvent[];
}

export class RaftCluster implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly network = new RaftNetwork();
  readonly seats = new Map<string, Seat>();
  readonly #options: ClusterOptions;
  readonly #rng: Rng;
  readonly #ending: Promise<void>[] = [];
  #place = 'here';

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#rng = seededRng(options.seed ?? 1);
  }

  static async start(options: ClusterOptions): Promise<RaftCluster> {
    const cluster = new RaftCluster(options);
    for (const name of options.names) await cluster.boot(name);
    return cluster;
  }

  get initial(): readonly TrackerAddress[] {
    return this.#options.names.map((name) => ({ name: name as NodeName, url: urlOf(name, this.#place) }));
  }

  /** From now on every tracker listens elsewhere; those that run do not notice. */
  moveAll(place: string): void {
    this.#place = place;
  }

  /** Starts the process of a tracker on the disk it had, or on an empty one. */
  async boot(name: string, options: { readonly whenWiped?: 'refuse' | 'wait' } = {}): Promise<Seat> {
    const before = this.seats.get(name);
    const disk = before?.disk ?? new MemoryKvDisk();
    const files = before?.files ?? new MemoryFileIo();
    const events: RaftEvent[] = [];
    const seat = { name, url: urlOf(name, this.#place), disk, files, events, diskGate: undefined, failure: undefined } as Partial<Seat> as Seat;
    const openKv: OpenKv = async (folder) => gated(await disk.open(folder), () => seat.diskGate);
    const process = this.network.spawn(seat.url);
    seat.folders = new AppendListFolders('/data', { openKv: disk.open });
    seat.node = await RaftNode.open({
      name: name as NodeName, url: seat.url, initial: this.initial, folder: '/data', timing: this.#options.timing ?? testTiming, ...options,
      ...(this.#options.logTail === undefined ? {} : { logTail: this.#options.logTail }),
    }, {
      clock: this.clock, rng: seededRng(this.#rng() * 2 ** 32), sha256: (bytes) => sha256Of([bytes]), files, openKv, states: seat.folders,
      drawIncarnation: () => this.#drawIncarnation(),
      defer: (call) => { setImmediate(call); },
      send: process.send, dial: process.dial,
      observe: (event) => events.push(event),
    });
    seat.node.failed.then((error) => { seat.failure = error; }, () => undefined);
    this.seats.set(name, seat);
    process.server = seat.node;
    seat.started = seat.node.start(new AbortController().signal);
    seat.started.catch(() => undefined);
    return seat;
  }

  seat(name: string): Seat {
    return mustExist(this.seats.get(name), 'the tracker was booted');
  }

  /** The process dies and the power goes: what was not durable may be lost. */
  async kill(name: string): Promise<void> {
    const seat = this.seat(name);
    this.network.kill(seat.url);
    seat.disk.crash(this.#rng);
    // What is left of the process runs against a dead disk and a dead network, and harms nobody.
    this.#ending.push(seat.node.stop().catch(() => undefined));
    await this.tick();
  }

  /** A clean stop; the disk stays. */
  async stop(name: string): Promise<void> {
    const seat = this.seat(name);
    const stopped = seat.node.stop();
    await this.while(stopped);
    this.network.kill(seat.url);
  }

  leaders(): readonly Seat[] {
    return [...this.seats.values()].filter((seat) => seat.node.isLeader());
  }

  /** The leader of the highest term that a majority may follow. */
  async leader(except?: string): Promise<Seat> {
    const find = (): Seat | undefined => [...this.seats.values()]
      .filter((seat) => seat.name !== except && seat.node.leadership() !== undefined)
      .sort((left, right) => right.node.status().term - left.node.status().term)[0];
    await this.until(() => find() !== undefined, 'somebody leads');
    return mustExist(find(), 'somebody leads');
  }

  async follower(): Promise<Seat> {
    const leader = await this.leader();
    return mustExist([...this.seats.values()].find((seat) => seat !== leader && seat.node.status().phase === 'running'), 'there is a follower');
  }

  /** Proposes on the leader and waits for the outcome. */
  async append(text: string, seat?: Seat): Promise<number> {
    const leader = seat ?? await this.leader();
    return (await this.while(leader.node.propose(encodeUtf8(text), new AbortController().signal))).result;
  }

  /** Lets time pass until `condition` holds. */
  async until(condition: () => boolean, what: string, ticksMax = 1500): Promise<void> {
    for (let tick = 0; tick < ticksMax; tick += 1) {
      if (condition()) return;
      await this.tick();
    }
    assert(condition(), `in time: ${what}`);
  }

  /** Lets time pass until the promise is settled. */
  async while<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => { settled = true; });
    done.catch(() => undefined);
    await this.until(() => settled, 'the promise settles');
    return done;
  }

  async tick(ticks = 1): Promise<void> {
    for (let at = 0; at < ticks; at += 1) {
      await this.clock.advance(testTiming.tickMs);
      for (let turn = 0; turn < 8; turn += 1) await settle();
    }
  }

  async lists(): Promise<readonly (readonly string[])[]> {
    const running = [...this.seats.values()].filter((seat) => seat.node.status().phase === 'running');
    return Promise.all(running.map((seat) => seat.node.useMachine(async () => mustExist(seat.folders.current, 'a state is open').list())));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stops = [...this.seats.values()].map((seat) => seat.node.stop().catch(() => undefined));
    await this.while(Promise.all([...this.#ending, ...stops]));
  }

  #drawIncarnation(): Incarnation {
    return Array.from({ length: 32 }, () => Math.floor(this.#rng() * 16).toString(16)).join('') as Incarnation;
  }
}

export function urlOf(name: string, place = 'here'): string {
  return `http://${name}.${place}`;
}

function gated(kv: Kv, gate: () => Promise<void> | undefined): Kv {
  return {
    get: (key) => kv.get(key),
    getMany: (keys) => kv.getMany(keys),
    page: (range, limit) => kv.page(range, limit),
    pin: () => kv.pin(),
    flush: () => kv.flush(),
    close: () => kv.close(),
    write: async (batch, durability) => {
      await gate();
      await kv.write(batch, durability);
    },
  };
}
