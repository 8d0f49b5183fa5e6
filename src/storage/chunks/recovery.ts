// What a store does before it serves: looks at every segment, opens or rebuilds the index, replays what the index does not
// contain, and lets go of rows whose segment is not there. It writes nothing but the index, and removes only files never used.

import { limits } from '../../base/limits.ts';
import type { FileIo } from '../file-io.ts';
import type { ChunkIndex, HeldChunk } from './chunk-index.ts';
import { familyRange } from './core/index-codec.ts';
import { decodeHeader, headerBytes, sameLocation, type PlacedChunk } from './core/record-format.ts';
import { lastSegment, Replay } from './replay.ts';
import { segmentPath, segmentsFolder, slotOfName, type SegmentFiles } from './segment-pool.ts';
import type { SegmentReader } from './segment-reader.ts';

export interface RecoveryReport {
  readonly index: 'new' | 'known';
  readonly recordsReplayed: number;
  /** Rows let go because their segment, or their place in it, is not there. */
  readonly chunksLost: number;
  /** Whole headers with bodies that do not match: torn or damaged. */
  readonly damaged: readonly PlacedChunk[];
}

export interface Recovered {
  readonly files: SegmentFiles;
  /** The segment to go on with. */
  readonly active: { readonly slot: number; readonly tail: number } | undefined;
  readonly report: RecoveryReport;
}

export interface RecoveryOptions {
  readonly folder: string;
  readonly tag: Uint8Array;
  readonly segmentBytes: number;
}

export interface RecoveryDeps {
  readonly io: FileIo;
  readonly reader: SegmentReader;
  readonly index: ChunkIndex;
}

export async function recover(options: RecoveryOptions, deps: RecoveryDeps, indexState: 'new' | 'known'): Promise<Recovered> {
  const replay = new Replay(options, deps, indexState);
  const sizes = await surveyFiles(options, deps.io);
  const chunksLost = indexState === 'known' ? await dropUnreachable(options, deps, sizes) : 0;
  if (indexState === 'known') await replay.tail(sizes);
  else await replay.everything(sizes);
  await deps.index.flush();
  const last = lastSegment(deps.index);
  const active = last === undefined || (sizes.get(last.slot) ?? 0) < last.row.tail ? undefined : { slot: last.slot, tail: last.row.tail };
  const files = await sortFiles(options, deps, { sizes, generation: replay.generation });
  return { files, active, report: { index: indexState, recordsReplayed: replay.records, chunksLost, damaged: replay.damaged } };
}

async function surveyFiles(options: RecoveryOptions, io: FileIo): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  await io.makeFolder(segmentsFolder(options.folder));
  for (const name of await io.list(segmentsFolder(options.folder))) {
    const slot = slotOfName(name);
    if (slot === undefined) continue;
    const handle = await io.open(segmentPath(options.folder, slot), 'read');
    sizes.set(slot, await handle.size());
    await handle.close();
  }
  return sizes;
}

/** Free are files that the index does not use, that begin properly and are long enough; others not in use were never finished. */
async function sortFiles(options: RecoveryOptions, deps: RecoveryDeps, seen: { readonly sizes: Map<number, number>; readonly generation: number }): Promise<SegmentFiles> {
  const { sizes } = seen;
  const free: number[] = [];
  let generation = seen.generation;
  for (const row of deps.index.segments.values()) generation = Math.max(generation, row.generation);
  for (const slot of [...sizes.keys()]) {
    const begin = decodeHeader(await deps.reader.bytes(slot, 0, headerBytes), { slot, offset: 0, tag: options.tag });
    if (begin !== undefined) generation = Math.max(generation, begin.at.generation);
    if (deps.index.segments.has(slot)) continue;
    if (begin?.kind === 'begin' && (sizes.get(slot) ?? 0) >= options.segmentBytes) {
      free.push(slot);
    } else {
      await deps.reader.forget(slot);
      await deps.io.removeFile(segmentPath(options.folder, slot));
      sizes.delete(slot);
    }
  }
  return { sizes, free, generation };
}

/** Presence, length and tail of every segment that rows point into; rows that fail are let go, so that nobody counts on them. */
async function dropUnreachable(options: RecoveryOptions, deps: RecoveryDeps, sizes: ReadonlyMap<number, number>): Promise<number> {
  const suspects = new Set<number>();
  for (const [slot, row] of deps.index.segments) {
    if (row.lastOffset === 0 && sizes.has(slot)) continue;
    const header = decodeHeader(await deps.reader.bytes(slot, row.lastOffset, headerBytes), { slot, offset: row.lastOffset, tag: options.tag });
    if (header?.at.generation !== row.generation || (sizes.get(slot) ?? 0) < row.tail) suspects.add(slot);
  }
  if (suspects.size === 0) return 0;
  const lost = await dropRows(options, deps, suspects);
  const change = await deps.index.begin();
  for (const slot of suspects) if (!sizes.has(slot)) change.setSegment(slot, undefined);
  await deps.index.commit(change, 'unsynced');
  return lost;
}

async function dropRows(options: RecoveryOptions, deps: RecoveryDeps, suspects: ReadonlySet<number>): Promise<number> {
  let lost = 0;
  let after: HeldChunk | undefined;
  for (;;) {
    const page = await deps.index.heldPage(familyRange('chunk'), after?.key, limits.indexBatchRows);
    const change = await deps.index.begin();
    for (const chunk of page) {
      if (!suspects.has(chunk.row.at.slot) || (await isThere(options, deps, chunk))) continue;
      change.setChunk(chunk.key, undefined);
      if (chunk.row.mark.kind === 'live') change.setWanted(chunk.key, chunk.row.bytes);
      lost += 1;
    }
    await deps.index.commit(change, 'unsynced');
    after = page.at(-1);
    if (after === undefined || page.length < limits.indexBatchRows) return lost;
  }
}

async function isThere(options: RecoveryOptions, deps: RecoveryDeps, { row }: HeldChunk): Promise<boolean> {
  const { slot, offset } = row.at;
  const header = decodeHeader(await deps.reader.bytes(slot, offset, headerBytes), { slot, offset, tag: options.tag });
  if (header === undefined || !sameLocation(header.at, row.at)) return false;
  return row.bytes === 0 || (await deps.reader.bytes(slot, offset + row.headBytes + row.bytes - 1, 1)).length === 1;
}
