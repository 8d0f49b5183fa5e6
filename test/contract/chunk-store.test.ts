import type { Incarnation } from '../../src/base/ids.ts';
import { MiB } from '../../src/base/limits.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { openSegmentChunkStore, type SegmentChunkStoreDeps } from '../../src/storage/chunks/segment-chunk-store.ts';
import { MemoryChunkStore } from '../../src/storage/chunks/memory-chunk-store.ts';
import { segmentsFolder } from '../../src/storage/chunks/segment-pool.ts';
import type { FileIo } from '../../src/storage/file-io.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { withTempFolder } from '../support/temp-folder.ts';
import { chunkStoreContract, sha256, testCluster, type ChunkStoreKit, type TestChunk } from './chunk-store.ts';

async function withSegments(folder: string, io: FileIo, openIndex: SegmentChunkStoreDeps['openIndex'], use: (kit: ChunkStoreKit) => Promise<void>): Promise<void> {
  const clock = new ManualClock({ wallMs: 1_700_000_000_000 });
  const options = { folder, cluster: testCluster, incarnation: 'a7'.repeat(16) as Incarnation, segmentBytes: 1 * MiB, floorBytes: 0 };
  const store = await openSegmentChunkStore(options, { io, clock, sha256, openIndex });
  try {
    await use({ store, clock, damage: (chunk) => flipBitOf(folder, io, chunk) });
  } finally {
    await store.close();
  }
}

/** Finds the body in the segment files and flips its first bit. */
async function flipBitOf(folder: string, io: FileIo, chunk: TestChunk): Promise<void> {
  for (const name of await io.list(segmentsFolder(folder))) {
    const path = `${segmentsFolder(folder)}/${name}`;
    const found = Buffer.from((await io.readFile(path)) ?? []).indexOf(chunk.body.subarray(0, 256));
    if (found < 0) continue;
    const handle = await io.open(path, 'update');
    await handle.write(found, [Uint8Array.of((chunk.body[0] ?? 0) ^ 1)]);
    await handle.close();
    return;
  }
}

chunkStoreContract({
  name: 'memory',
  withStore: async (use) => {
    const clock = new ManualClock({ wallMs: 1_700_000_000_000 });
    const store = new MemoryChunkStore({ cluster: testCluster }, { clock, sha256 });
    await use({ store, clock, damage: async ({ key }) => store.flipBit(key, 0) });
  },
});

chunkStoreContract({
  name: 'segments in memory',
  withStore: (use) => {
    const kv = new MemoryKvDisk();
    return withSegments('/store', new MemoryFileIo(), (folder) => openGuardedKv(kv.open, folder), use);
  },
});

chunkStoreContract({
  name: 'segments on disk',
  withStore: (use) => withTempFolder((folder) => withSegments(folder, nodeFileIo(), (path) => openGuardedKv(openLevelKv, path), use)),
});
