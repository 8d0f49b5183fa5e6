// Empties quarantine: what was deleted more than a day ago for good, and under a full disk the oldest first whatever its age.
// Nothing but the marks go here; the bytes go when their segment is recycled.

import { limits } from '../../base/limits.ts';
import type { ChunkIndex } from './chunk-index.ts';

/** How much may go: what is old enough, or also younger ones because the disk is full. */
export type Pressure = 'none' | 'full';

/** One batch, oldest first; answers how many went. Only in the writer's turn. */
export async function emptyQuarantine(index: ChunkIndex, wallMs: number, pressure: Pressure): Promise<number> {
  const oldest = await index.oldestQuarantined(limits.indexBatchRows);
  const going = oldest.filter(({ sinceMs }) => pressure === 'full' || wallMs - sinceMs >= limits.quarantineMs);
  if (going.length === 0) return 0;
  const change = await index.begin();
  for (const row of going) change.removeQuarantine(row);
  await index.commit(change, 'unsynced');
  return going.length;
}
