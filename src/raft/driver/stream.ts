// Port: long-lived byte streams between trackers, one per direction and lane (`raft.md` 2.10).
// The node implementation is platform/raft-stream; tests use streams in memory. Bytes may be lost with the stream, never reordered in it.

import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';

/** Votes, heartbeats and acknowledgements must not queue behind entries, hence two streams to each peer. */
export type Lane = 'control' | 'bulk';

export const lanes: readonly Lane[] = ['control', 'bulk'];

/** First words of a stream: who calls whom in which cluster, and what it speaks. */
export interface Hello {
  readonly protocol: number;
  readonly cluster: ClusterId;
  readonly from: NodeId;
  readonly fromName: NodeName;
  /** Where to answer: a member this tracker has not heard of yet may lead it already. */
  readonly fromUrl: string;
  readonly incarnation: Incarnation;
  readonly to: NodeId;
  readonly lane: Lane;
}

/** Codes of the error table that answer a handshake. */
export const rejections = ['wrong-cluster', 'wiped-member', 'member-removed', 'version-unsupported', 'starting'] as const;
export type Rejection = (typeof rejections)[number];

/** Why a stream could not be made, or ended. `refused`: nothing listens there, so the process died. `rejected`: the peer answered no. */
export type StreamLoss =
  | { readonly kind: 'refused' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'rejected'; readonly code: Rejection };

/** The sending end. */
export interface RaftStream {
  /** All frames in one write, or none of them: `full` when too many bytes wait already. */
  send(frames: readonly Uint8Array[]): 'accepted' | 'full';
  /** Resolves once, when nothing can be sent any more. */
  readonly lost: Promise<StreamLoss>;
  close(): void;
}

export type DialResult = { readonly kind: 'open'; readonly stream: RaftStream } | { readonly kind: 'failed'; readonly loss: StreamLoss };

/** Connects and shakes hands. Never throws for a condition of the network. */
export type RaftDial = (target: { readonly url: string; readonly hello: Hello }, signal: AbortSignal) => Promise<DialResult>;

export type Verdict = { readonly kind: 'welcome' } | { readonly kind: 'reject'; readonly code: Rejection };

/** What the owner may do to a stream it accepted. */
export interface IncomingStream {
  close(): void;
}

/** The receiving end of one accepted stream. */
export interface StreamReader {
  /** Bytes in order, cut anywhere. `corrupt`: the stream must be closed. */
  received(bytes: Uint8Array): 'fine' | 'corrupt';
  closed(): void;
}

/** Implemented by the driver, called by whatever accepts streams. */
export interface RaftStreamOwner {
  /** Decides on a handshake. */
  judge(hello: Hello): Verdict;
  /** Takes over a stream that `judge` welcomed. */
  accept(hello: Hello, incoming: IncomingStream): StreamReader;
}
