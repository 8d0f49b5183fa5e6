// The one writer of a store. What waits is decided, appended and fsynced as one group, then indexed, then answered: nothing is
// acknowledged before its segment is on disk, and every decision sees all decisions before it. After one failed write it is closed.

import { assert, AssertionError } from '../../base/assert.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { FileIo } from '../file-io.ts';
import { ActiveSegment, sizeOf } from './active-segment.ts';
import { applyRecord } from './apply-record.ts';
import type { ChunkIndex } from './chunk-index.ts';
import { encodeMeta } from './core/record-format.ts';
import type { IndexChange } from './index-change.ts';
import { beginBytes, segmentPath, type Purpose, type SegmentPool } from './segment-pool.ts';
import { taskBytes, WriterQueue, type Decision, type Waiting, type WriteTask } from './writer-queue.ts';

type WriterState =
  | { readonly kind: 'open' }
  | { readonly kind: 'closing' }
  | { readonly kind: 'closed'; readonly cause: unknown };

export interface SegmentWriterOptions {
  readonly folder: string;
  readonly tag: Uint8Array;
}

export interface SegmentWriterDeps {
  readonly io: FileIo;
  readonly index: ChunkIndex;
  readonly pool: SegmentPool;
  /** Called once, when an index that contradicts itself has to be made anew at the next start. */
  readonly condemnIndex: () => Promise<void>;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #deps: SegmentWriterDeps;
  readonly #queue = new WriterQueue();
  #running: Promise<void> | undefined;
  #stocking: Promise<void> | undefined;
  #state: WriterState = { kind: 'open' };
  #active: ActiveSegment | undefined;

