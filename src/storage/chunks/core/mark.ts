// What the feed said about a held chunk. A mark says what to report, to fetch and to ask about; it never decides a deletion.

import type { LogIndex } from '../../../base/ids.ts';

/** `condemned` keeps the index of the condemnation: a stamp from there on voids it. */
export type Mark = { readonly kind: 'fresh' } | { readonly kind: 'live' } | { readonly kind: 'condemned'; readonly at: LogIndex };

/** A stamp at or after the condemnation voids it: someone counts on the chunk again (`architecture.md` 6). */
export function restamped(mark: Mark, stamp: LogIndex): Mark {
  return mark.kind === 'condemned' && stamp >= mark.at ? { kind: 'fresh' } : mark;
}
