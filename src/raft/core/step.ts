// Every message enters here: first its term is compared with ours (Raft 5.1), then the role decides what it means.

import { unreachable } from '../../base/assert.ts';
import { handleAppend, handleHeartbeat } from './append.ts';
import { handleAppendResponse, handleHeartbeatResponse, handleSnapshotStatus, handleUnreachable } from './append-responses.ts';
import { handleVoteRequest, handleVoteResponse, isRefusedByLease, maybeCampaign } from './election.ts';
import { entriesBytes } from './entries.ts';
import { ProposalDropped } from './errors.ts';
import { isLeaderType } from './message.ts';
import { forwardToLeader, send } from './outbox.ts';
import { releaseUncommitted } from './own-log.ts';
import { proposeOnLeader } from './propose.ts';
import type { Raft } from './raft.ts';
import { handleReadAnswer, handleReadRequest } from './reads.ts';
import { becomeFollower } from './roles.ts';
import { appliedTo, handleSnapshot, snapshotApplied } from './snapshots.ts';
import { traceMessage } from './trace.ts';
import { handleTransfer } from './transfer.ts';
import type { Message } from './types.ts';
import { noNode } from './types.ts';

/** Throws ProposalDropped. */
export function step(raft: Raft, message: Message): void {
  traceMessage(raft, 'receive', message);
  if (message.term > raft.term) {
    if (!maybeEnterTerm(raft, message)) return;
  } else if (message.term > 0 && message.term < raft.term) {
    handleOldTerm(raft, message);
    return;
  }
  switch (message.type) {
    case 'MsgHup':
      maybeCampaign(raft, raft.config.preVote ? 'pre-vote' : 'vote');
      return;
    case 'MsgStorageAppendResp':
      if (message.index !== 0) raft.log.unstable.stableTo(message.index, message.logTerm);
      if (message.snapshot !== undefined) snapshotApplied(raft, message.snapshot);
      return;
    case 'MsgStorageApplyResp':
      handleApplied(raft, message);
      return;
    case 'MsgVote':
    case 'MsgPreVote':
      handleVoteRequest(raft, message);
      return;
    default:
      stepByRole(raft, message);
  }
}

/** Moves to a later term, if the message is reason enough; false when it is not even to be answered. */
function maybeEnterTerm(raft: Raft, message: Message): boolean {
  const isVoteRequest = message.type === 'MsgVote' || message.type === 'MsgPreVote';
  if (isVoteRequest && isRefusedByLease(raft, message)) {
    raft.config.logger.info(`${raft.id} ignores ${message.type} of ${message.from}: leader ${raft.lead} was heard from lately`);
    return false;
  }
  // Nobody is in the term of a pre-vote, or of one that was granted (pitfall P3).
  if (message.type === 'MsgPreVote' || (message.type === 'MsgPreVoteResp' && !message.reject)) return true;
  raft.config.logger.info(`${raft.id} in term ${raft.term} learns of term ${message.term} by ${message.type} from ${message.from}`);
  becomeFollower(raft, { term: message.term, lead: isLeaderType(message.type) ? message.from : noNode });
  return true;
}

function handleOldTerm(raft: Raft, message: Message): void {
  const { type, from } = message;
  const isHardToUnseat = raft.config.checkQuorum || raft.config.preVote;
  if (isHardToUnseat && (type === 'MsgHeartbeat' || type === 'MsgApp')) {
    // Our term rose while we were cut off, and with these options no vote request of ours makes the leader notice: an answer
    // does, and it then steps down (etcd-io/etcd#8334, pitfall P4).
    send(raft, 'MsgAppResp', { to: from });
  } else if (type === 'MsgPreVote') {
    // A pre-candidate stuck in an old term learns the new one by the refusal (tikv/raft-rs#84).
    send(raft, 'MsgPreVoteResp', { to: from, term: raft.term, reject: true });
  } else if (type === 'MsgStorageAppendResp' && message.snapshot !== undefined) {
    // Entries written in an old term may have been overwritten since (pitfall P29), but a snapshot holds only what is committed.
    snapshotApplied(raft, message.snapshot);
  } else {
    raft.config.logger.debug(`${raft.id} in term ${raft.term} ignores ${type} of ${from} from term ${message.term}`);
  }
}

