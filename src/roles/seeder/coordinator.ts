// The coordinator: stores verified chunks here and relays them to the other seeders of their partitions
// (`architecture.md` 5, Write). It answers once `min` copies are durable and lets the rest finish behind; it never
// counts a copy that its seeder has not acknowledged as durable.

import { assert } from '../../base/assert.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { ChunkId, ClusterId, LogIndex, NodeName, SeederId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { totalBytes } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { SeederInfo } from '../../model/layout.ts';
import { formatStorageClass, fromClassCode, minDurable, type ClassCode } from '../../model/storage-class.ts';
import { bytesType, formatCrcs, headerNames } from '../../protocol/headers.ts';
import { fromProblemAnswer } from '../../protocol/problem.ts';
import { pathTo } from '../../protocol/routes.ts';
import { encodePack, type StoredChunk } from '../../protocol/seeder-api.ts';
import type { Message, Send } from '../../protocol/send.ts';
import type { ChunkStore, ChunkToStore } from '../../storage/chunks/chunk-store.ts';
import { errorFields, type Logger } from '../../observe/log.ts';
import { standingOf, type LayoutView } from './layout-view.ts';

export interface WriteRequest {
  readonly classCode: ClassCode;
  /** Layout version the client used. */
  readonly known: LogIndex;
  readonly stamp: LogIndex;
}

/** A chunk on its way: its copies still needed, and who has it. */
interface Flight {
  readonly chunk: ChunkToStore;
  readonly min: number;
  readonly holders: NodeName[];
  pending: number;
  /** Seeders of the list that were not sent to yet. */
  untried: readonly SeederInfo[];
  /** Why the last relay of it failed. */
  failure: unknown;
}

export class Coordinator {
  readonly #self: { readonly id: () => SeederId; readonly name: NodeName; readonly cluster: () => ClusterId };
  readonly #store: ChunkStore;
  readonly #layout: LayoutView;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping: AbortSignal;
  /** Until when a seeder that failed a relay is left out. */
  readonly #restingUntil = new Map<SeederId, number>();
  /** Bytes under way to each seeder; one that is far behind is left out as well. */
  readonly #underWay = new Map<SeederId, number>();

  constructor(
    options: { readonly id: () => SeederId; readonly name: NodeName; readonly cluster: () => ClusterId },
    deps: { readonly store: ChunkStore; readonly layout: LayoutView; readonly send: Send; readonly clock: Clock; readonly log: Logger; readonly stopping: AbortSignal },
  ) {
    this.#self = options;
    this.#store = deps.store;
    this.#layout = deps.layout;
    this.#send = deps.send;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#stopping = deps.stopping;
  }

  /** Stores for this seeder only; throws `layout-changed` when it should not hold the chunks any more. */
  async storeHere(chunks: readonly ChunkToStore[], request: WriteRequest, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    await this.#flights(chunks, request, signal);
    await this.#store.put(chunks);
    return chunks.map((each) => ({ chunk: each.key.chunk, seeders: [this.#self.name] }));
  }

  /** Stores and relays; resolves when every chunk has `min` durable copies. Throws `too-few-copies`, `layout-changed` and what the store throws. */
  async storeAndRelay(chunks: readonly ChunkToStore[], request: WriteRequest, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    const flights = await this.#flights(chunks, request, signal);
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#relayTo(this.#relayGroups(flights.filter(isShort)), request, settle);
        const failed = flights.find(isShort);
        if (failed !== undefined) reject(tooFew(failed));
        else if (flights.every((flight) => flight.holders.length >= flight.min)) resolve();
      };
      this.#storeOwn(flights, settle, reject);
      this.#relayTo(this.#relayGroups(flights), request, settle);
      settle();
    });
    return flights.map((flight) => ({ chunk: flight.chunk.key.chunk, seeders: [...flight.holders] }));
  }

  async #flights(chunks: readonly ChunkToStore[], request: WriteRequest, signal: AbortSignal): Promise<Flight[]> {
    const layout = await this.#layout.atLeast(request.known, signal);
    return chunks.map((chunk) => {
      const standing = standingOf(layout, this.#self.id(), chunk.key, request.known);
      if (standing.kind === 'changed') throw new OffshoreError('layout-changed', { chunk: chunk.key.chunk, layout: layout.version });
      const others = standing.seeders.filter((seeder) => seeder.id !== this.#self.id());
      const min = minDurable(fromClassCode(request.classCode), standing.lists.now.length);
      return { chunk, min, holders: [], pending: 0, untried: others, failure: undefined };
    });
  }

  /** The own copy: its failure fails the request at once, because this seeder cannot coordinate what it cannot store. */
  #storeOwn(flights: readonly Flight[], settle: () => void, reject: (error: unknown) => void): void {
    for (const flight of flights) flight.pending += 1;
    this.#store.put(flights.map((flight) => flight.chunk)).then(
      () => {
        for (const flight of flights) {
          flight.pending -= 1;
          flight.holders.push(this.#self.name);
        }
        settle();
      },
      reject,
    );
  }

  /**
   * Which chunks go to which seeder. Those that rest are left out while enough others remain, and asked after all when one of
   * these fails; the feed makes them whole later.
   */
  #relayGroups(flights: readonly Flight[]): Map<SeederInfo, Flight[]> {
    const groups = new Map<SeederInfo, Flight[]>();
    for (const flight of flights) {
      const awake = flight.untried.filter((target) => !this.#rests(target));
      const targets = flight.holders.length + flight.pending + awake.length >= flight.min ? awake : flight.untried;
      flight.untried = flight.untried.filter((target) => !targets.includes(target));
      flight.pending += targets.length;
      for (const target of targets) {
        const group = groups.get(target) ?? [];
        group.push(flight);
        groups.set(target, group);
      }
    }
    return groups;
  }

  #relayTo(groups: ReadonlyMap<SeederInfo, readonly Flight[]>, request: WriteRequest, settle: () => void): void {
    for (const [target, group] of groups) this.#relay(target, group, request, settle);
  }

