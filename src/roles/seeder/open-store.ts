// Opens the chunk store of a seeder: LevelDB index behind its guards, segments beside it; what recovery found goes to the log.

import type { Clock } from '../../base/clock.ts';
import type { ClusterId, Incarnation } from '../../base/ids.ts';
import type { Logger } from '../../observe/log.ts';
import { sha256Of } from '../../platform/node-crypto.ts';
import { openSegmentChunkStore } from '../../storage/chunks/segment-chunk-store.ts';
import type { ChunkStore } from '../../storage/chunks/chunk-store.ts';
import type { FileIo } from '../../storage/file-io.ts';
import { checkedOpen } from '../../storage/kv/check-level-files.ts';
import { openGuardedKv } from '../../storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../storage/kv/kv-level.ts';

export interface StoreOptions {
  readonly folder: string;
  readonly cluster: ClusterId;
  readonly incarnation: Incarnation;
}

export async function openStore(options: StoreOptions, deps: { readonly files: FileIo; readonly clock: Clock; readonly log: Logger }): Promise<ChunkStore> {
  const { files, clock, log } = deps;
  const startMs = clock.monotonicMs();
  const openIndex = (folder: string): ReturnType<typeof openGuardedKv> => openGuardedKv(checkedOpen(openLevelKv, files), folder);
  const store = await openSegmentChunkStore(options, { io: files, clock, sha256: sha256Of, openIndex });
  const { recovered } = store;
  for (const { key, at } of recovered.damaged) {
    log.warn('chunk.corrupt', { chunk: key.chunk, segment: at.slot, offset: at.offset });
  }
  const space = await store.space();
  const ms = Math.round(clock.monotonicMs() - startMs);
  if (recovered.index === 'new' && recovered.recordsReplayed > 0) log.warn('store.index-rebuilt', { chunks: space.chunks, ms });
  log.info('store.opened', { chunks: space.chunks, bytes: space.chunkBytes, replayed: recovered.recordsReplayed, lost: recovered.chunksLost, ms });
  return store;
}
