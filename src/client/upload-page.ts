// One page of a manifest while its chunks are on their way. Data and small rules; it sends nothing.

import { assert, mustExist } from '../base/assert.ts';
import type { PageId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { ManifestEntry } from '../model/manifest.ts';

export class UploadPage {
  readonly number: number;
  /** In the order of the file; those under way are missing. */
  readonly #entries: (ManifestEntry | undefined)[] = [];
  readonly #copies: number[] = [];
  #done = 0;
  /** Its name once the trackers hold it. */
  staged: PageId | undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** Every entry; only when none is under way any more. */
  get entries(): readonly ManifestEntry[] {
    return Array.from({ length: this.#entries.length }, (_, i) => mustExist(this.#entries[i], 'no chunk of the page is under way'));
  }

  /** Fewest copies of any chunk; undefined when there are holes only. */
  get copies(): number | undefined {
    const counts = this.#copies.filter((count) => count > 0);
    return counts.length === 0 ? undefined : Math.min(...counts);
  }

  /** A chunk arrived, or its copies were counted anew. `full` once: for the chunk that completes a full page. */
  set(at: number, entry: ManifestEntry, copies: number): 'full' | 'open' {
    assert(at < limits.pageEntriesMax, 'a page has 256 entries');
    const isNew = this.#entries[at] === undefined;
    this.#entries[at] = entry;
    this.#copies[at] = copies;
    if (!isNew) return 'open';
    this.#done += 1;
    return this.#done === limits.pageEntriesMax ? 'full' : 'open';
  }
}
