// What the writer decides about chunks: storing, stamping, deleting, dropping, moving. Each decision looks at the rows as they
// are at its turn, which is the chunk's lock: nothing else changes them meanwhile.

import { totalBytes } from '../../base/bytes.ts';
import type { LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ChunkKey } from '../../model/chunk.ts';
import type { ChunkIndex, HeldChunk } from './chunk-index.ts';
import type { ChunkToStore } from './chunk-store.ts';
import { chunkKeyBytes, keyText } from './core/chunk-key-codec.ts';
import type { ChunkRow } from './core/index-codec.ts';
import { sameLocation, type Location, type PlacedChunk } from './core/record-format.ts';
import type { IndexChange } from './index-change.ts';
import type { WriteTask } from './writer-queue.ts';

/** A chunk that was read whole and found intact, at the place where it was then. */
export interface Verified {
  readonly key: ChunkKey;
  readonly at: Location;
}

/** One not verified for a day counts as held only after it was read; a clock that went back verifies more, never less. */
export function needsVerifying(row: ChunkRow, wallMs: number): boolean {
  return wallMs - row.verifiedMs > limits.chunkVerifyAgeMs || row.verifiedMs > wallMs;
}

/** Stores the body, or only stamps what is held already and was verified lately. */
export function putTask(index: ChunkIndex, chunk: ChunkToStore, wallMs: number): WriteTask<void> {
  const { key, blockCrcs } = chunk;
  const bytes = totalBytes(chunk.parts);
  const decide = (change: IndexChange): ReturnType<WriteTask<void>['decide']> => {
    const row = change.chunk(key);
    const stamp = Math.max(chunk.stamp, row?.stamp ?? 0) as LogIndex;
    if (row === undefined || index.isLost(key, row) || needsVerifying(row, wallMs)) {
      return { answer: undefined, record: { kind: 'put', key, stamp, wallMs, bytes, blockCrcs }, body: chunk.parts };
    }
    return stamp === row.stamp ? { answer: undefined } : { answer: undefined, record: { kind: 'stamp', stamps: [{ key, stamp }] } };
  };
  return { purpose: 'put', bytes, keys: [key], decide };
}

/** Stamps those that are held, all in one record. `verified`: what was read for it just now. */
export function touchTask(index: ChunkIndex, touch: { readonly keys: readonly ChunkKey[]; readonly stamp: LogIndex; readonly verified: readonly Verified[]; readonly wallMs: number }): WriteTask<readonly boolean[]> {
  const { keys, stamp, verified, wallMs } = touch;
  const verifiedAt = new Map(verified.map((each) => [keyText(each.key), each.at]));
  const decide = (change: IndexChange): ReturnType<WriteTask<readonly boolean[]>['decide']> => {
    const answer = keys.map((key) => {
      const row = change.chunk(key);
      if (row === undefined || index.isLost(key, row)) return false;
      const at = verifiedAt.get(keyText(key));
      return !needsVerifying(row, wallMs) || (at !== undefined && sameLocation(at, row.at));
    });
    const stamps = keys.filter((key, i) => answer[i] === true && (change.chunk(key)?.stamp ?? 0) < stamp).map((key) => ({ key, stamp }));
    const noted = (changed: IndexChange): void => noteVerified(changed, verified, wallMs);
    return { answer, change: noted, ...(stamps.length === 0 ? {} : { record: { kind: 'stamp', stamps } }) };
  };
  return { purpose: 'upkeep', bytes: keys.length * chunkKeyBytes * 2, keys, decide };
}

export function noteVerified(change: IndexChange, verified: readonly Verified[], wallMs: number): void {
  for (const { key, at } of verified) {
    const row = change.chunk(key);
    if (row !== undefined && sameLocation(row.at, at)) change.setChunk(key, { ...row, verifiedMs: wallMs });
  }
}

/** Takes those to quarantine whose stamp is older than the decision; a later stamp means that somebody counts on the chunk. */
export function quarantineTask(deletion: { readonly keys: readonly ChunkKey[]; readonly decidedAt: LogIndex; readonly wallMs: number }): WriteTask<readonly boolean[]> {
  const { keys, decidedAt, wallMs } = deletion;
  const decide = (change: IndexChange): ReturnType<WriteTask<readonly boolean[]>['decide']> => {
    const chunks: PlacedChunk[] = [];
    const answer = keys.map((key) => {
      const row = change.chunk(key);
      if (row === undefined || row.stamp >= decidedAt) return false;
      chunks.push({ key, at: row.at });
      return true;
    });
    return { answer, ...(chunks.length === 0 ? {} : { record: { kind: 'quarantine', decidedAt, wallMs, chunks } }) };
  };
  return { purpose: 'upkeep', bytes: keys.length * chunkKeyBytes * 2, keys, decide };
}

/** Records that these bytes are damaged, so that a rebuilt index does not count on them either. */
export function dropTask(chunks: readonly PlacedChunk[]): WriteTask<void> {
  return {
    purpose: 'upkeep',
    bytes: chunks.length * chunkKeyBytes * 2,
    keys: chunks.map(({ key }) => key),
    decide: () => ({ answer: undefined, record: { kind: 'drop', chunks } }),
  };
}

/** Writes a chunk again somewhere else, unless it changed since it was read. */
export function moveTask(chunk: HeldChunk, body: Uint8Array, wallMs: number): WriteTask<void> {
  const { key } = chunk;
  const decide = (change: IndexChange): ReturnType<WriteTask<void>['decide']> => {
    const row = change.chunk(key);
    if (row === undefined || !sameLocation(row.at, chunk.row.at)) return { answer: undefined };
    return { answer: undefined, record: { kind: 'put', key, stamp: row.stamp, wallMs, bytes: row.bytes, blockCrcs: row.blockCrcs }, body: [body] };
  };
  return { purpose: 'upkeep', bytes: body.length, keys: [key], decide };
}

/** Carries stamps out of a segment that is to be emptied. */
export function carryStampsTask(slot: number, keys: readonly ChunkKey[]): WriteTask<void> {
  const decide = (change: IndexChange): ReturnType<WriteTask<void>['decide']> => {
    const stamps = keys.flatMap((key) => {
      const row = change.chunk(key);
      return row !== undefined && row.stampSlot === slot ? [{ key, stamp: row.stamp }] : [];
    });
    return { answer: undefined, ...(stamps.length === 0 ? {} : { record: { kind: 'stamp', stamps } }) };
  };
  return { purpose: 'upkeep', bytes: keys.length * chunkKeyBytes * 2, keys, decide };
}
