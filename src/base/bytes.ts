// Plain operations on byte arrays: hex, comparison, joining, UTF-8.

import { assert } from './assert.ts';

export const emptyBytes: Uint8Array = new Uint8Array(0);

const hexDigits = '0123456789abcdef';
const hexPairs: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15),
);

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) text += hexPairs[bytes[i] as number];
  return text;
}

/** Bytes of a hex text; the text must have been checked before (`isHex`). */
export function fromHex(text: string): Uint8Array {
  assert(text.length % 2 === 0, 'hex text has an even number of digits');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const value = hexValue(text.charCodeAt(2 * i)) * 16 + hexValue(text.charCodeAt(2 * i + 1));
    bytes[i] = value;
  }
  return bytes;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  assert(false, 'hex text holds lower-case hex digits only');
}

/** True for exactly `digits` lower-case hex digits. */
export function isHex(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9a-f]*$/.test(text);
}

/** Order by unsigned byte, shorter first when one is a prefix: the order of LevelDB. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}

/** One array with the parts in order; a single part is returned as it is. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const joined = new Uint8Array(totalBytes(parts));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function totalBytes(parts: readonly Uint8Array[]): number {
  let total = 0;
  for (const part of parts) total += part.length;
  return total;
}

/** The smallest key above every key with this prefix; undefined when the prefix is all 0xff. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let i = prefix.length - 1; i >= 0; i -= 1) {
    const byte = prefix[i] as number;
    if (byte !== 0xff) {
      const bound = prefix.slice(0, i + 1);
      bound[i] = byte + 1;
      return bound;
    }
  }
  return undefined;
}
