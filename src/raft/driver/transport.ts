// Carries the core's messages between trackers: two outgoing lanes to each peer, streams of peers coming in, everything checked at the
// border. It decides who may speak to this tracker (identity, `architecture.md` 4); it knows nothing of what messages mean.

import type { CancelTimer, Clock } from '../../base/clock.ts';
import { DecodeError } from '../../base/codec.ts';
import type { ClusterId, Incarnation, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Rng } from '../../base/rng.ts';
import type { Message } from '../core/types.ts';
import { FrameReader } from './frame-reader.ts';
import type { Member } from './members.ts';
import { agreesWithItself } from './message-check.ts';
import { OutgoingLane } from './outgoing-lane.ts';
import type { DiskFloor, RaftEvent } from './raft-events.ts';
import { lanes, type Hello, type IncomingStream, type Lane, type RaftDial, type StreamLoss, type StreamReader, type Verdict } from './stream.ts';
import { encodeFrame, laneOf, wireVersion, type Frame } from './wire.ts';

export interface TransportOptions {
  readonly self: Member;
  readonly cluster: ClusterId;
}

export interface TransportDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly dial: RaftDial;
  /** A checked message from the peer it says it is from. */
  readonly received: (message: Message, bytes: number) => void;
  readonly floorHeard: (peer: NodeId, floor: DiskFloor) => void;
  /** Nothing is carried to or from this peer any more. */
  readonly gone: (peer: NodeId) => void;
  /** Messages to this peer were lost. */
  readonly unreachable: (peer: NodeId, lost: readonly Message[]) => void;
  /** Nothing listens at the peer's address and no stream of it is open: its process died. */
  readonly died: (peer: NodeId) => void;
  readonly observe: (event: RaftEvent) => void;
  readonly failed: (error: unknown) => void;
}

interface Peer {
  readonly id: NodeId;
  url: string;
  readonly incarnation: Incarnation;
  readonly outgoing: Readonly<Record<Lane, OutgoingLane>>;
  readonly incoming: Map<Lane, IncomingStream>;
  /** Set while no configuration names it. */
  cancelDrop: CancelTimer | undefined;
}

type Caller = Pick<Member, 'id' | 'url' | 'incarnation'>;

export class Transport {
  readonly #options: TransportOptions;
  readonly #deps: TransportDeps;
  readonly #peers = new Map<NodeId, Peer>();
  #members: readonly Member[] = [];
  #nextId = 1;
  #floor: DiskFloor = 'ample';

