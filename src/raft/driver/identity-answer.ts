// What a tracker says about itself on `GET /raft/v1/identity`: that it is empty, or which cluster it belongs to.
// Empty trackers found a cluster from each other's answers; a later one takes its place from a member's answer.

import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import type { ClusterId, Incarnation, NodeName } from '../../base/ids.ts';
import { readIncarnation, readMembers, writeMembers } from './member-codec.ts';
import type { Member, TrackerAddress } from './members.ts';

export type IdentityAnswer =
  | { readonly kind: 'empty'; readonly name: NodeName; readonly incarnation: Incarnation; readonly initial: readonly TrackerAddress[] }
  | {
    readonly kind: 'member'; readonly name: NodeName; readonly incarnation: Incarnation; readonly cluster: ClusterId;
    /** The data of entry 1, kept by every member after the log was compacted. */
    readonly founding: Uint8Array;
    /** Members as of what this tracker has applied. */
    readonly members: readonly Member[];
  };

const version = 1;

export function encodeIdentityAnswer(answer: IdentityAnswer): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(version).text(answer.name).text(answer.incarnation);
  if (answer.kind === 'empty') {
    writer.u8(0).varint(answer.initial.length);
    for (const tracker of answer.initial) writer.text(tracker.name).text(tracker.url);
  } else {
    writer.u8(1).text(answer.cluster).bytes(answer.founding);
    writeMembers(writer, answer.members);
  }
  return writer.finish();
}

/** Throws DecodeError. */
export function decodeIdentityAnswer(bytes: Uint8Array): IdentityAnswer {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) throw new DecodeError('identity answer of an unknown version');
  const name = reader.text() as NodeName;
  const incarnation = readIncarnation(reader);
  const answer = readRest(reader, { name, incarnation });
  reader.end();
  return answer;
}

function readRest(reader: ByteReader, who: { readonly name: NodeName; readonly incarnation: Incarnation }): IdentityAnswer {
  if (reader.u8() === 0) {
    const count = reader.count(2);
    const initial = Array.from({ length: count }, () => ({ name: reader.text() as NodeName, url: reader.text() }));
    return { kind: 'empty', ...who, initial };
  }
  const cluster = reader.text() as ClusterId;
  const founding = reader.bytes();
  return { kind: 'member', ...who, cluster, founding, members: readMembers(reader) };
}
