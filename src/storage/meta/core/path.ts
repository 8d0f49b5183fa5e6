// Form of paths, names and link targets. Says nothing about what exists; `resolve.ts` does.

import { limits } from '../../../base/limits.ts';
import { refusal } from './context.ts';
import { utf8 } from './key.ts';

/** Names of an absolute path from the root on; the root itself has none. Throws `invalid-name` or `path-too-long`. */
export function parsePath(path: string): string[] {
  if (path.length > limits.pathBytesMax || textBytes(path) > limits.pathBytesMax) throw refusal('path-too-long', { path: beginning(path, 200) });
  if (path === '/') return [];
  if (!path.startsWith('/')) throw refusal('invalid-name', { path });
  const names = path.split('/');
  names.shift();
  for (const name of names) checkName(name, path);
  return names;
}

/** ASCII without NUL: as many bytes as characters, and nothing else to look at. */
const plain = /^[\u0001-\u007f]*$/;

export function checkName(name: string, path: string): void {
  if (name === '' || name === '.' || name === '..') throw refusal('invalid-name', { path, name });
  if (!plain.test(name) && (name.includes('\0') || textBytes(name) > limits.nameBytesMax)) throw refusal('invalid-name', { path, name: beginning(name, 80) });
  if (name.includes('/') || name.length > limits.nameBytesMax) throw refusal('invalid-name', { path, name: beginning(name, 80) });
}

/** A link may say anything but nothing; it is read when it is followed. */
export function checkTarget(target: string, path: string): void {
  if (target === '' || target.includes('\0') || !isWellFormed(target)) throw refusal('invalid-name', { path, target: 'empty or with NUL' });
  if (textBytes(target) > limits.pathBytesMax) throw refusal('path-too-long', { path });
}

const unpaired = /\p{Surrogate}/u;

/** False for a text with half a surrogate pair, which has no UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !unpaired.test(text);
}

/** At most so many code units of a text, for messages; never half a surrogate pair, which nothing could store. */
function beginning(text: string, units: number): string {
  const cut = text.slice(0, units);
  return isWellFormed(cut) ? cut : cut.slice(0, -1);
}

function textBytes(text: string): number {
  if (plain.test(text)) return text.length;
  if (!isWellFormed(text)) throw refusal('invalid-name', { name: 'not UTF-8' });
  return utf8(text).length;
}
