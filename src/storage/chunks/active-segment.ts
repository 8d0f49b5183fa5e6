// The segment that is appended to: gives records their places, and makes a group of them durable at once. Owns the one handle
// that ever writes into the file; after a failed write or sync it must not be used again.

import { concatBytes } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import type { FileHandle } from '../file-io.ts';
import type { WrittenRecord } from './apply-record.ts';
import { encodeRecordHead, recordBytes, type Location, type SegmentRecord } from './core/record-format.ts';

export interface RecordToAppend {
  readonly record: SegmentRecord;
  readonly meta: Uint8Array;
  readonly body: readonly Uint8Array[];
}

export interface ActiveSegmentOptions {
  readonly slot: number;
  /** Of this run: every record that is appended carries it. */
  readonly generation: number;
  /** Size of the file. */
  readonly bytes: number;
  readonly tail: number;
  readonly tag: Uint8Array;
}

/** Bytes the record takes, padding included. */
export function sizeOf({ record, meta }: RecordToAppend): number {
  return recordBytes({ metaBytes: meta.length, bodyBytes: record.kind === 'put' ? record.bytes : 0 });
}

export class ActiveSegment {
  readonly #options: ActiveSegmentOptions;
  readonly #handle: FileHandle;
  /** Appended and not written yet, from `#durable` to `#tail`. */
  #parts: Uint8Array[] = [];
  #durable: number;
  #tail: number;

  constructor(options: ActiveSegmentOptions, handle: FileHandle) {
    this.#options = options;
    this.#handle = handle;
    this.#durable = options.tail;
    this.#tail = options.tail;
  }

  get slot(): number {
    return this.#options.slot;
  }

  get roomBytes(): number {
    return this.#options.bytes - this.#tail;
  }

  /** Where the record will be; nothing is written before `makeDurable`. */
  append(added: RecordToAppend): WrittenRecord {
    const { record, meta, body } = added;
    const at: Location = { slot: this.slot, generation: this.#options.generation, offset: this.#tail };
    const head = encodeRecordHead(record, meta, at, this.#options.tag);
    const bodyBytes = record.kind === 'put' ? record.bytes : 0;
    this.#tail += sizeOf(added);
    this.#parts.push(head, ...body, new Uint8Array(this.#tail - at.offset - head.length - bodyBytes));
    return { record, at, metaBytes: meta.length, end: this.#tail };
  }

  /** One write and one fsync for everything appended since the last call. */
  async makeDurable(): Promise<void> {
    if (this.#parts.length === 0) return;
    const parts = joinSmall(this.#parts);
    this.#parts = [];
    await this.#handle.write(this.#durable, parts);
    await this.#handle.sync();
    this.#durable = this.#tail;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Many small parts cost more as a vector than as a copy; bodies of some size are written as they are. */
function joinSmall(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length <= limits.copiedPartBytesMax) {
      small.push(part);
      continue;
    }
    joined.push(concatBytes(small), part);
    small = [];
  }
  joined.push(concatBytes(small));
  return joined.filter((part) => part.length > 0);
}
