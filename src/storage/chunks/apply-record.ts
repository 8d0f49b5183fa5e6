// What a record of the segment log does to the index. The writer and recovery both go through here, so that replay
// gives the rows that writing gave. Must decide from the record and the rows alone.

import { unreachable } from '../../base/assert.ts';
import type { LogIndex } from '../../base/ids.ts';
import type { ChunkRow } from './core/index-codec.ts';
import { restamped, type Mark } from './core/mark.ts';
import { headerBytes, sameLocation, type Location, type PutRecord, type SegmentRecord } from './core/record-format.ts';
import type { IndexChange } from './index-change.ts';

export interface WrittenRecord {
  readonly record: SegmentRecord;
  readonly at: Location;
  readonly metaBytes: number;
  /** First byte after it, padding included. */
  readonly end: number;
}

export function applyRecord(change: IndexChange, written: WrittenRecord): void {
  const { record, at } = written;
  change.growSegment(at, written.end);
  switch (record.kind) {
    case 'begin': return;
    case 'put': applyPut(change, record, written); return;
    case 'stamp':
      for (const { key, stamp } of record.stamps) {
        const row = change.chunk(key);
        if (row !== undefined && carriesStamp(row, stamp)) change.setChunk(key, { ...row, stamp, stampSlot: at.slot, mark: restamped(row.mark, stamp) });
      }
      return;
    case 'quarantine':
      for (const { key, at: meant } of record.chunks) {
        const row = change.chunk(key);
        if (row === undefined || !sameLocation(row.at, meant)) continue;
        change.setChunk(key, undefined);
        change.addQuarantine({ key, at: row.at, headBytes: row.headBytes, bytes: row.bytes, sinceMs: record.wallMs, decidedAt: record.decidedAt });
      }
      return;
    case 'drop':
      for (const { key, at: meant } of record.chunks) {
        const row = change.chunk(key);
        if (row === undefined || !sameLocation(row.at, meant)) continue;
        change.setChunk(key, undefined);
        // A live chunk that turned out damaged has to be fetched again.
        if (row.mark.kind === 'live') change.setWanted(key, row.bytes);
      }
      return;
    default: unreachable(record);
  }
}

function applyPut(change: IndexChange, record: PutRecord, written: WrittenRecord): void {
  const before = change.chunk(record.key);
  const stamp = Math.max(record.stamp, before?.stamp ?? 0) as LogIndex;
  const mark: Mark = before !== undefined ? restamped(before.mark, stamp) : change.wanted(record.key) === undefined ? { kind: 'fresh' } : { kind: 'live' };
  change.setWanted(record.key, undefined);
  change.setChunk(record.key, {
    at: written.at,
    headBytes: headerBytes + written.metaBytes,
    bytes: record.bytes,
    stamp,
    stampSlot: stamp > record.stamp ? before?.stampSlot : undefined,
    mark,
    verifiedMs: record.wallMs,
    blockCrcs: record.blockCrcs,
  });
}

/** A later stamp wins; an equal one moves the stamp's place, which is how compaction carries stamps on. */
function carriesStamp(row: ChunkRow, stamp: LogIndex): boolean {
  return stamp > row.stamp || (stamp === row.stamp && row.stampSlot !== undefined);
}
