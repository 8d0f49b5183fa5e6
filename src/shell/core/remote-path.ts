// Remote paths as people write them, made absolute and normal. The tracker refuses `.`, `..` and bad names; here they are
// resolved and refused before anything is sent. `..` is lexical, as in a browser: `cd link/..` is where you were.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodeUtf8 } from '../../base/utf8.ts';

/** Absolute path without `.`, `..`, empty names and trailing slash. Throws `invalid-name`, `path-too-long`. */
export function resolveRemote(cwd: string, typed: string): string {
  const names: string[] = [];
  const all = typed.startsWith('/') ? typed : `${cwd}/${typed}`;
  for (const name of all.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') names.pop();
    else names.push(checkName(name));
  }
  const path = `/${names.join('/')}`;
  if (encodeUtf8(path).length > limits.pathBytesMax) throw new OffshoreError('path-too-long', { path: typed });
  return path;
}

/** The name itself; throws when no file may have it. */
export function checkName(name: string): string {
  if (!isWellFormed(name) || name.includes('\0') || encodeUtf8(name).length > limits.nameBytesMax) throw new OffshoreError('invalid-name', { name });
  return name;
}

/** False for unpaired surrogates: such a string has no UTF-8. */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** Last name of a path; empty for the root. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Path without its last name; the root is its own parent. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

export function joinRemote(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** True when `path` is `directory` or below it. */
export function isWithin(directory: string, path: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** True when what was typed says that a directory is meant. */
export function meansDirectory(typed: string): boolean {
  return /(^|\/)\.{0,2}$/.test(typed) && typed !== '';
}