function handleApplied(raft: Raft, message: Message): void {
  const last = message.entries.at(-1);
  if (last === undefined) return;
  appliedTo(raft, last.index, entriesBytes(message.entries));
  releaseUncommitted(raft, message.entries);
}

function stepByRole(raft: Raft, message: Message): void {
  switch (raft.role) {
    case 'follower': return stepFollower(raft, message);
    case 'pre-candidate': return stepCandidate(raft, message);
    case 'candidate': return stepCandidate(raft, message);
    case 'leader': return stepLeader(raft, message);
    default: return unreachable(raft.role);
  }
}

function stepFollower(raft: Raft, message: Message): void {
  if (isLeaderType(message.type)) {
    raft.electionElapsed = 0;
    raft.lead = message.from;
  }
  switch (message.type) {
    case 'MsgApp': return handleAppend(raft, message);
    case 'MsgHeartbeat': return handleHeartbeat(raft, message);
    case 'MsgSnap': return handleSnapshot(raft, message);
    case 'MsgProp': return forwardProposal(raft, message);
    case 'MsgTransferLeader':
    case 'MsgReadIndex':
      if (raft.lead === noNode) raft.config.logger.info(`${raft.id} knows no leader of term ${raft.term} and drops ${message.type}`);
      else forwardToLeader(raft, message);
      return;
    case 'MsgReadIndexResp': return handleReadAnswer(raft, message);
    case 'MsgForgetLeader': return forgetLeader(raft);
    case 'MsgTimeoutNow':
      raft.config.logger.info(`${raft.id} campaigns in term ${raft.term}, as ${message.from} told it`);
      // The leader wants it, so nobody need be asked beforehand.
      return maybeCampaign(raft, 'transfer');
    default:
      return;
  }
}

function stepCandidate(raft: Raft, message: Message): void {
  switch (message.type) {
    case 'MsgApp':
    case 'MsgHeartbeat':
    case 'MsgSnap':
      // Somebody else won this term.
      becomeFollower(raft, { term: message.term, lead: message.from });
      return stepFollower(raft, message);
    case 'MsgVoteResp':
      if (raft.role === 'candidate') handleVoteResponse(raft, message);
      return;
    case 'MsgPreVoteResp':
      if (raft.role === 'pre-candidate') handleVoteResponse(raft, message);
      return;
    case 'MsgProp':
      raft.config.logger.info(`${raft.id} knows no leader of term ${raft.term} and drops a proposal`);
      throw new ProposalDropped();
    default:
      return;
  }
}

function stepLeader(raft: Raft, message: Message): void {
  switch (message.type) {
    case 'MsgProp':
      if (proposeOnLeader(raft, message.entries) === 'dropped') throw new ProposalDropped();
      return;
    case 'MsgReadIndex': return handleReadRequest(raft, message);
    default: return stepLeaderOverPeer(raft, message);
  }
}

/** What concerns one member. */
function stepLeaderOverPeer(raft: Raft, message: Message): void {
  const progress = raft.tracker.of(message.from);
  if (progress === undefined) {
    raft.config.logger.debug(`${raft.id} ignores ${message.type} of ${message.from}, which is no member`);
    return;
  }
  switch (message.type) {
    case 'MsgAppResp': return handleAppendResponse(raft, progress, message);
    case 'MsgHeartbeatResp': return handleHeartbeatResponse(raft, progress, message);
    case 'MsgSnapStatus': return handleSnapshotStatus(progress, message);
    case 'MsgUnreachable': return handleUnreachable(progress);
    case 'MsgTransferLeader': return handleTransfer(raft, progress, message);
    default: return;
  }
}

function forwardProposal(raft: Raft, message: Message): void {
  if (raft.lead === noNode || raft.config.disableProposalForwarding) {
    raft.config.logger.info(`${raft.id} follows ${raft.lead} in term ${raft.term} and drops a proposal`);
    throw new ProposalDropped();
  }
  forwardToLeader(raft, message);
}

function forgetLeader(raft: Raft): void {
  if (raft.config.readOnly === 'lease') {
    // A vote for somebody else inside the lease would make the leader's reads stale.
    raft.config.logger.error(`${raft.id} does not forget its leader: reads rely on leases`);
    return;
  }
  raft.lead = noNode;
}
