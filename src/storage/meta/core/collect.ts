// Condemns chunks: the one way by which a seeder may ever delete something that was written (`architecture.md` 6, S4).
// A chunk referenced now, or unreferenced for less than the grace, is skipped here whatever the leader saw.

import { assert } from '../../../base/assert.ts';
import type { CommandResult, CondemnItem } from './command.ts';
import type { Context } from './context.ts';
import { emitFeed } from './feed.ts';
import { type ChunkRow, chunkTable, type ClassChunk, condemnedTable, unreferencedTable } from './records-content.ts';

export function condemn(context: Context, chunks: readonly CondemnItem[], grace: 'kept' | 'skipped'): CommandResult {
  let accepted = 0;
  for (const item of chunks) {
    const row = context.draft.get(chunkTable, item);
    if (row !== undefined && (row.count > 0 || !graceOver(context, row, grace))) continue;
    condemnOne(context, item, row);
    accepted += 1;
  }
  return { kind: 'counted', accepted, skipped: chunks.length - accepted };
}

/** A chunk the state does not know was reported by a seeder as fresh for longer than the grace: there is nothing to wait for. */
function graceOver(context: Context, row: ChunkRow, grace: 'kept' | 'skipped'): boolean {
  return row.idle === undefined || grace === 'skipped' || row.idle + context.settings.collectGraceMs <= context.age;
}

function condemnOne(context: Context, item: CondemnItem, row: ChunkRow | undefined): void {
  const { draft } = context;
  const bytes = row?.feed === 'live' ? row.bytes : item.bytes;
  if (row?.idle !== undefined) draft.remove(unreferencedTable, { ...item, idle: row.idle });
  if (row?.condemned !== undefined) draft.remove(condemnedTable, { ...item, index: row.condemned });
  draft.put(chunkTable, item, { count: 0, bytes, feed: 'not-live', condemned: context.index });
  draft.put(condemnedTable, { ...item, index: context.index }, true);
  emitFeed(context, { classCode: item.classCode, chunk: item.chunk, bytes, what: row?.feed === 'live' ? 'condemned-live' : 'condemned-fresh' });
}

/** Forgets condemnations below the horizon: every stamp they could still refuse is refused for its age already. */
export function forgetCondemned(context: Context, chunks: readonly ClassChunk[]): CommandResult {
  const { draft } = context;
  let accepted = 0;
  for (const item of chunks) {
    const row = draft.get(chunkTable, item);
    if (row?.condemned === undefined || row.condemned >= context.horizon) continue;
    const { condemned, ...rest } = row;
    draft.remove(condemnedTable, { ...item, index: condemned });
    if (row.feed === 'live') {
      draft.put(chunkTable, item, rest);
    } else {
      assert(row.count === 0 && row.idle === undefined, 'a condemned chunk has no references');
      draft.remove(chunkTable, item);
    }
    accepted += 1;
  }
  return { kind: 'counted', accepted, skipped: chunks.length - accepted };
}
