// Frozen binary form of membership changes inside log entries. Version 1. Reading never trusts the bytes.
// Empty data of a `conf-change-v2` entry means the empty change: a leader that leaves a joint configuration by itself
// must be able to propose it whatever the limits on proposal bytes say.

import { emptyBytes } from '../../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import type { ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, Entry } from './types.ts';

const version = 1;
const changeTypes: readonly ConfChangeType[] = ['add-node', 'remove-node', 'update-node', 'add-learner'];
const transitions: readonly ConfChangeTransition[] = ['auto', 'joint-implicit', 'joint-explicit'];

/** The empty change: leaves the joint configuration. */
export const leaveJointChange: ConfChangeV2 = { kind: 'conf-change-v2', transition: 'auto', changes: [], context: emptyBytes };

export function encodeConfChange(change: ConfChange | ConfChangeV2): Uint8Array {
  const writer = new ByteWriter(32).u8(version);
  if (change.kind === 'conf-change') {
    writeSingle(writer, change);
  } else {
    writer.u8(transitions.indexOf(change.transition)).varint(change.changes.length);
    for (const single of change.changes) writeSingle(writer, single);
  }
  return writer.bytes(change.context).finish();
}

/** The change an entry carries; undefined for a normal entry. Throws DecodeError. */
export function confChangeOf(entry: Pick<Entry, 'type' | 'data'>): ConfChange | ConfChangeV2 | undefined {
  if (entry.type === 'normal') return undefined;
  if (entry.type === 'conf-change-v2' && entry.data.length === 0) return leaveJointChange;
  const reader = new ByteReader(entry.data);
  if (reader.u8() !== version) throw new DecodeError('membership change has an unknown version');
  const change = entry.type === 'conf-change' ? readV1(reader) : readV2(reader);
  reader.end();
  return change;
}

/** Every change as a V2 one. */
export function toV2(change: ConfChange | ConfChangeV2): ConfChangeV2 {
  if (change.kind === 'conf-change-v2') return change;
  return { kind: 'conf-change-v2', transition: 'auto', changes: [{ type: change.type, nodeId: change.nodeId }], context: change.context };
}

function readV1(reader: ByteReader): ConfChange {
  return { kind: 'conf-change', ...readSingle(reader), context: reader.bytes() };
}

function readV2(reader: ByteReader): ConfChangeV2 {
  const transition = mustBeKnown(transitions[reader.u8()]);
  const changes: ConfChangeSingle[] = [];
  for (let left = reader.count(2); left > 0; left -= 1) changes.push(readSingle(reader));
  return { kind: 'conf-change-v2', transition, changes, context: reader.bytes() };
}

function writeSingle(writer: ByteWriter, single: ConfChangeSingle): void {
  writer.u8(changeTypes.indexOf(single.type)).varint(single.nodeId);
}

function readSingle(reader: ByteReader): ConfChangeSingle {
  return { type: mustBeKnown(changeTypes[reader.u8()]), nodeId: reader.varint() };
}

function mustBeKnown<T>(value: T | undefined): T {
  if (value === undefined) throw new DecodeError('membership change has an unknown kind');
  return value;
}