  constructor(options: TransportOptions, deps: TransportDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Opens lanes to new members. A removed one is kept a moment longer: it should still hear that it was removed. */
  setMembers(config: { readonly members: readonly Member[]; readonly nextId: NodeId }): void {
    this.#members = config.members;
    this.#nextId = config.nextId;
    for (const member of config.members) {
      if (member.id !== this.#options.self.id) this.#meetMember(member);
    }
    const gone = [...this.#peers.values()].filter((peer) => this.#wasRemoved(peer.id));
    if (gone.length > 0) this.#deps.clock.schedule(limits.streamSilenceMsMax, () => this.#dropRemoved());
  }

  /** Where the peer is reached, as it said itself, else as the configuration says. */
  urlOf(id: NodeId): string | undefined {
    return this.#peers.get(id)?.url ?? this.#members.find((member) => member.id === id)?.url;
  }

  /** Each message is encoded once; those of one peer and lane leave in one write. */
  send(messages: readonly Message[]): void {
    const batches = new Map<string, { readonly to: NodeId; readonly lane: Lane; readonly messages: Message[] }>();
    for (const message of messages) {
      const lane = laneOf(message);
      const key = `${message.to}/${lane}`;
      const batch = batches.get(key);
      if (batch === undefined) batches.set(key, { to: message.to as NodeId, lane, messages: [message] });
      else batch.messages.push(message);
    }
    for (const batch of batches.values()) {
      const outgoing = this.#peers.get(batch.to)?.outgoing[batch.lane];
      const sent = outgoing?.open === true ? outgoing.send(batch.messages.map((message) => encodeFrame({ kind: 'message', message }))) : 'lost';
      if (sent === 'lost') this.#deps.unreachable(batch.to, batch.messages);
    }
  }

  /** Tells every peer how much room this disk has, now and whenever a stream opens. */
  tellFloor(floor: DiskFloor): void {
    this.#floor = floor;
    for (const peer of this.#peers.values()) this.#sendFloor(peer.outgoing.control);
  }

  judge(hello: Hello): Verdict {
    if (hello.protocol !== wireVersion) return { kind: 'reject', code: 'version-unsupported' };
    if (hello.cluster !== this.#options.cluster) return { kind: 'reject', code: 'wrong-cluster' };
    // The caller looks for a tracker whose data is gone, or is one.
    if (hello.to !== this.#options.self.id || hello.from === this.#options.self.id) return { kind: 'reject', code: 'wiped-member' };
    if (this.#wasRemoved(hello.from)) return { kind: 'reject', code: 'member-removed' };
    const member = this.#members.find((candidate) => candidate.id === hello.from);
    if (member !== undefined && member.incarnation !== hello.incarnation) return { kind: 'reject', code: 'wiped-member' };
    // A member this tracker has not heard of yet may lead it already, so it is welcome. But anybody can say so: few at a time.
    const known = member !== undefined || this.#peers.has(hello.from);
    return known || this.#strangers() < limits.strangersMax ? { kind: 'welcome' } : { kind: 'reject', code: 'starting' };
  }

  accept(hello: Hello, incoming: IncomingStream): StreamReader {
    const peer = this.#meetCaller({ id: hello.from, url: hello.fromUrl, incarnation: hello.incarnation });
    const before = peer.incoming.get(hello.lane);
    peer.incoming.set(hello.lane, incoming);
    before?.close();
    const frames = new FrameReader();
    return {
      received: (bytes) => this.#received(peer.id, frames, bytes),
      closed: () => {
        if (peer.incoming.get(hello.lane) === incoming) peer.incoming.delete(hello.lane);
        // A stranger is called back only as long as it holds a stream itself.
        if (peer.incoming.size === 0 && peer.cancelDrop !== undefined) this.#drop(peer);
      },
    };
  }

  /** The peer sent what no honest tracker sends: it may call again. */
  hangUp(id: NodeId): void {
    for (const incoming of [...(this.#peers.get(id)?.incoming.values() ?? [])]) incoming.close();
  }

  close(): void {
    for (const peer of [...this.#peers.values()]) this.#drop(peer);
  }

  #received(from: NodeId, frames: FrameReader, bytes: Uint8Array): 'fine' | 'corrupt' {
    try {
      for (const read of frames.push(bytes)) {
        if (!this.#take(from, read.frame, read.bytes)) return 'corrupt';
      }
      return 'fine';
    } catch (error) {
      if (error instanceof DecodeError) return 'corrupt';
      throw error;
    }
  }

  /** False for a message that speaks for somebody else, or contradicts itself. Throws DecodeError. */
  #take(from: NodeId, frame: Frame, bytes: number): boolean {
    if (frame.kind === 'floor') {
      this.#deps.floorHeard(from, frame.floor);
      return true;
    }
    const { message } = frame;
    // A read that a follower forwards, and a transfer it asks for, keep the follower's name; nothing else may differ.
    if (message.from !== from || message.to !== this.#options.self.id || !agreesWithItself(message)) return false;
    this.#deps.received(message, bytes);
    return true;
  }

  /** The configuration names it. Whoever had called under its id with other data was somebody else. */
  #meetMember(member: Caller): void {
    const known = this.#peers.get(member.id);
    if (known?.incarnation === member.incarnation) {
      known.cancelDrop?.();
      known.cancelDrop = undefined;
      return;
    }
    if (known !== undefined) this.#drop(known);
    this.#addPeer(member);
  }

  /** It was welcome. One that no configuration names in time is dropped, and calls again if it is real. */
  #meetCaller(caller: Caller): Peer {
    const known = this.#peers.get(caller.id);
    if (known?.incarnation === caller.incarnation) {
      known.url = caller.url;
      return known;
    }
    if (known !== undefined) this.#drop(known);
    const peer = this.#addPeer(caller);
    peer.cancelDrop = this.#deps.clock.schedule(limits.strangerMsMax, () => this.#drop(peer));
    return peer;
  }

  #strangers(): number {
    return [...this.#peers.values()].filter((peer) => peer.cancelDrop !== undefined).length;
  }

  #addPeer({ id, url, incarnation }: Caller): Peer {
    const outgoing = { control: this.#makeLane(id, 'control'), bulk: this.#makeLane(id, 'bulk') };
    const peer: Peer = { id, url, incarnation, outgoing, incoming: new Map(), cancelDrop: undefined };
    this.#peers.set(id, peer);
    for (const lane of lanes) outgoing[lane].start();
    return peer;
  }

  #makeLane(to: NodeId, lane: Lane): OutgoingLane {
    const { self, cluster } = this.#options;
    const hello: Hello = { protocol: wireVersion, cluster, from: self.id, fromName: self.name, fromUrl: self.url, incarnation: self.incarnation, to, lane };
    return new OutgoingLane({
      clock: this.#deps.clock, rng: this.#deps.rng, dial: this.#deps.dial, failed: this.#deps.failed,
      target: () => ({ url: this.urlOf(to) ?? '', hello }),
      opened: () => this.#opened(to, lane),
      lost: (loss) => this.#lost(to, lane, loss),
    });
  }

  #opened(peer: NodeId, lane: Lane): void {
    this.#deps.observe({ kind: 'stream-opened', peer, lane });
    const outgoing = this.#peers.get(peer)?.outgoing.control;
    // Always: what the peer heard last may be out of date.
    if (lane === 'control' && outgoing !== undefined) this.#sendFloor(outgoing);
  }

  #lost(peer: NodeId, lane: Lane, loss: StreamLoss): void {
    this.#deps.observe({ kind: 'stream-lost', peer, lane, why: loss.kind === 'rejected' ? loss.code : loss.kind });
    const heard = this.#peers.get(peer)?.incoming.has('control') ?? false;
    if (loss.kind === 'refused' && lane === 'control' && !heard) this.#deps.died(peer);
  }

  #sendFloor(lane: OutgoingLane): void {
    lane.send([encodeFrame({ kind: 'floor', floor: this.#floor })]);
  }

  #wasRemoved(id: NodeId): boolean {
    return id < this.#nextId && !this.#members.some((member) => member.id === id);
  }

  #dropRemoved(): void {
    for (const peer of [...this.#peers.values()]) {
      if (this.#wasRemoved(peer.id)) this.#drop(peer);
    }
  }

  #drop(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    peer.cancelDrop?.();
    for (const lane of lanes) {
      peer.outgoing[lane].close();
      peer.incoming.get(lane)?.close();
    }
    this.#deps.gone(peer.id);
  }
}
