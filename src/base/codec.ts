// Binary encoding of frozen formats: log entries, records of the state, segments, snapshots, frames.
// Integers are big endian so that encoded keys sort by value. A reader never trusts its input: every failure is a DecodeError.

import { assert } from './assert.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** The bytes are not what the format says; they are damaged or from a stranger. Never a bug of the reader. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Grows as it is written to; `finish` hands the bytes out once. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(expectedBytes = 256) {
    this.#bytes = new Uint8Array(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** A safe integer as 64 bits, unsigned. */
  u64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'u64 takes a safe integer at or above 0');
    const at = this.#grow(8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
    return this;
  }

  /** LEB128 of a safe integer at or above 0: 1 to 8 bytes. */
  varint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint takes a safe integer at or above 0');
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  /** Bytes without a length: the reader must know how many there are. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Length as varint, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  text(text: string): this {
    return this.bytes(encodeUtf8(text));
  }

  /** Overwrites four bytes written before, for a length or checksum known only at the end. */
  patchU32(at: number, value: number): this {
    assert(at + 4 <= this.#length, 'patch lies inside what was written');
    this.#view.setUint32(at, value);
    return this;
  }

  /** What was written, without a copy; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): number {
    const at = this.#length;
    const needed = at + by;
    if (needed > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      bigger.set(this.#bytes.subarray(0, at));
      this.#bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    this.#length = needed;
    return at;
  }
}

/** Reads what ByteWriter wrote. Byte arrays it returns share memory with the input. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) throw new DecodeError('64-bit number is beyond 2^53');
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new DecodeError('variable-length number is beyond 2^53');
        return value;
      }
      scale *= 0x80;
    }
    throw new DecodeError('variable-length number is too long');
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    const text = decodeUtf8(this.bytes());
    if (text === undefined) throw new DecodeError('text is not UTF-8');
    return text;
  }

  /** A count that must not exceed what the rest of the input could hold at `bytesEach`; stops absurd allocations. */
  count(bytesEach = 1): number {
    const count = this.varint();
    if (count * bytesEach > this.remaining) throw new DecodeError('count is larger than the input');
    return count;
  }

  /** Every format ends where its bytes end. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes after the end`);
  }

  #take(length: number): number {
    if (length > this.remaining) throw new DecodeError('input ends too early');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
