// Which messages of peers no honest tracker sends. The core asserts its own invariants, so what would break one must not reach it:
// callers are not authenticated, and nothing a stranger sends may end the process. Dropping a message is always safe in Raft.
// It must never refuse what an honest peer sends late, twice or out of order.

import { equalBytes } from '../../base/bytes.ts';
import { ByteWriter } from '../../base/codec.ts';
import { limits } from '../../base/limits.ts';
import { confChangeOf } from '../core/conf-change-codec.ts';
import type { BasicStatus, ConfState, Entry, Message, Snapshot } from '../core/types.ts';
import { decodeClusterConfig, decodeNewMembers } from './cluster-config.ts';
import { writeConfState } from './conf-state-codec.ts';
import { decodeFounding } from './member-codec.ts';
import { decodeTicket } from './snapshot-ticket.ts';

/** Far from where sums stop being exact. */
const numberMax = 2 ** 52;

/** Whether the message agrees with itself, whatever the state of this tracker. Throws DecodeError. */
export function agreesWithItself(message: Message): boolean {
  const { index, commit, term, logTerm, rejectHint, entries, snapshot } = message;
  if ([index, commit, term, logTerm, rejectHint].some((number) => number > numberMax)) return false;
  if ((message.type === 'MsgSnap') !== (snapshot !== undefined)) return false;
  // Only a forwarded read has no term (`core/outbox.ts`); any other message without one would count as this tracker's own.
  if ((message.type === 'MsgReadIndex') !== (term === 0)) return false;
  switch (message.type) {
    case 'MsgApp': return entriesFollow(message);
    case 'MsgSnap': return entries.length === 0 && snapshot !== undefined && snapshot.meta.term <= term && isWhole(snapshot);
    case 'MsgReadIndex':
    case 'MsgReadIndexResp': return entries.length === 1;
    default: return entries.length === 0;
  }
}

/** Only to be sent to a leader; a follower would pass it on under another's name. */
export function isForLeader(message: Message): boolean {
  return message.type === 'MsgReadIndex' || message.type === 'MsgTransferLeader';
}

/** Whether an honest peer can have sent this, given what this tracker knows of itself. */
export function canBeTrue(message: Message, self: Pick<BasicStatus, 'term' | 'role' | 'lastIndex'>): boolean {
  if (message.term > self.term + limits.termJumpMax) return false;
  // A leader tells of commits up to what this tracker acknowledged (`core/replicate.ts`).
  if (message.type === 'MsgHeartbeat') return message.term < self.term || message.commit <= self.lastIndex;
  // Nobody holds entries of this leader that it never appended.
  if (message.type === 'MsgAppResp' && self.role === 'leader') return message.term !== self.term || message.index <= self.lastIndex;
  return true;
}

/** Entries come right after `index`, in terms that never fall (Raft 5.3). */
function entriesFollow({ index, term, logTerm, entries }: Message): boolean {
  let before = { index, term: logTerm };
  for (const entry of entries) {
    if (entry.index !== before.index + 1 || entry.term < before.term || entry.term === 0) return false;
    if (!isReadable(entry)) return false;
    before = entry;
  }
  return before.term <= term && before.index <= numberMax;
}

/** What the driver itself reads of an entry when it is applied: the founders and changes of membership. */
function isReadable(entry: Entry): boolean {
  if (entry.index === 1) return decodeFounding(entry.data).length > 0;
  const change = confChangeOf(entry);
  if (change !== undefined) decodeNewMembers(change.context);
  return true;
}

/** A state has a place, voters, and one configuration for the core and the driver alike. */
function isWhole({ meta, data }: Snapshot): boolean {
  const { confState } = decodeClusterConfig(decodeTicket(data).config);
  const hasPlace = meta.index > 0 && meta.index <= numberMax && meta.term > 0;
  return hasPlace && confState.voters.length > 0 && equalBytes(bytesOf(confState), bytesOf(meta.confState));
}

function bytesOf(confState: ConfState): Uint8Array {
  const writer = new ByteWriter(64);
  writeConfState(writer, confState);
  return writer.finish();
}
