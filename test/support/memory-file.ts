// One file of the memory disk: what programs see, and what would be left after a power loss. The difference is the unsynced changes.

import { assert } from '../../src/base/assert.ts';
import { randomInt, type Rng } from '../../src/base/rng.ts';

/** `whole`: a block is on the disk or not. `torn`: a block may also be there up to a byte in its middle. */
export type Tearing = 'whole' | 'torn';

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly bytes: number };

export class MemoryFile {
  readonly #seen = new GrowingBytes();
  readonly #durable = new GrowingBytes();
  #unsynced: Change[] = [];

  get size(): number {
    return this.#seen.length;
  }

  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#seen.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const change: Change = { kind: 'write', offset, bytes: new Uint8Array(bytes) };
    this.#unsynced.push(change);
    this.#seen.write(offset, change.bytes);
  }

  truncate(bytes: number): void {
    this.#unsynced.push({ kind: 'truncate', bytes });
    this.#seen.resize(bytes);
  }

  sync(): void {
    for (const change of this.#unsynced) applyChange(this.#durable, change);
    this.#unsynced = [];
  }

  /** A failed fsync: Linux marks the pages clean, so that a later, successful one does not write them either. */
  failSync(): void {
    this.#unsynced = [];
  }

  flipBit(offset: number, bit: number): void {
    assert(offset < this.size, 'the bit to flip lies inside the file');
    this.#seen.flip(offset, bit);
    if (offset < this.#durable.length) this.#durable.flip(offset, bit);
  }

  /** Power loss: of every unsynced write each block is kept or lost by itself; what is kept becomes durable. */
  crash(rng: Rng, blockBytes: number, tearing: Tearing): void {
    for (const change of this.#unsynced) {
      if (change.kind === 'truncate') {
        if (rng() < 0.5) applyChange(this.#durable, change);
        continue;
      }
      for (const block of blocksOf(change.offset, change.bytes, blockBytes)) {
        if (rng() < 0.5) continue;
        const kept = tearing === 'torn' && rng() < 0.25 ? randomInt(rng, 0, block.bytes.length) : block.bytes.length;
        this.#durable.write(block.offset, block.bytes.subarray(0, kept));
      }
    }
    this.#unsynced = [];
    this.#seen.resize(0);
    this.#seen.write(0, this.#durable.read(0, this.#durable.length));
  }
}

function applyChange(content: GrowingBytes, change: Change): void {
  if (change.kind === 'write') content.write(change.offset, change.bytes);
  else content.resize(change.bytes);
}

/** The parts of a write by block of the disk; blocks lie at multiples of `blockBytes`. */
function* blocksOf(offset: number, bytes: Uint8Array, blockBytes: number): Generator<{ offset: number; bytes: Uint8Array }> {
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(blockBytes - ((offset + at) % blockBytes), bytes.length - at);
    yield { offset: offset + at, bytes: bytes.subarray(at, at + length) };
    at += length;
  }
}

/** Bytes that grow by writing, with zeros in the holes. */
class GrowingBytes {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.#length), Math.min(offset + length, this.#length));
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (offset + bytes.length > this.#length) this.resize(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }

  flip(offset: number, bit: number): void {
    this.#bytes[offset] = (this.#bytes[offset] as number) ^ (1 << bit);
  }

  resize(length: number): void {
    if (length > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      bigger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = bigger;
    } else if (length < this.#length) {
      this.#bytes.fill(0, length, this.#length);
    }
    this.#length = length;
  }
}