  constructor(options: SegmentWriterOptions, deps: SegmentWriterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get state(): WriterState['kind'] {
    return this.#state.kind;
  }

  get activeSlot(): number | undefined {
    return this.#active?.slot;
  }

  /** Bytes that still fit the segment in use. */
  get roomBytes(): number {
    return this.#active?.roomBytes ?? 0;
  }

  /** Goes on where the last run stopped, with a generation of its own. Only before the first task. */
  async resume(place: { readonly slot: number; readonly tail: number }): Promise<void> {
    await this.#openActive({ ...place, generation: this.#deps.pool.nextGeneration() });
  }

  /** Resolves with the answer when what was decided is durable. */
  submit<Answer>(task: WriteTask<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const decide = (change: IndexChange): Decision<() => void> => {
        const decision = task.decide(change);
        return { ...decision, answer: () => resolve(decision.answer) };
      };
      this.#enqueue({ bytes: task.bytes + taskBytes, fail: reject, work: { kind: 'group', task: { ...task, decide } } });
    });
  }

  /** Runs `run` when nothing else of this writer runs; only then may others commit to the index. */
  alone<Answer>(bytes: number, run: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const work = { kind: 'alone', run: async () => { const answer = await run(); return () => resolve(answer); } } as const;
      this.#enqueue({ bytes: bytes + taskBytes, fail: reject, work });
    });
  }

  mustBeOpen(): void {
    if (this.#state.kind !== 'open') throw this.#closedError();
  }

  /** For calls that submit several tasks: all of them fit, or none is begun. */
  mustHaveRoom(bytes: number): void {
    this.#queue.mustHaveRoom(bytes);
  }

  /** Makes a spare segment beside the writer's work. */
  stockUp(): void {
    // A failure is remembered by the pool and met by the writer when it needs a segment.
    this.#stocking ??= this.#deps.pool.stockUp().catch(() => undefined).finally(() => { this.#stocking = undefined; });
  }

  /** Finishes what waits, then closes. */
  async close(): Promise<void> {
    if (this.#state.kind === 'open') this.#state = { kind: 'closing' };
    await this.#running;
    await this.#stocking;
    await this.#deps.pool.close();
    await this.#active?.close().catch(() => undefined);
    if (this.#state.kind === 'closing') this.#state = { kind: 'closed', cause: undefined };
  }

  #enqueue(waiting: Waiting): void {
    this.mustBeOpen();
    this.#queue.add(waiting);
    this.#running ??= this.#run();
  }

  #closedError(): OffshoreError {
    const cause = this.#state.kind === 'closed' ? this.#state.cause : undefined;
    return new OffshoreError('store-closed', { folder: this.#options.folder }, cause === undefined ? {} : { cause });
  }

  /** No write is begun after this (S7). The cause is told to everyone who waits. */
  async #fail(cause: unknown): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#state = { kind: 'closed', cause };
    for (const each of this.#queue.takeAll()) each.fail(this.#closedError());
    if (isOffshoreError(cause, 'state-damaged')) await this.#deps.condemnIndex().catch(() => undefined);
  }

  async #run(): Promise<void> {
    // Callers of one turn of the event loop join the first group.
    await Promise.resolve();
    while (!this.#queue.isEmpty) {
      const taken: Waiting[] = [];
      try {
        if (this.#queue.first?.work.kind === 'alone') await this.#runAlone(taken);
        else await this.#writeGroup(taken);
      } catch (error) {
        await this.#fail(error);
        // A bug goes to whoever called, so that it ends the process; a disk error is one of the expected answers.
        for (const each of taken) each.fail(error instanceof AssertionError ? error : this.#closedError());
      }
    }
    // In the same turn as the last look at the queue: a task added later starts the next run.
    this.#running = undefined;
  }

  async #runAlone(taken: Waiting[]): Promise<void> {
    const first = this.#queue.take();
    taken.push(first);
    assert(first.work.kind === 'alone', 'only work of its own kind runs alone');
    let answer: () => void;
    try {
      answer = await first.work.run();
    } catch (error) {
      // What the caller asked for was wrong; the store is not.
      if (!isOffshoreError(error, 'bad-answer')) throw error;
      first.fail(error);
      return;
    }
    answer();
  }

  /** One group: as many waiting tasks as fit the bounds and the segment; the rest is the next group. */
  async #writeGroup(taken: Waiting[]): Promise<void> {
    const candidates = this.#queue.group();
    const change = await this.#deps.index.begin({
      chunks: candidates.flatMap(({ keys }) => keys),
      wanted: candidates.flatMap(({ purpose, keys }) => (purpose === 'put' ? keys : [])),
    });
    const answers: (() => void)[] = [];
    for (const { purpose, decide } of candidates) {
      const decision = decide(change);
      if (decision.record !== undefined) {
        const added = { record: decision.record, meta: encodeMeta(decision.record), body: decision.body ?? [] };
        const room = await this.#room(sizeOf(added), purpose, answers.length > 0 ? 'group' : 'nothing');
        if (room === 'next-group') break;
        if (room === 'moved') return;
        if (room === 'full') {
          this.#queue.take().fail(new OffshoreError('disk-full', { folder: this.#options.folder }));
          continue;
        }
        applyRecord(change, room.append(added));
      }
      decision.change?.(change);
      taken.push(this.#queue.take());
      answers.push(decision.answer);
    }
    await this.#active?.makeDurable();
    await this.#deps.index.commit(change, 'unsynced');
    for (const answer of answers) answer();
  }

  /** Where the record can go. `pending` says whether the group holds anything that must be finished before the segment changes. */
  async #room(bytes: number, purpose: Purpose, pending: 'group' | 'nothing'): Promise<ActiveSegment | 'next-group' | 'moved' | 'full'> {
    const pool = this.#deps.pool;
    if (purpose === 'put' && !pool.putsAllowed) {
      await pool.refresh();
      if (!pool.putsAllowed) return 'full';
    }
    if (this.#active !== undefined && bytes <= this.#active.roomBytes) return this.#active;
    if (pending === 'group') return 'next-group';
    const slot = await pool.take(purpose);
    if (slot === undefined) return 'full';
    await this.#activate(slot);
    return 'moved';
  }

  /** The index learns of a segment durably before its first record: start-up replays only the segment it knows as the last. */
  async #activate(slot: number): Promise<void> {
    const { index, pool } = this.#deps;
    await this.#active?.close();
    this.#active = undefined;
    const generation = pool.nextGeneration();
    const change = await index.begin();
    change.setSegment(slot, { generation, lastOffset: 0, tail: beginBytes, heldBytes: 0, quarantinedBytes: 0 });
    await index.commit(change, 'synced');
    await this.#openActive({ slot, generation, tail: beginBytes });
    this.stockUp();
  }

  async #openActive(place: { readonly slot: number; readonly generation: number; readonly tail: number }): Promise<void> {
    const { io, pool } = this.#deps;
    const handle = await io.open(segmentPath(this.#options.folder, place.slot), 'update');
    this.#active = new ActiveSegment({ ...place, bytes: pool.sizeOf(place.slot), tag: this.#options.tag }, handle);
  }
}