  #rests(target: SeederInfo): boolean {
    if (target.state === 'down' || target.state === 'maintenance') return true;
    if ((this.#underWay.get(target.id) ?? 0) > limits.relayBytesMax) return true;
    return (this.#restingUntil.get(target.id) ?? 0) > this.#clock.monotonicMs();
  }

  #relay(target: SeederInfo, group: readonly Flight[], request: WriteRequest, settle: () => void): void {
    const bytes = group.reduce((sum, flight) => sum + totalBytes(flight.chunk.parts), 0);
    const finish = (): void => {
      this.#underWay.set(target.id, (this.#underWay.get(target.id) ?? 0) - bytes);
      for (const flight of group) flight.pending -= 1;
      settle();
    };
    this.#underWay.set(target.id, (this.#underWay.get(target.id) ?? 0) + bytes);
    this.#sendGroup(target, group, request).then(
      () => {
        for (const flight of group) flight.holders.push(target.name);
        finish();
      },
      (error: unknown) => {
        for (const flight of group) flight.failure = error;
        // A seeder that knows a newer list is not a slow one.
        if (!isOffshoreError(error, 'layout-changed')) this.#restingUntil.set(target.id, this.#clock.monotonicMs() + limits.relayRestMs);
        this.#log.warn('relay.failed', { seeder: target.name, chunks: group.length, ...errorFields(error) });
        finish();
      },
    );
  }

  async #sendGroup(target: SeederInfo, group: readonly Flight[], request: WriteRequest): Promise<void> {
    const message = group.length === 1 ? this.#single(target, group, request) : this.#packed(target, group, request);
    const answer = await this.#send(message, this.#stopping);
    if (answer.status >= 400) throw fromProblemAnswer(answer, target.name);
  }

  #single(target: SeederInfo, group: readonly Flight[], request: WriteRequest): Message {
    const chunk = group[0]?.chunk;
    assert(chunk !== undefined, 'a group has a chunk');
    const params = { class: formatStorageClass(fromClassCode(request.classCode)), chunk: chunk.key.chunk };
    return {
      to: target.url, method: 'PUT', path: pathTo('putChunk', params), body: chunk.parts,
      headers: { ...this.#headers(request), [headerNames.crcs]: formatCrcs(chunk.blockCrcs) },
    };
  }

  #packed(target: SeederInfo, group: readonly Flight[], request: WriteRequest): Message {
    const chunks = group.map((flight) => ({ chunk: flight.chunk.key.chunk as ChunkId, bytes: onePart(flight.chunk.parts) }));
    const query = { class: formatStorageClass(fromClassCode(request.classCode)) };
    return { to: target.url, method: 'POST', path: pathTo('pack', {}, query), body: encodePack(chunks), headers: this.#headers(request) };
  }

  #headers(request: WriteRequest): Record<string, string> {
    return {
      [headerNames.contentType]: bytesType,
      [headerNames.cluster]: this.#self.cluster(),
      [headerNames.layout]: String(request.known),
      [headerNames.stamp]: String(request.stamp),
      [headerNames.relay]: 'none',
    };
  }
}

/** More copies must come than are held or under way. */
function isShort(flight: Flight): boolean {
  return flight.holders.length + flight.pending < flight.min;
}

/** Full disks elsewhere are a person's to cure and a newer list the client's; any other reason is this seeder's to log. */
function tooFew(flight: Flight): OffshoreError {
  const details = { chunk: flight.chunk.key.chunk, reached: flight.holders.length, needed: flight.min, seeders: [...flight.holders] };
  const { failure } = flight;
  const telling = isOffshoreError(failure) && (failure.code === 'disk-full' || failure.code === 'layout-changed') ? failure.code : 'too-few-copies';
  return new OffshoreError(telling, details, { cause: failure });
}

function onePart(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  assert(parts.length === 1 && only !== undefined, 'packed chunks arrive as one part');
  return only;
}
