// Sizes of entries and cutting lists of them by bytes.

import { totalBytes } from '../../base/bytes.ts';
import type { Entry } from './types.ts';

/** What term, index, type and length of an entry take beside its data, about. */
const entryOverheadBytes = 24;

export function entriesBytes(entries: readonly Entry[]): number {
  return payloadBytes(entries) + entries.length * entryOverheadBytes;
}

/** Data only: an entry without data weighs nothing, so it can never be refused for its size. */
export function payloadBytes(entries: readonly Entry[]): number {
  return entries.length === 1 ? (entries[0] as Entry).data.length : totalBytes(entries.map((entry) => entry.data));
}

/** As many from the front as fit, but at least one. The list itself when all do. */
export function limitEntries(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  for (const [i, entry] of entries.entries()) {
    bytes += entry.data.length + entryOverheadBytes;
    if (i > 0 && bytes > maxBytes) return entries.slice(0, i);
  }
  return entries;
}
