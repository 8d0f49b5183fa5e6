// Where the chunks of a file are now: asks every seeder that may have a copy. It reports what they say, not what should be.

import { mapLimit } from '../async/for-each-limit.ts';
import { isOffshoreError } from '../base/errors.ts';
import type { NodeName } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { isManifestAnswer } from '../protocol/validate.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { slicesOfRange } from './core/chunk-plan.ts';
import { inOrder } from './in-order.ts';
import type { LayoutCache } from './layout-cache.ts';
import { ManifestPages } from './manifest-pages.ts';
import type { ChunkPlace } from './remote-files.ts';
import type { SeederClient } from './seeder-client.ts';
import type { TrackerClient } from './tracker-client.ts';

export interface PlacesDeps {
  readonly trackers: TrackerClient;
  readonly layouts: LayoutCache;
  readonly seeders: SeederClient;
  readonly reader: ChunkReader;
}

/** Chunks in the order of the file; holes and inline bytes have no place. */
export async function* placesOf(path: string, deps: PlacesDeps, signal: AbortSignal): AsyncGenerator<ChunkPlace, void, undefined> {
  const { node, content } = await deps.trackers.read('manifest', { path, page: 0, pages: 1 }, isManifestAnswer, signal);
  if (content.kind === 'inline') return;
  const pages = new ManifestPages({ path, node, content }, deps);
  const layout = await deps.layouts.refresh(signal);
  const slices = slicesOfRange({ start: 0, end: node.bytes }, { bytes: node.bytes, chunkBytes: content.chunkBytes });
  const found = inOrder(slices, limits.chunksInFlightDefault, async (slice, inner): Promise<ChunkPlace | undefined> => {
    const entry = await pages.entry(slice.number, inner);
    if (entry.kind === 'hole') return undefined;
    const chunk = { storageClass: content.storageClass, chunk: entry.chunk };
    const copies = deps.reader.copiesOf(chunk, layout);
    const names = await mapLimit(copies, copies.length + 1, async (copy, askSignal) => {
      try {
        return (await deps.seeders.has(copy, chunk, askSignal)) ? copy.name : undefined;
      } catch (error) {
        if (!isOffshoreError(error) || askSignal.aborted) throw error;
        return undefined;
      }
    }, inner);
    return { chunk: entry.chunk, bytes: entry.bytes, seeders: names.filter((name): name is NodeName => name !== undefined).sort() };
  }, signal);
  for await (const place of found) if (place !== undefined) yield place;
}
