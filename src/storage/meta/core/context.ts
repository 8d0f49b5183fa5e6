// What apply knows while it applies one entry: the draft, the entry's place and times, and what the running operation has touched.
// The only mutable fields are counters that `batch.ts` saves and restores around each operation.

import { OffshoreError, type ErrorDetails } from '../../../base/errors.ts';
import type { ErrorCodeName } from '../../../base/error-codes.ts';
import type { ClusterAge, LogIndex, WallMillis } from '../../../base/ids.ts';
import type { Sha256 } from '../../../model/chunk.ts';
import type { Draft } from './draft.ts';
import type { Since } from './record-parts.ts';
import type { RecordName } from './records-names.ts';
import type { Settings } from './settings.ts';

export interface Context {
  readonly draft: Draft;
  readonly sha256: Sha256;
  readonly index: LogIndex;
  readonly wallMs: WallMillis;
  /** Largest cluster age of any entry up to this one. */
  readonly age: ClusterAge;
  readonly salt: Uint8Array;
  readonly settings: Settings;
  /** Stamps below it are older than the horizon. */
  readonly horizon: LogIndex;
  /** Ordinal of the running operation within the entry. */
  position: number;
  /** Feed events of the entry so far. */
  feedEvents: number;
  /** Versioned records the running operation wrote, each once, by the body of their history keys. */
  touched: Map<string, RecordName>;
}

export function now(context: Context): Since {
  return { index: context.index, position: context.position };
}

/** To be thrown: ends the operation with this code and takes back what it wrote. */
export function refusal(code: ErrorCodeName, details: ErrorDetails = {}): OffshoreError {
  return new OffshoreError(code, details);
}
