// Composite keys that sort as their parts do: integers big endian, text and bytes with an end mark that sorts below every content.
// Each kind of row has its own prefix byte; what follows is the business of whoever owns the rows.

import { assert } from '../../../base/assert.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import { decodeUtf8, encodeUtf8 } from '../../../base/utf8.ts';

// Marks as in CockroachDB's key encoding: a zero byte of the content becomes 00 ff, the end is 00 01, which sorts below it.
const zero = 0x00;
const escapedZero = 0xff;
const endOfBytes = 0x01;

/** `key(prefix).u64(ino).text(name).finish()`. */
export function key(prefix: number): KeyBuilder {
  return new KeyBuilder().u8(prefix);
}

export class KeyBuilder {
  readonly #writer = new ByteWriter(48);

  u8(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff, 'u8 takes 0 to 255');
    this.#writer.u8(value);
    return this;
  }

  u16(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, 'u16 takes 0 to 65535');
    this.#writer.u16(value);
    return this;
  }

  u32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, 'u32 takes 0 to 2^32 - 1');
    this.#writer.u32(value);
    return this;
  }

  /** A safe integer as 64 bits. */
  u64(value: number): this {
    this.#writer.u64(value);
    return this;
  }

  /** Bytes as they are: of a fixed length, or the last part. */
  raw(bytes: Uint8Array): this {
    this.#writer.raw(bytes);
    return this;
  }

  /** Text without NUL, ended by one: sorts by code point, a prefix before what it begins. */
  text(text: string): this {
    const bytes = encodeUtf8(text);
    assert(!bytes.includes(zero), 'text in a key holds no NUL');
    this.#writer.raw(bytes).u8(zero);
    return this;
  }

  /** Bytes of any content and length with parts after them. */
  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) {
      this.#writer.u8(byte);
      if (byte === zero) this.#writer.u8(escapedZero);
    }
    this.#writer.u8(zero).u8(endOfBytes);
    return this;
  }

  /** The builder must not be used afterwards. */
  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** Reads the parts in the order they were written; every surprise is a DecodeError. */
export class KeyReader {
  readonly #reader: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  u8(): number {
    return this.#reader.u8();
  }

  u16(): number {
    return this.#reader.u16();
  }

  u32(): number {
    return this.#reader.u32();
  }

  u64(): number {
    return this.#reader.u64();
  }

  raw(length: number): Uint8Array {
    return this.#reader.raw(length);
  }

  /** All that is left, for a raw last part. */
  rest(): Uint8Array {
    return this.#reader.raw(this.#reader.remaining);
  }

  text(): string {
    const bytes: number[] = [];
    for (let byte = this.u8(); byte !== zero; byte = this.u8()) bytes.push(byte);
    const text = decodeUtf8(Uint8Array.from(bytes));
    if (text === undefined) throw new DecodeError('text in a key is not UTF-8');
    return text;
  }

  bytes(): Uint8Array {
    const bytes: number[] = [];
    for (;;) {
      const byte = this.u8();
      if (byte !== zero) {
        bytes.push(byte);
        continue;
      }
      const mark = this.u8();
      if (mark === endOfBytes) return Uint8Array.from(bytes);
      if (mark !== escapedZero) throw new DecodeError('bytes in a key hold an unknown mark');
      bytes.push(zero);
    }
  }

  /** A key ends where its parts end. */
  end(): void {
    this.#reader.end();
  }
}
