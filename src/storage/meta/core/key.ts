// Keys of the state as strings of code units 0 to 255: they hash, compare and concatenate fast, and sort as their bytes do.
// Only the edge turns them into bytes. Every key starts with 'm', group (u16) and table (u8): `architecture.md` 9.

import { assert } from '../../../base/assert.ts';
import type { Brand } from '../../../base/brand.ts';
import { DecodeError } from '../../../base/codec.ts';
import { decodeUtf8, encodeUtf8 } from '../../../base/utf8.ts';

export type Key = Brand<string, 'Key'>;

/** First byte of every key: not the one that the guard of the store keeps for itself. */
const mark = 'm';
/** Where the table's number stands in a key, and where the rest begins. */
export const tableAt = 3;
export const bodyAt = 4;

export function keyHead(group: number, table: number): string {
  assert(group > 0 && group <= 0xffff && table > 0 && table < 32, 'group is a u16, table below 32');
  return mark + u16(group) + String.fromCharCode(table);
}

export function u16(value: number): string {
  return String.fromCharCode(value >>> 8, value & 255);
}

export function u32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

export function u64(value: number): string {
  const high = Math.floor(value / 0x1_0000_0000);
  return u32(high) + u32(value >>> 0);
}

const plainName = /^[\u0001-\u007f]*$/;

/** UTF-8 bytes of a well-formed text. */
export function utf8(text: string): string {
  return plainName.test(text) ? text : fromBytes(encodeUtf8(text));
}

/** Two code units a byte of hex become one. */
export function hex(text: string): string {
  let key = '';
  for (let i = 0; i < text.length; i += 2) key += String.fromCharCode(digit(text.charCodeAt(i)) * 16 + digit(text.charCodeAt(i + 1)));
  return key;
}

function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

export function fromBytes(bytes: Uint8Array): Key {
  let text = '';
  for (let at = 0; at < bytes.length; at += 1024) text += String.fromCharCode(...bytes.subarray(at, at + 1024));
  return text as Key;
}

export function toBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i += 1) bytes[i] = key.charCodeAt(i);
  return bytes;
}

export function readU16(key: string, at: number): number {
  if (at + 2 > key.length) throw new DecodeError('key ends too early');
  return key.charCodeAt(at) * 256 + key.charCodeAt(at + 1);
}

export function readU32(key: string, at: number): number {
  return readU16(key, at) * 0x1_0000 + readU16(key, at + 2);
}

export function readU64(key: string, at: number): number {
  const value = readU32(key, at) * 0x1_0000_0000 + readU32(key, at + 4);
  if (!Number.isSafeInteger(value)) throw new DecodeError('number in a key is beyond 2^53');
  return value;
}

/** `length` bytes of a key as hex. */
export function readHex(key: string, at: number, length: number): string {
  if (at + length > key.length) throw new DecodeError('key ends too early');
  let text = '';
  for (let i = at; i < at + length; i += 1) text += key.charCodeAt(i).toString(16).padStart(2, '0');
  return text;
}

export function readUtf8(key: string, at: number, end = key.length): string {
  const raw = key.slice(at, end);
  if (plainName.test(raw)) return raw;
  const text = decodeUtf8(toBytes(raw));
  if (text === undefined) throw new DecodeError('name in a key is not UTF-8');
  return text;
}
