// Questions of collection: what may be condemned or forgotten, and what a seeder may delete.

import type { ChunkId, ClusterAge, LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import { horizonIndex } from './core/horizon.ts';
import { readHex, readU16, u64 } from './core/key.ts';
import { clockFact, settingsFact } from './core/records-facts.ts';
import { chunkTable, type ClassChunk, condemnedTable, unreferencedTable } from './core/records-content.ts';
import { defaultSettings } from './core/settings.ts';
import { mustBeFounded, type PinnedView } from './pinned-view.ts';
import type { ChunkVerdict, CondemnableChunk } from './query-types.ts';

export async function condemnable(view: PinnedView, limit: number, grace: 'kept' | 'skipped'): Promise<readonly CondemnableChunk[]> {
  mustBeFounded(view);
  const age = view.get(clockFact, 'only') ?? 0 as ClusterAge;
  const { collectGraceMs } = view.get(settingsFact, 'only') ?? defaultSettings;
  const youngest = grace === 'skipped' ? age : age - collectGraceMs;
  if (youngest < 0) return [];
  const found = await view.scan(unreferencedTable, { to: u64(youngest + 1) }, Math.min(limit, limits.entryChunkRefsMax));
  return found.map(({ body }) => {
    const name = classChunk(body);
    return { ...name, bytes: view.get(chunkTable, name)?.bytes ?? 0 };
  });
}

export async function forgettable(view: PinnedView, limit: number): Promise<readonly ClassChunk[]> {
  mustBeFounded(view);
  const horizon = horizonIndex(view, view.get(clockFact, 'only') ?? 0 as ClusterAge);
  const found = await view.scan(condemnedTable, { to: u64(horizon) }, Math.min(limit, limits.entryChunkRefsMax));
  return found.map(({ body }) => classChunk(body));
}

/** Rows of both tables: a number of 8 bytes, the class, the chunk. */
function classChunk(body: string): ClassChunk {
  return { classCode: readU16(body, 8) as ClassCode, chunk: readHex(body, 10, 32) as ChunkId };
}

export function verdicts(view: PinnedView, classCode: ClassCode, chunks: readonly ChunkId[]): readonly ChunkVerdict[] {
  mustBeFounded(view);
  return chunks.map((chunk): ChunkVerdict => {
    const row = view.get(chunkTable, { classCode, chunk });
    if (row === undefined) return { kind: 'unknown' };
    if (row.count > 0 || row.feed === 'live' || row.condemned === undefined) return { kind: 'live' };
    return { kind: 'condemned', index: row.condemned as LogIndex };
  });
}
