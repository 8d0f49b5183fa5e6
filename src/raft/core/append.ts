// A follower's answers to its leader: appends (Raft 5.3), heartbeats.

import { send } from './outbox.ts';
import type { Raft } from './raft.ts';
import type { Message } from './types.ts';

export function handleAppend(raft: Raft, message: Message): void {
  // Committed entries agree by definition; saying so moves the leader past them.
  if (message.index < raft.log.committed) {
    send(raft, 'MsgAppResp', { to: message.from, index: raft.log.committed });
    return;
  }
  const last = raft.log.maybeAppend({ index: message.index, term: message.logTerm }, message.entries);
  if (last === undefined) {
    reject(raft, message);
    return;
  }
  // What lies after the message's entries was not compared with the leader's log.
  raft.log.commitTo(Math.min(message.commit, last));
  send(raft, 'MsgAppResp', { to: message.from, index: last });
}

export function handleHeartbeat(raft: Raft, message: Message): void {
  raft.log.commitTo(message.commit);
  send(raft, 'MsgHeartbeatResp', { to: message.from, context: message.context });
}

/**
 * Tells the leader where to try next. Entries of a term above the leader's at that place cannot match, so they are skipped at
 * once: finding the agreement takes one round per term, not one per entry (end of Raft 5.3).
 */
function reject(raft: Raft, message: Message): void {
  raft.config.logger.debug(`${raft.id} refuses entries of ${message.from} after ${message.index} (term ${message.logTerm})`);
  const hint = raft.log.findConflictByTerm(Math.min(message.index, raft.log.lastIndex()), message.logTerm);
  send(raft, 'MsgAppResp', { to: message.from, index: message.index, reject: true, rejectHint: hint.index, logTerm: hint.term });
}
