// LevelDB's write-ahead log (doc/log_format.md): blocks of 32 KiB with checksummed fragments of records. LevelDB drops what it
// cannot read and goes on (`raft.md` 2.3, L2); this file tells such damage from a tail that was never completely written.

import { ByteWriter } from '../../../base/codec.ts';
import { concatBytes } from '../../../base/bytes.ts';
import { maskedCrc, readU32 } from './level-checksum.ts';

const blockBytes = 32 * 1024;
const headerBytes = 7;
const fragmentKinds = { 1: 'full', 2: 'first', 3: 'middle', 4: 'last' } as const;
type FragmentKind = (typeof fragmentKinds)[keyof typeof fragmentKinds];

export interface LogFragment {
  readonly at: number;
  readonly kind: FragmentKind;
  readonly payload: Uint8Array;
}

/** `torn`: nothing readable follows the first unreadable place, as after a crash in the middle of an append. */
export type LogCheck =
  | { readonly kind: 'whole' }
  | { readonly kind: 'torn'; readonly at: number }
  | { readonly kind: 'damaged'; readonly at: number };

export function checkLog(bytes: Uint8Array): LogCheck {
  let brokenAt: number | undefined;
  let inRecord = false;
  let recordAt = 0;
  for (const place of placesOf(bytes)) {
    if (place.kind === 'unreadable') {
      brokenAt ??= place.at;
      continue;
    }
    if (brokenAt !== undefined) return { kind: 'damaged', at: brokenAt };
    const continues = place.fragment.kind === 'middle' || place.fragment.kind === 'last';
    if (continues !== inRecord) return { kind: 'damaged', at: place.fragment.at };
    if (!inRecord) recordAt = place.fragment.at;
    inRecord = place.fragment.kind === 'first' || place.fragment.kind === 'middle';
  }
  if (brokenAt !== undefined) return { kind: 'torn', at: brokenAt };
  return inRecord ? { kind: 'torn', at: recordAt } : { kind: 'whole' };
}

/** The records of a whole log, in order. */
export function readLog(bytes: Uint8Array): readonly Uint8Array[] {
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (const place of placesOf(bytes)) {
    if (place.kind === 'unreadable') continue;
    parts.push(place.fragment.payload);
    if (place.fragment.kind === 'full' || place.fragment.kind === 'last') {
      records.push(concatBytes(parts));
      parts = [];
    }
  }
  return records;
}

/** A log with these records, as LevelDB writes it. */
export function writeLog(records: readonly Uint8Array[]): Uint8Array {
  const log = new ByteWriter(blockBytes);
  for (const record of records) {
    let at = 0;
    let fragments = 0;
    do {
      if (blockBytes - (log.length % blockBytes) < headerBytes) log.raw(new Uint8Array(blockBytes - (log.length % blockBytes)));
      const room = blockBytes - (log.length % blockBytes) - headerBytes;
      const payload = record.subarray(at, at + room);
      const ends = at + payload.length === record.length;
      // A first fragment may be empty: when the block has room for a header only.
      const kind = fragments === 0 ? (ends ? 1 : 2) : ends ? 4 : 3;
      const crc = maskedCrc(concatBytes([Uint8Array.of(kind), payload]));
      for (const value of [crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24]) log.u8(value);
      log.u8(payload.length & 255).u8(payload.length >>> 8).u8(kind).raw(payload);
      at += payload.length;
      fragments += 1;
    } while (at < record.length);
  }
  return log.finish();
}

type Place =
  | { readonly kind: 'fragment'; readonly fragment: LogFragment }
  | { readonly kind: 'unreadable'; readonly at: number };

/** Every fragment, and every place where one should be but cannot be read; the search goes on behind it if its length is credible. */
function* placesOf(bytes: Uint8Array): Generator<Place, void> {
  for (let block = 0; block < bytes.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, bytes.length);
    let at = block;
    while (end - at >= headerBytes) {
      const length = (bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8);
      const next = at + headerBytes + length;
      const kind = fragmentKinds[bytes[at + 6] as keyof typeof fragmentKinds] as FragmentKind | undefined;
      if (next > end) {
        yield { kind: 'unreadable', at };
        break;
      }
      if (kind === undefined || readU32(bytes, at) !== maskedCrc(bytes.subarray(at + 6, next))) yield { kind: 'unreadable', at };
      else yield { kind: 'fragment', fragment: { at, kind, payload: bytes.subarray(at + headerBytes, next) } };
      at = next;
    }
    // Fewer bytes than a header: padding at the end of a block, a torn header at the end of the file.
    if (end - at > 0 && end - at < headerBytes && end < block + blockBytes) yield { kind: 'unreadable', at };
  }
}
