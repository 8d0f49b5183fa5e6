// Bytes as a quoted text, with the escapes of Go's %q, which the conformance files use. For display only.

import { toHex } from '../../base/bytes.ts';
import { decodeUtf8 } from '../../base/utf8.ts';

const named: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
};

export function quoteBytes(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) return `"${toHex(bytes).replaceAll(/../g, '\\x$&')}"`;
  return `"${text.replaceAll(/["\\\u0000-\u001f\u007f]/g, (character) => named[character] ?? `\\x${toHex(new Uint8Array([character.charCodeAt(0)]))}`)}"`;
}
