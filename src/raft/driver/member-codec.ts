// The bytes of members and of the founding map (frozen: the cluster id is a hash over them). Decoding trusts nothing.

import { toHex } from '../../base/bytes.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import type { Member } from './members.ts';

const foundingMagic = 'offshore/founding/1';

export function writeMember(writer: ByteWriter, member: Member): void {
  writer.varint(member.id).text(member.name).text(member.url).text(member.incarnation);
}

export function readMember(reader: ByteReader): Member {
  const id = readNodeId(reader);
  const name = reader.text() as NodeName;
  const url = reader.text();
  return { id, name, url, incarnation: readIncarnation(reader) };
}

export function writeMembers(writer: ByteWriter, members: readonly Member[]): void {
  writer.varint(members.length);
  for (const member of members) writeMember(writer, member);
}

export function readMembers(reader: ByteReader): readonly Member[] {
  const count = reader.count(4);
  return Array.from({ length: count }, () => readMember(reader));
}

export function readNodeId(reader: ByteReader): NodeId {
  const id = reader.varint();
  if (id === 0) throw new DecodeError('0 is no Raft id');
  return id as NodeId;
}

export function readIncarnation(reader: ByteReader): Incarnation {
  const text = reader.text();
  if (!/^[0-9a-f]{32}$/.test(text)) throw new DecodeError('an incarnation is 32 hex digits');
  return text as Incarnation;
}

/** Entry 1 of every log: who founded the cluster, in the order of their ids. */
export function encodeFounding(members: readonly Member[]): Uint8Array {
  const writer = new ByteWriter();
  writer.text(foundingMagic);
  writeMembers(writer, members);
  return writer.finish();
}

export function decodeFounding(bytes: Uint8Array): readonly Member[] {
  const reader = new ByteReader(bytes);
  if (reader.text() !== foundingMagic) throw new DecodeError('not a founding map');
  const members = readMembers(reader);
  reader.end();
  return members;
}

/** The cluster is named by what it was founded with. */
export function clusterIdOf(founding: Uint8Array, sha256: (bytes: Uint8Array) => Uint8Array): ClusterId {
  return toHex(sha256(founding)) as ClusterId;
}
