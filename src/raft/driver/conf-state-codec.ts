// A Raft configuration in bytes (frozen: it is part of states and of messages).

import { DecodeError, type ByteReader, type ByteWriter } from '../../base/codec.ts';
import type { ConfState, RaftId } from '../core/types.ts';

export function writeConfState(writer: ByteWriter, state: ConfState): void {
  for (const ids of [state.voters, state.votersOutgoing, state.learners, state.learnersNext]) {
    writer.varint(ids.length);
    for (const id of ids) writer.varint(id);
  }
  writer.u8(state.autoLeave ? 1 : 0);
}

/** Throws DecodeError. */
export function readConfState(reader: ByteReader): ConfState {
  const [voters, votersOutgoing, learners, learnersNext] = [readIds(reader), readIds(reader), readIds(reader), readIds(reader)];
  return { voters, votersOutgoing, learners, learnersNext, autoLeave: reader.u8() === 1 };
}

/** Ids ascend and none is 0: anything else was not written by us. */
function readIds(reader: ByteReader): readonly RaftId[] {
  const count = reader.count();
  const ids: RaftId[] = [];
  for (let at = 0; at < count; at += 1) {
    const id = reader.varint();
    if (id <= (ids.at(-1) ?? 0)) throw new DecodeError('ids of a configuration do not ascend');
    ids.push(id);
  }
  return ids;
}
