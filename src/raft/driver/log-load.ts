// Reads a log from its key-value store when it is opened, and checks that nothing is missing: the chain of batches has no gap, every
// block matches its checksum, and blocks follow each other from the boundary to the end that the last batch wrote down.

import { DecodeError } from '../../base/codec.ts';
import { limits } from '../../base/limits.ts';
import type { Kv, KvEntry, KvRange } from '../../storage/kv/kv.ts';
import type { LogBlocks } from './log-blocks.ts';
import {
  blockRange, decodeBlock, decodeBoundary, decodeHead, decodeLogIdentity, decodeRow, decodeState, keys, rowRange, type Head,
} from './log-records.ts';
import { emptyHardState, logStart } from './log-start.ts';
import type { InstalledState, LogIdentity, LogPlace } from './log-store.ts';

export interface LoadedLog {
  readonly head: Head;
  /** Checksum of the last batch, which the next row names. */
  readonly crc: number;
  readonly identity?: LogIdentity;
  readonly state?: InstalledState;
}

const emptyLog: LoadedLog = { head: { seq: 0, rowFirst: 1, last: logStart, hardState: emptyHardState }, crc: 0 };

/** Throws DecodeError for anything missing or damaged. */
export async function loadLog(kv: Kv, start: (boundary: LogPlace) => LogBlocks): Promise<LoadedLog> {
  const bytes = kv.get(keys.head);
  if (bytes === undefined) {
    if ((await kv.page({}, { entries: 1 })).length > 0) throw new DecodeError('the log has records but no head');
    start(logStart);
    return emptyLog;
  }
  const head = decodeHead(bytes);
  const crc = await checkChain(kv, head);
  const boundary = decodeBoundary(mustBeThere(kv, keys.boundary));
  await loadBlocks(kv, { boundary, head, blocks: start(boundary) });
  return {
    head, crc,
    identity: decodeLogIdentity(mustBeThere(kv, keys.identity)),
    state: decodeState(mustBeThere(kv, keys.state)),
  };
}

/** Every row from the oldest kept to the newest, each naming the checksum of the one before. */
async function checkChain(kv: Kv, head: Head): Promise<number> {
  let expected = head.rowFirst;
  let crcBefore: number | undefined;
  for await (const { key, value } of pages(kv, rowRange)) {
    const row = decodeRow(key, value);
    if (row.n !== expected) throw new DecodeError(`the chain of batches lacks ${expected}`);
    if (crcBefore !== undefined && row.crcBefore !== crcBefore) throw new DecodeError(`batch ${row.n} does not follow ${row.n - 1}`);
    crcBefore = row.crc;
    expected += 1;
  }
  if (crcBefore === undefined || expected !== head.seq + 1) throw new DecodeError(`the chain of batches ends before ${head.seq}`);
  return crcBefore;
}

async function loadBlocks(kv: Kv, log: { readonly boundary: LogPlace; readonly head: Head; readonly blocks: LogBlocks }): Promise<void> {
  const { boundary, head, blocks } = log;
  let expected: number | undefined;
  for await (const { key, value } of pages(kv, blockRange)) {
    const block = decodeBlock(key, value);
    // The first block may begin before the boundary: compaction removes whole blocks only.
    const follows = expected === undefined ? block.first <= boundary.index + 1 && block.last > boundary.index : block.first === expected;
    if (!follows) throw new DecodeError(`the log has a gap before ${block.first}`);
    blocks.adopt(block);
    expected = block.last + 1;
  }
  if (blocks.last.index !== head.last.index || blocks.last.term !== head.last.term) throw new DecodeError(`the log ends at ${blocks.last.index}, not at ${head.last.index}`);
}

/** Deletions leave tombstones behind, so a scan is paged and never holds more than a page. */
async function* pages(kv: Kv, range: KvRange & { readonly from: Uint8Array }): AsyncGenerator<KvEntry> {
  let from = range.from;
  for (;;) {
    const page = await kv.page({ ...range, from }, { entries: 512, bytes: limits.logBlockBytes * 16 });
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    from = successor(last.key);
  }
}

/** The smallest key above this one. */
function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function mustBeThere(kv: Kv, key: Uint8Array): Uint8Array {
  const value = kv.get(key);
  if (value === undefined) throw new DecodeError('a record of the log is gone');
  return value;
}
