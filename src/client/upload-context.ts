// What every upload of a client shares: its parts and its settings. Data only.

import type { Semaphore } from '../async/semaphore.ts';
import type { Clock } from '../base/clock.ts';
import type { Rng } from '../base/rng.ts';
import type { Sha256 } from '../model/chunk.ts';
import type { ChunkHasher } from './chunk-hasher.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import type { LayoutCache } from './layout-cache.ts';
import type { NewFileClass } from './new-file-class.ts';
import type { ClientSession } from './session.ts';

export interface UploadContext {
  readonly writer: ChunkWriter;
  readonly layouts: LayoutCache;
  readonly session: ClientSession;
  readonly classes: NewFileClass;
  readonly hasher: ChunkHasher;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Bytes of chunks in memory, of all uploads together. */
  readonly budget: Semaphore;
  readonly chunkBytes: number;
  /** How often chunks are sent again after `reupload`. */
  readonly retries: number;
  /** Copies of what the trackers hold: a majority of those this client knows. */
  readonly trackerCopies: () => number;
}
