// What waits for the writer, bounded by what it keeps in memory: more is refused with `overloaded`. Order is never changed.

import { assert } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ChunkKey } from '../../model/chunk.ts';
import type { SegmentRecord } from './core/record-format.ts';
import type { IndexChange } from './index-change.ts';
import type { Purpose } from './segment-pool.ts';

/** What a task decided. `change` touches rows beside what the record does by itself. */
export interface Decision<Answer> {
  readonly answer: Answer;
  readonly record?: SegmentRecord;
  readonly body?: readonly Uint8Array[];
  readonly change?: (change: IndexChange) => void;
}

export interface WriteTask<Answer> {
  readonly purpose: Purpose;
  /** What it keeps in memory while it waits. */
  readonly bytes: number;
  /** Rows that `decide` will look at. */
  readonly keys: readonly ChunkKey[];
  /** Called once or more before anything of it happens: must only look. */
  readonly decide: (change: IndexChange) => Decision<Answer>;
}

/** A task whose answer is a call that gives it. */
export type GroupTask = WriteTask<() => void>;

export interface Waiting {
  readonly bytes: number;
  readonly fail: (error: unknown) => void;
  readonly work:
    | { readonly kind: 'group'; readonly task: GroupTask }
    | { readonly kind: 'alone'; readonly run: () => Promise<() => void> };
}

/** Per task in memory, however small it is. */
export const taskBytes = 256;

export class WriterQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** Throws `overloaded` when `bytes` more do not fit. */
  mustHaveRoom(bytes: number): void {
    if (this.#bytes + bytes > limits.storeQueueBytesMax) throw new OffshoreError('overloaded', { queuedBytes: this.#bytes });
  }

  add(waiting: Waiting): void {
    this.mustHaveRoom(waiting.bytes);
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes;
  }

  /** What could be one group: tasks from the front, at least one, up to the bound of a group. */
  group(): readonly GroupTask[] {
    const found: GroupTask[] = [];
    let bytes = 0;
    for (const { work, bytes: more } of this.#waiting) {
      if (work.kind === 'alone' || (found.length > 0 && bytes + more > limits.storeGroupBytesMax)) break;
      found.push(work.task);
      bytes += more;
    }
    return found;
  }

  take(): Waiting {
    const first = this.#waiting.shift();
    assert(first !== undefined, 'a task is taken from a queue that has one');
    this.#bytes -= first.bytes;
    return first;
  }

  takeAll(): readonly Waiting[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }
}
