// The trackers as a seeder sees them, with a real state machine behind them: layout, feed, listings and digests. Pages are small,
// so that much happens between them; `between` runs before every answer.

import type { ChunkId, LogIndex, SeederId } from '../../src/base/ids.ts';
import { classCode, parseStorageClass } from '../../src/model/storage-class.ts';
import type { HeartbeatAnswer, HeartbeatRequest } from '../../src/protocol/tracker-api.ts';
import type { Trackers } from '../../src/roles/seeder/trackers.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import { chunked, chunkNamed, copies3, entriesOf, StateWorld } from '../meta/state-world.ts';

export interface FeedWorldOptions {
  readonly partitions?: number;
  readonly livePage?: number;
  readonly feedPage?: number;
}

export class FeedWorld implements Trackers {
  readonly state: StateWorld;
  readonly calls: string[] = [];
  readonly beats: HeartbeatRequest[] = [];
  resend: HeartbeatAnswer['resend'] = 'changes';
  between: () => Promise<void> = () => Promise.resolve();
  readonly #options: FeedWorldOptions;
  #files = 0;

  static async ready(options: FeedWorldOptions = {}): Promise<FeedWorld> {
    return new FeedWorld(await StateWorld.ready(options.partitions ?? 4), options);
  }

  private constructor(state: StateWorld, options: FeedWorldOptions) {
    this.state = state;
    this.#options = options;
  }

  /** A file whose chunks are named so: they become live and stay so. */
  async publish(...chunks: readonly string[]): Promise<void> {
    this.#files += 1;
    await this.#tick();
    await this.state.must({ kind: 'publish', path: `/f${this.#files}`, parents: 'must-exist', attributes: {}, content: chunked(entriesOf(...chunks), this.state.index) });
  }

  /** An upload that is staged: its chunks become live until it is dropped. */
  async stage(upload: string, ...chunks: readonly string[]): Promise<void> {
    await this.#tick();
    await this.state.must({ kind: 'open-upload', upload });
    await this.state.must({ kind: 'stage', upload, storageClass: 'copies=3', entries: entriesOf(...chunks), stamp: this.state.index });
  }

  /** The upload ends, and what nothing else references is condemned. */
  async drop(upload: string, ...chunks: readonly string[]): Promise<void> {
    await this.state.must({ kind: 'close-upload', upload });
    await this.state.command({ kind: 'expire-uploads', uploads: [upload] });
    await this.state.command({ kind: 'condemn', grace: 'skipped', chunks: chunks.map((name) => ({ classCode: copies3, chunk: chunkNamed(name), bytes: 100 })) });
  }

  async setLists(lists: readonly { readonly partition: number; readonly now: readonly number[] }[]): Promise<void> {
    const layout = await this.state.machine.queries.layout();
    await this.state.command({
      kind: 'set-layout', classCode: copies3, partitions: this.#options.partitions ?? 4, basedOn: layout.version,
      moves: lists.map(({ partition, now }) => ({ partition, now: now as SeederId[] })),
    });
  }

  async register(): Promise<never> {
    throw new OffshoreError('internal');
  }

  async signOut(): Promise<void> {
    await this.between();
  }

  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    await this.between();
    this.beats.push(request);
    return { index: this.state.index, layout: await this.state.machine.queries.layoutVersion(), resend: this.resend };
  }

  async layout(): ReturnType<Trackers['layout']> {
    await this.#ask('layout');
    return { index: this.state.index, layout: await this.state.machine.queries.layout() };
  }

  async index(_: LogIndex): Promise<LogIndex> {
    await this.#ask('index');
    return this.state.index;
  }

  async feed({ seeder, after }: { readonly seeder: SeederId; readonly after: LogIndex }): ReturnType<Trackers['feed']> {
    await this.#ask('feed');
    return this.state.machine.queries.feed(after, this.#options.feedPage ?? 4096, seeder);
  }

  async live({ storageClass, partition, after }: { readonly storageClass: string; readonly partition: number; readonly after?: ChunkId }): ReturnType<Trackers['live']> {
    await this.#ask('live');
    const parsed = parseStorageClass(storageClass);
    if (parsed === undefined) throw new OffshoreError('bad-request');
    return this.state.machine.queries.live({ classCode: classCode(parsed), partition, limit: this.#options.livePage ?? 4096, ...(after === undefined ? {} : { after }) });
  }

  /** A stamp must be above the last condemnation. */
  async #tick(): Promise<void> {
    await this.state.session();
  }

  async #ask(call: string): Promise<void> {
    await this.between();
    this.calls.push(call);
  }
}
