// How messages leave the protocol code: stamped with sender and term, and sorted into those that may leave at once and those
// that promise something and must wait until it is durable.

import { assert } from '../../base/assert.ts';
import { isElectionType, makeMessage } from './message.ts';
import type { MessageFields } from './message.ts';
import type { Raft } from './raft.ts';
import { traceMessage } from './trace.ts';
import type { Message, MessageType } from './types.ts';
import { noNode } from './types.ts';

export function send(raft: Raft, type: MessageType, fields: MessageFields): void {
  // Election messages name the term they are about, which is not always the sender's.
  assert(isElectionType(type) === (fields.term !== undefined), 'exactly election messages bring their own term');
  post(raft, makeMessage(type, { from: raft.id, term: raft.term, ...fields }));
}

/** Passes a client's request on to the leader. Proposals and reads carry no term: they are as good in the next one. */
export function forwardToLeader(raft: Raft, message: Message): void {
  const termless = message.type === 'MsgProp' || message.type === 'MsgReadIndex';
  const from = message.from === noNode ? raft.id : message.from;
  post(raft, { ...message, from, to: raft.lead, term: termless ? 0 : raft.term });
}

function post(raft: Raft, message: Message): void {
  traceMessage(raft, 'send', message);
  switch (message.type) {
    // An acknowledged append or a vote that a crash could take back breaks log matching or elects two leaders: these wait
    // (Raft 5.1; pitfalls P1 and P6). A refused pre-vote waits too, which keeps one rule.
    case 'MsgAppResp':
    case 'MsgVoteResp':
    case 'MsgPreVoteResp':
      raft.messagesAfterAppend.push(message);
      return;
    default:
      assert(message.to !== raft.id, 'a node talks to itself only through its storage');
      raft.messages.push(message);
  }
}
