// How much room the disk of the data folder has left, judged by two floors (`architecture.md` 4): below the first a tracker proposes only
// what frees or repairs, below the second it takes no appends. Looks at most once in limits.diskCheckMs; never blocks what waits for it.

import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { DiskSpace, FileIo } from '../../storage/file-io.ts';
import type { DiskFloor } from './raft-events.ts';

export class DiskFloors {
  readonly #folder: string;
  readonly #files: FileIo;
  readonly #clock: Clock;
  #floor: DiskFloor = 'ample';
  #lookedMs = -Infinity;
  #looking: 'no' | 'yes' = 'no';

  constructor(options: { readonly folder: string }, deps: { readonly files: FileIo; readonly clock: Clock }) {
    this.#folder = options.folder;
    this.#files = deps.files;
    this.#clock = deps.clock;
  }

  /** As of the last look. */
  get floor(): DiskFloor {
    return this.#floor;
  }

  /** Looks when the last look is old enough. A disk that cannot be asked is judged by its next write. */
  async look(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#looking === 'yes' || nowMs - this.#lookedMs < limits.diskCheckMs) return;
    this.#looking = 'yes';
    this.#lookedMs = nowMs;
    try {
      this.#floor = judgeSpace(await this.#files.space(this.#folder));
    } catch {
      // statfs says nothing about whether a write would succeed, so nothing follows from its failure.
    } finally {
      this.#looking = 'no';
    }
  }
}

/** Each floor is a number of bytes or a share of the disk, whichever is less. */
export function judgeSpace(space: DiskSpace): DiskFloor {
  if (space.freeBytes < Math.min(limits.diskCriticalBytes, limits.diskCriticalShare * space.totalBytes)) return 'critical';
  if (space.freeBytes < Math.min(limits.diskLowBytes, limits.diskLowShare * space.totalBytes)) return 'low';
  return 'ample';
}
