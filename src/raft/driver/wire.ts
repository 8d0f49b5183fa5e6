// Frames between trackers (`raft.md` 2.10, frozen per version): u32 length and u32 CRC32C of the body, then the body: version, kind,
// fields as varints. Decoding trusts nothing: a frame that is damaged, too long or of a kind that never travels closes its stream.

import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import { crc32c } from '../../base/crc32c.ts';
import { limits } from '../../base/limits.ts';
import { messageTypes, type Entry, type Message, type MessageType, type Snapshot } from '../core/types.ts';
import { readConfState, writeConfState } from './conf-state-codec.ts';
import { readEntry, writeEntry } from './entry-codec.ts';
import { entryBytes } from './log-blocks.ts';
import type { DiskFloor } from './raft-events.ts';
import type { Lane } from './stream.ts';

/** What a frame carries: a message of the core, or how much room the sender's disk has. */
export type Frame =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'floor'; readonly floor: DiskFloor };

export const wireVersion = 1;
export const frameHeaderBytes = 8;

const travelling: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgApp', 'MsgAppResp', 'MsgVote', 'MsgVoteResp', 'MsgPreVote', 'MsgPreVoteResp', 'MsgSnap', 'MsgHeartbeat', 'MsgHeartbeatResp',
  'MsgTransferLeader', 'MsgTimeoutNow', 'MsgReadIndex', 'MsgReadIndexResp',
]);
const floors: readonly DiskFloor[] = ['ample', 'low', 'critical'];

/** Entries and states go on the bulk lane, so that heartbeats and votes never wait behind them. */
export function laneOf(message: Message): Lane {
  return mustBeWritten(message) ? 'bulk' : 'control';
}

/** Brings a follower something for its disk. A read's context travels as an entry too and is not meant. */
export function mustBeWritten(message: Message): boolean {
  return message.type === 'MsgSnap' || (message.type === 'MsgApp' && message.entries.length > 0);
}

export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new ByteWriter(frame.kind === 'message' ? messageBytes(frame.message) : 32);
  writer.u32(0).u32(0).u8(wireVersion);
  if (frame.kind === 'floor') writer.u8(1).u8(floors.indexOf(frame.floor));
  else writeMessage(writer.u8(0), frame.message);
  const length = writer.length - frameHeaderBytes;
  writer.patchU32(0, length);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(4, crc32c(bytes.subarray(frameHeaderBytes)));
  return bytes;
}

/** The body of one frame whose checksum was verified. Throws DecodeError. */
export function decodeFrameBody(body: Uint8Array): Frame {
  const reader = new ByteReader(body);
  if (reader.u8() !== wireVersion) throw new DecodeError('frame of an unknown version');
  const kind = reader.u8();
  if (kind > 1) throw new DecodeError('frame of an unknown kind');
  const frame: Frame = kind === 1 ? { kind: 'floor', floor: readFloor(reader) } : { kind: 'message', message: readMessage(reader) };
  reader.end();
  return frame;
}

/** Length and checksum of the frame that begins at `at`; undefined while too few bytes are there. Throws DecodeError. */
export function readFrameHeader(bytes: Uint8Array, at: number): { readonly length: number; readonly crc: number } | undefined {
  if (bytes.length - at < frameHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, frameHeaderBytes);
  const length = view.getUint32(0);
  if (length < 2 || length > limits.frameBytesMax) throw new DecodeError(`frame of ${length} bytes`);
  return { length, crc: view.getUint32(4) };
}

function messageBytes(message: Message): number {
  let bytes = 128 + message.context.length + (message.snapshot?.data.length ?? 0);
  for (const entry of message.entries) bytes += entryBytes(entry);
  return bytes;
}

function writeMessage(writer: ByteWriter, message: Message): void {
  writer.u8(messageTypes.indexOf(message.type));
  for (const field of [message.from, message.to, message.term, message.logTerm, message.index, message.commit, message.vote, message.rejectHint]) writer.varint(field);
  writer.u8((message.reject ? 1 : 0) | (message.snapshot === undefined ? 0 : 2)).bytes(message.context);
  writer.varint(message.entries.length);
  const first = message.entries[0];
  if (first !== undefined) writer.varint(first.index);
  for (const entry of message.entries) writeEntry(writer, entry);
  if (message.snapshot !== undefined) writeSnapshot(writer, message.snapshot);
}

function readMessage(reader: ByteReader): Message {
  const type = messageTypes[reader.u8()];
  if (type === undefined || !travelling.has(type)) throw new DecodeError('message of a type that does not travel');
  const [from, to, term, logTerm] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
  const [index, commit, vote, rejectHint] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
  const flags = reader.u8();
  if (flags > 3) throw new DecodeError('message with unknown flags');
  const context = reader.bytes();
  const entries = readEntries(reader);
  const snapshot = (flags & 2) === 0 ? undefined : readSnapshot(reader);
  return { type, from, to, term, logTerm, index, commit, vote, entries, reject: (flags & 1) === 1, rejectHint, snapshot, context, responses: [] };
}

function readEntries(reader: ByteReader): readonly Entry[] {
  const count = reader.count(3);
  if (count === 0) return [];
  const first = reader.varint();
  return Array.from({ length: count }, (_, at) => readEntry(reader, first + at));
}

function writeSnapshot(writer: ByteWriter, snapshot: Snapshot): void {
  writer.varint(snapshot.meta.index).varint(snapshot.meta.term);
  writeConfState(writer, snapshot.meta.confState);
  writer.bytes(snapshot.data);
}

function readSnapshot(reader: ByteReader): Snapshot {
  const [index, term] = [reader.varint(), reader.varint()];
  const confState = readConfState(reader);
  return { meta: { index, term, confState }, data: reader.bytes() };
}

function readFloor(reader: ByteReader): DiskFloor {
  const floor = floors[reader.u8()];
  if (floor === undefined) throw new DecodeError('unknown floor');
  return floor;
}
