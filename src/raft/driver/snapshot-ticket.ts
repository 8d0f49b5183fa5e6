// The data of a MsgSnap: not the state, only what a follower needs to fetch it (`raft.md` 2.6).

import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';

export interface SnapshotTicket {
  /** Name of the pinned state on the sender, for `GET /raft/v1/snapshot/<id>`. */
  readonly id: string;
  /** The encoded configuration of the state, as its progress says it. */
  readonly config: Uint8Array;
}

const version = 1;

export function encodeTicket(ticket: SnapshotTicket): Uint8Array {
  return new ByteWriter().u8(version).text(ticket.id).bytes(ticket.config).finish();
}

/** Throws DecodeError. */
export function decodeTicket(bytes: Uint8Array): SnapshotTicket {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) throw new DecodeError('snapshot ticket of an unknown version');
  const ticket = { id: reader.text(), config: reader.bytes() };
  if (!/^[0-9a-z-]{1,80}$/.test(ticket.id)) throw new DecodeError('snapshot id is not a plain name');
  reader.end();
  return ticket;
}
