// Whether the beginning of a file is text that a person can read. The beginning may end inside a character.

import { decodeUtf8 } from '../../base/utf8.ts';

/** The text, or undefined when the bytes are not UTF-8 or hold control characters other than white space. */
export function readableText(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes.subarray(0, bytes.length - unfinishedTail(bytes)));
  return text === undefined || /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
}

/** Bytes at the end that begin a character (RFC 3629) and do not finish it: 0 to 3. */
function unfinishedTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return byte < 0xf5 && needed > back ? back : 0;
  }
  return 0;
}
