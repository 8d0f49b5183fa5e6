// A seeder that has its place: store, layout, coordinator, and the duties that run while it does. Built once the cluster is known,
// because digests are salted with its id.

import { orAborted } from '../../async/abort.ts';
import { within } from '../../async/deadline.ts';
import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { AssertionError, mustExist, unreachable } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ChunkHasher } from '../../client/chunk-hasher.ts';
import { errorFields, type Logger } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Send } from '../../protocol/send.ts';
import type { ChunkStore, StoreCondition } from '../../storage/chunks/chunk-store.ts';
import type { FileIo } from '../../storage/file-io.ts';
import { Coordinator } from './coordinator.ts';
import { FeedFollower } from './duties/follow-feed.ts';
import { Heartbeat } from './duties/heartbeat.ts';
import { Releaser } from './duties/release.ts';
import { WantedFetcher } from './duties/fetch-wanted.ts';
import type { SeederIdentity } from './identity.ts';
import { LayoutView } from './layout-view.ts';
import { openStore } from './open-store.ts';
import { PartitionLedger } from './partition-ledger.ts';
import type { Trackers } from './trackers.ts';

export interface StationOptions {
  /** Folder of the chunk store. */
  readonly folder: string;
  /** File of the partition ledger. */
  readonly ledger: string;
}

export interface StationDeps {
  readonly identity: SeederIdentity;
  readonly trackers: Trackers;
  readonly files: FileIo;
  readonly send: Send;
  readonly hasher: ChunkHasher;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Ends every duty. */
  readonly stopping: AbortSignal;
}

export class Station {
  readonly store: ChunkStore;
  readonly layout: LayoutView;
  readonly coordinator: Coordinator;
  readonly #deps: StationDeps;
  readonly #follower: FeedFollower;
  readonly #heartbeat: Heartbeat;
  readonly #fetcher: WantedFetcher;
  readonly #releaser: Releaser;
  readonly #goodbye = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  #running: Promise<unknown> = Promise.resolve();
  #following = false;
  #condition: StoreCondition = 'open';

  static async open(options: StationOptions, deps: StationDeps): Promise<Station> {
    const store = await openStore({ folder: options.folder, cluster: mustExist(deps.identity.cluster(), 'a station knows its cluster'), incarnation: deps.identity.incarnation }, deps);
    return new Station(store, await PartitionLedger.open(options.ledger, deps.files), deps);
  }

  private constructor(store: ChunkStore, ledger: PartitionLedger, deps: StationDeps) {
    const { identity, trackers } = deps;
    const self = (): ReturnType<SeederIdentity['id']> => identity.id();
    const cluster = (): NonNullable<ReturnType<SeederIdentity['cluster']>> => mustExist(identity.cluster(), 'a station knows its cluster');
    this.#deps = deps;
    this.store = store;
    this.layout = new LayoutView({ read: async (signal) => (await trackers.layout(signal)).layout, stopping: deps.stopping });
    const common = { ...deps, store, layout: this.layout };
    this.coordinator = new Coordinator({ id: self, name: identity.name, cluster }, common);
    this.#follower = new FeedFollower({ self }, { ...common, ledger });
    this.#heartbeat = new Heartbeat({ self, incarnation: identity.incarnation }, { ...common, follower: this.#follower });
    this.#fetcher = new WantedFetcher({ self, cluster }, common);
    this.#releaser = new Releaser({ self }, common);
  }

  /** Resolves after the first round of the feed: what this seeder offers then was checked against the trackers. Throws when a duty finds a bug. */
  async begin(): Promise<void> {
    // Heartbeats come first: listing everything may take longer than the silence that counts as down.
    this.#beating = this.#loop('heartbeat', limits.heartbeatMs, (signal) => this.#beat(signal), AbortSignal.any([this.#deps.stopping, this.#goodbye.signal]));
    let followed: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      followed = resolve;
    });
    const following = this.#loop('follow-feed', limits.dutyRestMs, async (signal) => {
      await this.#follower.round(signal);
      this.#following = true;
      followed();
    });
    const repairing = this.#loop('fetch-wanted', limits.dutyRestMs, async (signal) => {
      this.#deps.metrics.count('offshore_chunks_repaired_total', {}, await this.#fetcher.round(signal));
    });
    const releasing = this.#loop('release', limits.releaseRestMs, (signal) => this.#releaser.round(signal));
    const maintaining = this.#loop('maintain', limits.dutyRestMs, (signal) => this.#maintain(signal));
    this.#running = Promise.all([this.#beating, following, repairing, releasing, maintaining]);
    await Promise.race([first, this.#running]);
  }

  /** True once the feed was followed to its end since the start. */
  isFollowing(): boolean {
    return this.#following;
  }

  /** Resolves when the duties have ended; throws when one of them found a bug. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Ends the heartbeats: one that arrived after the announcement of maintenance would undo it. Waits for the one under way, a while. */
  async hush(): Promise<void> {
    this.#goodbye.abort(new OffshoreError('stopping'));
    const { clock, stopping } = this.#deps;
    await within(stopping, limits.signOutMsMax, clock, (signal) => orAborted(this.#beating, signal)).catch(() => undefined);
  }

  /** After `stopping` aborted: waits for the rounds under way, then closes the store. */
  async close(): Promise<void> {
    await this.#running.catch(() => undefined);
    await this.store.close();
  }

  /** Brings the gauges up to date. */
  async measure(): Promise<void> {
    const { metrics } = this.#deps;
    const { chunks, chunkBytes, freeBytes } = await this.store.space();
    metrics.set('offshore_ready', { role: 'seeder' }, this.#following ? 1 : 0);
    metrics.set('offshore_store_chunks', {}, chunks);
    metrics.set('offshore_store_chunk_bytes', {}, chunkBytes);
    metrics.set('offshore_store_free_bytes', {}, freeBytes);
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const version = await this.#heartbeat.round(signal);
    await this.layout.atLeast(version, signal);
  }

  /** Upkeep of the store in bounded steps: at leisure while there is space, without a rest while there is none. */
  async #maintain(signal: AbortSignal): Promise<void> {
    await this.#tellCondition();
    while (!signal.aborted && (await this.store.maintain()) === 'worked') {
      if (this.store.condition() !== 'full') return;
    }
  }

  /** Says once when the store stops taking puts, and when it takes them again. */
  async #tellCondition(): Promise<void> {
    const condition = this.store.condition();
    if (condition === this.#condition) return;
    this.#condition = condition;
    const { freeBytes } = await this.store.space();
    switch (condition) {
      case 'open': return this.#deps.log.info('store.space-back', { freeBytes });
      case 'full': return this.#deps.log.warn('store.full', { freeBytes });
      case 'closed': return this.#deps.log.error('store.closed', { freeBytes });
      default: return unreachable(condition);
    }
  }

  /** A failed round is logged and the next one follows; the store's own condition says when nothing can be written any more. No round begins after `ending`. */
  async #loop(duty: string, restMs: number, round: (signal: AbortSignal) => Promise<void>, ending = this.#deps.stopping): Promise<void> {
    const { clock, log, stopping } = this.#deps;
    while (!ending.aborted) {
      try {
        await round(stopping);
        await sleep(restMs, clock, ending);
      } catch (error) {
        if (error instanceof AssertionError) throw error;
        if (ending.aborted) return;
        log.warn('duty.failed', { duty, ...errorFields(error) });
        await sleep(limits.heartbeatMs, clock, ending).catch(() => undefined);
      }
    }
  }
}
