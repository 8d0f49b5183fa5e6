// Handing leadership over (thesis 3.10): bring the successor up to date, tell it to campaign at once, propose nothing meanwhile.
// Given up after one election time-out (`tick.ts`).

import { send } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { Raft } from './raft.ts';
import { maybeSendAppend } from './replicate.ts';
import { abortTransfer } from './roles.ts';
import type { Message, RaftId } from './types.ts';
import { noNode } from './types.ts';

/** `message.from` is the successor. */
export function handleTransfer(raft: Raft, progress: Progress, message: Message): void {
  const to = message.from;
  const { logger } = raft.config;
  if (progress.isLearner) {
    logger.debug(`${raft.id} hands leadership to voters only, and ${to} is a learner`);
    return;
  }
  if (raft.leadTransferee === to) {
    logger.info(`${raft.id} is handing leadership to ${to} already`);
    return;
  }
  if (raft.leadTransferee !== noNode) abortTransfer(raft);
  if (to === raft.id) return;
  logger.info(`${raft.id} hands leadership of term ${raft.term} to ${to}`);
  // From now on the transfer has one election time-out.
  raft.electionElapsed = 0;
  raft.leadTransferee = to;
  if (!maybeFinishTransfer(raft, progress, to)) maybeSendAppend(raft, to, 'always');
}

/** Sends the order to campaign once the successor holds the whole log. */
export function maybeFinishTransfer(raft: Raft, progress: Progress, id: RaftId): boolean {
  if (raft.leadTransferee !== id || progress.match !== raft.log.lastIndex()) return false;
  raft.config.logger.info(`${raft.id} tells ${id} to campaign`);
  // The order may be obeyed at any later time, and voters then ignore the lease.
  raft.lease = 'revoked';
  send(raft, 'MsgTimeoutNow', { to: id });
  return true;
}
