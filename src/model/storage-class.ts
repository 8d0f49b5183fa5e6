// Storage classes: how the chunks of a file survive. A class is written into every file version and never changes there.

import { assert, unreachable } from '../base/assert.ts';
import type { Brand } from '../base/brand.ts';
import { limits } from '../base/limits.ts';

export type StorageClass =
  | { readonly kind: 'copies'; readonly copies: number }
  | { readonly kind: 'ec'; readonly data: number; readonly parity: number };

/** A class as 16 bits, for keys and records: copies=N is N, ec=K+M is 0x8000 + K * 128 + M. */
export type ClassCode = Brand<number, 'ClassCode'>;

export const defaultClass: StorageClass = { kind: 'copies', copies: 3 };

/** `copies=3` or `ec=4+2`; undefined when the text is neither or out of range. */
export function parseStorageClass(text: string): StorageClass | undefined {
  const copies = /^copies=(\d{1,2})$/.exec(text);
  if (copies !== null) {
    const count = Number(copies[1]);
    return count >= 1 && count <= limits.copiesMax ? { kind: 'copies', copies: count } : undefined;
  }
  const ec = /^ec=(\d{1,2})\+(\d{1,2})$/.exec(text);
  if (ec === null) return undefined;
  const data = Number(ec[1]);
  const parity = Number(ec[2]);
  return data >= 2 && data <= 16 && parity >= 1 && parity <= 4 ? { kind: 'ec', data, parity } : undefined;
}

export function formatStorageClass(storageClass: StorageClass): string {
  switch (storageClass.kind) {
    case 'copies': return `copies=${storageClass.copies}`;
    case 'ec': return `ec=${storageClass.data}+${storageClass.parity}`;
    default: return unreachable(storageClass);
  }
}

export function classCode(storageClass: StorageClass): ClassCode {
  switch (storageClass.kind) {
    case 'copies': return storageClass.copies as ClassCode;
    case 'ec': return (0x8000 + storageClass.data * 128 + storageClass.parity) as ClassCode;
    default: return unreachable(storageClass);
  }
}

export function fromClassCode(code: ClassCode): StorageClass {
  if (code < 0x8000) {
    assert(code >= 1 && code <= limits.copiesMax, 'class code names a number of copies');
    return { kind: 'copies', copies: code };
  }
  return { kind: 'ec', data: (code - 0x8000) >> 7, parity: (code - 0x8000) & 127 };
}

/** How many seeders a full list has. */
export function widthOf(storageClass: StorageClass): number {
  return storageClass.kind === 'copies' ? storageClass.copies : storageClass.data + storageClass.parity;
}

/** How many copies (shards) must be durable before a write is acknowledged, given how many seeders the list has. */
export function minDurable(storageClass: StorageClass, seedersInList: number): number {
  return storageClass.kind === 'copies' ? Math.min(2, seedersInList) : storageClass.data + 1;
}
