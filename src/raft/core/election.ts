// Elections (Raft 5.2, 5.4.1), pre-votes (thesis 9.6), and the leader lease that keeps removed or cut-off nodes from disturbing (thesis 4.2.3).

import { unreachable } from '../../base/assert.ts';
import { emptyBytes, equalBytes } from '../../base/bytes.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { broadcastAppend } from './replicate.ts';
import { send } from './outbox.ts';
import { allVoters } from './quorum.ts';
import type { Raft } from './raft.ts';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.ts';
import type { Entry, Message, RaftId } from './types.ts';
import { noNode } from './types.ts';

/** `transfer`: the leader asked for it, so voters need not wait for its lease to end. */
export type Campaign = 'pre-vote' | 'vote' | 'transfer';

const transferContext = encodeUtf8('CampaignTransfer');

/** Committed entries searched at a time for a membership change. */
const searchBytesPerStep = 1 << 20;

/** Starts a campaign if this node may lead. */
export function maybeCampaign(raft: Raft, campaign: Campaign): void {
  const { logger } = raft.config;
  if (raft.role === 'leader') {
    logger.debug(`${raft.id} leads already and does not campaign`);
  } else if (!isPromotable(raft)) {
    logger.warn(`${raft.id} is no voter with a complete log and does not campaign`);
  } else if (hasUnappliedConfChange(raft)) {
    // It would count votes by a configuration that is history (etcd-io/etcd#7625, pitfall P18).
    logger.warn(`${raft.id} does not campaign in term ${raft.term}: a committed membership change is not applied`);
  } else {
    logger.info(`${raft.id} starts an election after term ${raft.term}`);
    startCampaign(raft, campaign);
  }
}

/** A voter whose state machine is not being replaced. */
export function isPromotable(raft: Raft): boolean {
  const progress = raft.tracker.of(raft.id);
  return progress !== undefined && !progress.isLearner && raft.log.unstable.snapshot === undefined;
}

/** True for a request that this node must not even notice, because it heard from a leader within the minimum election time-out. */
export function isRefusedByLease(raft: Raft, message: Message): boolean {
  const leaderHeard = raft.config.checkQuorum && raft.lead !== noNode && raft.electionElapsed < raft.config.electionTick;
  return leaderHeard && !equalBytes(message.context, transferContext);
}

/** Answers MsgVote and MsgPreVote of this term (or, for a pre-vote, of a later one). */
export function handleVoteRequest(raft: Raft, message: Message): void {
  const isPreVote = message.type === 'MsgPreVote';
  const free = raft.vote === message.from
    || (raft.vote === noNode && raft.lead === noNode)
    // A pre-vote for a later term is no vote of this one.
    || (isPreVote && message.term > raft.term);
  // A learner votes too: the candidate may know of its promotion before it does (etcd-io/etcd#10998).
  const granted = free && raft.log.isUpToDate({ index: message.index, term: message.logTerm });
  raft.config.logger.info(`${raft.id} ${granted ? 'grants' : 'refuses'} ${message.type} of ${message.from} for term ${message.term}`);
  const type = isPreVote ? 'MsgPreVoteResp' : 'MsgVoteResp';
  if (!granted) {
    send(raft, type, { to: message.from, term: raft.term, reject: true });
    return;
  }
  // Granted in the term that was asked about: for a pre-vote that is not ours.
  send(raft, type, { to: message.from, term: message.term });
  if (isPreVote) return;
  raft.electionElapsed = 0;
  raft.vote = message.from;
}

/** Counts an answer to this node's own campaign. */
export function handleVoteResponse(raft: Raft, message: Message): void {
  raft.tracker.recordVote(message.from, !message.reject);
  const tally = raft.tracker.tally();
  raft.config.logger.info(`${raft.id} has ${tally.granted} votes and ${tally.rejected} refusals in term ${raft.term}`);
  switch (tally.result) {
    case 'won':
      if (raft.role === 'pre-candidate') {
        startCampaign(raft, 'vote');
      } else {
        becomeLeader(raft);
        broadcastAppend(raft);
      }
      return;
    case 'lost':
      // Not with the term of the answer: a refused pre-vote may name a later one, which only its sender is in.
      becomeFollower(raft, { term: raft.term, lead: noNode });
      return;
    case 'pending':
      return;
    default:
      unreachable(tally.result);
  }
}

function startCampaign(raft: Raft, campaign: Campaign): void {
  if (campaign === 'pre-vote') becomePreCandidate(raft);
  else becomeCandidate(raft);
  const term = campaign === 'pre-vote' ? raft.term + 1 : raft.term;
  const type = campaign === 'pre-vote' ? 'MsgPreVote' : 'MsgVote';
  const context = campaign === 'transfer' ? transferContext : emptyBytes;
  const last = raft.log.last();
  for (const id of allVoters(raft.tracker.configuration)) {
    // The own vote counts when it is durable, like any other.
    if (id === raft.id) send(raft, campaign === 'pre-vote' ? 'MsgPreVoteResp' : 'MsgVoteResp', { to: id, term });
    else requestVote(raft, { type, to: id, term, index: last.index, logTerm: last.term, context });
  }
}

function requestVote(raft: Raft, request: Pick<Message, 'term' | 'index' | 'logTerm' | 'context'> & {
  readonly type: 'MsgVote' | 'MsgPreVote'; readonly to: RaftId;
}): void {
  const { type, ...fields } = request;
  raft.config.logger.info(`${raft.id} sends ${type} for term ${request.term} to ${request.to}`);
  send(raft, type, fields);
}

function hasUnappliedConfChange(raft: Raft): boolean {
  let next = raft.log.applied + 1;
  while (next <= raft.log.committed) {
    const entries = raft.log.slice(next, raft.log.committed + 1, searchBytesPerStep);
    if (entries.some(isConfChange)) return true;
    next += entries.length;
  }
  return false;
}

function isConfChange(entry: Entry): boolean {
  return entry.type !== 'normal';
}
