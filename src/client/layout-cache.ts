// The layout as this client knows it, and the stamps that come with reading it. Reads are shared by all who ask at the same time.
// A stamp may be older than its layout, never newer: that errs towards `reupload`, never towards a lost chunk.

import { Coalesce } from '../async/coalesce.ts';
import { retry } from '../async/retry.ts';
import type { Clock } from '../base/clock.ts';
import { OffshoreError } from '../base/errors.ts';
import type { LogIndex } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import type { Layout } from '../model/layout.ts';
import { classCode, parseStorageClass, type ClassCode } from '../model/storage-class.ts';
import { isLayoutAnswer } from '../protocol/validate.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { TrackerClient } from './tracker-client.ts';

/** What a writer needs before its first touch. */
export interface WriteGrant {
  readonly storageClass: string;
  readonly classCode: ClassCode;
  /** Index at which the layout was read. */
  readonly stamp: LogIndex;
}

export class LayoutCache {
  readonly #timeoutMs: number;
  readonly #trackers: TrackerClient;
  readonly #identity: ClusterIdentity;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #reads = new Coalesce<string, { readonly layout: Layout; readonly index: LogIndex }>();
  #layout: Layout | undefined;

  constructor(options: { readonly timeoutMs: number }, deps: { readonly trackers: TrackerClient; readonly identity: ClusterIdentity; readonly clock: Clock; readonly rng: Rng }) {
    this.#timeoutMs = options.timeoutMs;
    this.#trackers = deps.trackers;
    this.#identity = deps.identity;
    this.#clock = deps.clock;
    this.#rng = deps.rng;
  }

  /** The newest that was read, if any. */
  peek(): Layout | undefined {
    return this.#layout;
  }

  async current(signal: AbortSignal): Promise<Layout> {
    return this.#layout ?? (await this.refresh(signal));
  }

  /** Reads the trackers now. */
  async refresh(signal: AbortSignal): Promise<Layout> {
    return (await this.#read(undefined, signal)).layout;
  }

  /** A layout newer than `version` if there is one; asks the trackers only when the known one is not. */
  async newerThan(version: LogIndex, signal: AbortSignal): Promise<Layout> {
    return this.#layout !== undefined && this.#layout.version > version ? this.#layout : this.refresh(signal);
  }

  /** A linearizable read, and with it a stamp; waits until the class has lists with seeders in them (`too-few-copies` otherwise). */
  async grant(storageClass: string, signal: AbortSignal): Promise<WriteGrant> {
    const parsed = parseStorageClass(storageClass);
    if (parsed === undefined) throw new OffshoreError('bad-answer', { storageClass });
    const code = classCode(parsed);
    const options = { attemptsMax: limits.trackerAttemptsMax, deadlineMs: this.#timeoutMs, backoff: { baseMs: 50, capMs: 1000 } };
    return retry(async (attempt) => {
      const { layout, index } = await this.#read(storageClass, attempt.signal);
      const lists = layout.classes.find((each) => each.classCode === code);
      if (lists === undefined || lists.partitions.some((each) => each.now.length === 0)) throw new OffshoreError('too-few-copies', { storageClass });
      return { storageClass, classCode: code, stamp: index };
    }, options, { clock: this.#clock, rng: this.#rng }, signal);
  }

  #read(storageClass: string | undefined, signal: AbortSignal): Promise<{ readonly layout: Layout; readonly index: LogIndex }> {
    return this.#reads.run(storageClass ?? '', signal, async (inner) => {
      const answer = await this.#trackers.read('layout', { known: this.#layout?.version, class: storageClass }, isLayoutAnswer, inner);
      this.#identity.learn(answer.cluster, 'layout');
      return { layout: this.#adopt(answer.layout), index: answer.index };
    });
  }

  /** Answers may overtake each other: the newest version stays. */
  #adopt(read: Layout | undefined): Layout {
    if (read !== undefined && (this.#layout === undefined || read.version > this.#layout.version)) this.#layout = read;
    if (this.#layout === undefined) throw new OffshoreError('bad-answer', { reason: 'no layout in the first answer' });
    return this.#layout;
  }
}
