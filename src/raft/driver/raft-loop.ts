// The loop around the core (`raft.md` 2.4): one turn steps what arrived, proposes what waits, ticks at most once, takes one Ready and hands
// its work to the append thread, the state side and the transport. It is the only caller of the core. It waits for nothing: whatever takes
// time comes back as a message. Any error ends it, and with it the process.

import { mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { ProposalDropped, StepPeerNotFound } from '../core/errors.ts';
import type { RawNode } from '../core/raw-node.ts';
import { localAppendThread, localApplyThread, type Message, type Ready, type Status } from '../core/types.ts';
import { AppendThread } from './append-thread.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { PreparedEntry } from './applier.ts';
import { DiskFloors } from './disk-floors.ts';
import { DiskWatchdog } from './disk-watchdog.ts';
import { EarlyCampaign } from './early-campaign.ts';
import type { EntryNote } from './entry-preparer.ts';
import { FloorWatch } from './floor-watch.ts';
import { Housekeeping } from './housekeeping.ts';
import { Inbox } from './inbox.ts';
import { LeaderWatch } from './leader-watch.ts';
import { LogStorage } from './log-storage.ts';
import type { InstalledState, LogPlace } from './log-store.ts';
import type { LoopDeps, LoopParts } from './loop-parts.ts';
import { makeCore } from './make-core.ts';
import { canBeTrue, isForLeader } from './message-check.ts';
import { Proposals } from './proposals.ts';
import { Proposer } from './proposer.ts';
import { Reads } from './reads.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { decodeTicket } from './snapshot-ticket.ts';
import { StateOffers } from './state-offers.ts';
import { StateSide } from './state-side.ts';
import { Ticker } from './ticker.ts';
import { Transport } from './transport.ts';
import { mustBeWritten } from './wire.ts';

export class RaftLoop<Result> {
  readonly proposals = new Proposals<Result>();
  readonly reads: Reads;
  readonly transport: Transport;
  readonly snapshots: SnapshotSender;
  readonly floors = new FloorWatch();
  readonly side: StateSide<Result>;
  readonly leader: LeaderWatch;
  readonly proposer: Proposer<Result>;
  readonly #parts: LoopParts<Result>;
  readonly #deps: LoopDeps<Result>;
  readonly #core: RawNode;
  readonly #inbox = new Inbox();
  readonly #ticker: Ticker;
  readonly #append: AppendThread;
  readonly #receiver: SnapshotReceiver;
  readonly #house: Housekeeping;
  readonly #offers = new StateOffers();
  readonly #campaign: EarlyCampaign;
  readonly #electionMs: number;
  #phase: 'ready' | 'running' | 'ended' = 'ready';
  #turn: 'none' | 'scheduled' = 'none';
  #termSeen = 0;
  #pinsMade = 0;

  constructor(parts: LoopParts<Result>, deps: LoopDeps<Result>) {
    const { self, store, timing } = parts;
    this.#parts = parts;
    this.#deps = deps;
    this.#electionMs = timing.electionTicks * timing.tickMs;
    this.reads = new Reads({ id: self.id, incarnation: self.incarnation, run: parts.run });
    this.leader = new LeaderWatch({ self: self.id }, deps);
    this.transport = this.#makeTransport();
    this.side = this.#makeSide();
    this.snapshots = new SnapshotSender({ clock: deps.clock, failed: this.#failed, pin: () => this.side.pin(), nextId: () => this.#nextPinId() });
    this.#receiver = this.#makeReceiver();
    this.#append = new AppendThread({
      store, clock: deps.clock, deliver: this.#deliver, failed: this.#failed,
      preflight: () => this.#house.lookAtDisk(),
      install: (at, write) => this.#install(at, write),
      wrote: (batch) => deps.observe({ kind: 'log-written', ...batch }),
    });
    const applied = this.side.applied.index;
    const storage = new LogStorage({ store, applied, confState: parts.config.confState, snapshots: this.snapshots });
    this.#core = makeCore({ id: self.id, applied, timing }, { storage, rng: deps.rng });
    this.#ticker = new Ticker({ tickMs: timing.tickMs }, { clock: deps.clock, wake: () => this.wake() });
    this.#campaign = new EarlyCampaign({ clock: deps.clock, rng: deps.rng, campaign: () => this.#campaignEarly() });
    this.#house = this.#makeHouse();
    this.proposer = new Proposer({
      self: self.id, core: this.#core, proposals: this.proposals, leader: this.leader, floors: this.floors,
      config: () => this.side.config, urlOf: (peer) => this.transport.urlOf(peer),
    });
  }

  start(): void {
    this.#phase = 'running';
    this.#meet(this.side.config);
    this.#ticker.start();
    // The only voter need not wait for anybody.
    const { voters } = this.side.config.confState;
    if (voters.length === 1 && voters[0] === this.#parts.self.id) this.#core.campaign();
    this.wake();
  }

  /** Something is to be done: a turn follows once the input that is ready now was handled. */
  wake(): void {
    if (this.#phase !== 'running' || this.#turn === 'scheduled') return;
    this.#turn = 'scheduled';
    this.#deps.defer(() => {
      this.#turn = 'none';
      this.#guard(() => this.#takeTurn());
    });
  }

  status(): Status {
    return this.#core.status();
  }

  /** Asks the core to hand over; whether it happens shows in the leader. */
  transferLeader(to: NodeId): void {
    this.#guard(() => this.#core.transferLeader(to));
    this.wake();
  }

  /** Ends everything that waits and everything that runs; the stores stay open for `close`. */
  fail(error: unknown): void {
    if (this.#phase === 'ended') return;
    this.#end(new OffshoreError('outcome-unknown', {}, { cause: error }));
    this.#deps.observe({ kind: 'failed', error });
    this.#deps.failed(error);
  }

  /** Finishes what is in flight on disk, then closes. */
  async close(): Promise<void> {
    this.#end(new OffshoreError('stopping'));
    await this.#receiver.close();
    await this.#append.whenIdle();
    this.snapshots.close();
    await this.side.close();
    await this.#parts.store.close();
  }

  get running(): boolean {
    return this.#phase === 'running';
  }

  readonly #failed = (error: unknown): void => this.fail(error);

  #makeTransport(): Transport {
    const { self, cluster } = this.#parts;
    const { clock, rng, dial, observe } = this.#deps;
    return new Transport({ self, cluster }, {
      clock, rng, dial, observe, failed: this.#failed,
      received: (message, bytes) => this.#arrived(message, bytes),
      floorHeard: (peer, floor) => this.floors.heard(peer, floor),
      gone: (peer) => this.floors.forget(peer),
      unreachable: (peer, lost) => this.#unreachable(peer, lost),
      died: (peer) => this.#peerDied(peer),
    });
  }

  /** A tracker that moved is looked for where the options say, not where it was when the cluster was founded. */
  #meet(config: ClusterConfig): void {
    const addressed = config.members.map((member) => ({ ...member, url: this.#parts.addresses.find((each) => each.name === member.name)?.url ?? member.url }));
    this.transport.setMembers({ nextId: config.nextId, members: addressed });
  }

  #makeSide(): StateSide<Result> {
    const { clock, states, observe } = this.#deps;
    return new StateSide({ state: this.#parts.state, config: this.#parts.config }, {
      clock, states, deliver: this.#deliver, failed: this.#failed,
      applyConfChange: (change) => this.#core.applyConfChange(change),
      applied: (group, results, ms) => this.#applied(group, results, ms),
      installed: (at) => this.#installed(at),
      configured: (config, index) => {
        this.#meet(config);
        observe({ kind: 'membership-changed', index });
      },
    });
  }

  #makeReceiver(): SnapshotReceiver {
    const { clock, rng, send, states, observe } = this.#deps;
    return new SnapshotReceiver({
      clock, rng, send, states, observe, failed: this.#failed, self: this.#parts.self.id,
      clean: (signal) => this.side.clean(signal),
      urlOf: (peer) => this.transport.urlOf(peer),
      received: (message, folder) => {
        this.#offers.received({ message, folder });
        this.wake();
      },
    });
  }

  #makeHouse(): Housekeeping {
    const { folder, logTail, store } = this.#parts;
    return new Housekeeping({ tail: logTail }, {
      core: this.#core, store, append: this.#append, snapshots: this.snapshots, transport: this.transport, floors: this.floors,
      diskFloors: new DiskFloors({ folder }, this.#deps), watchdog: new DiskWatchdog({ hungAfterMs: this.#electionMs }),
      applied: () => this.side.applied.index, observe: this.#deps.observe, failed: this.#failed,
      outsideTurn: (call) => {
        this.#guard(call);
        this.wake();
      },
    });
  }

  #nextPinId(): string {
    this.#pinsMade += 1;
    return `${this.#parts.self.id}-${this.#parts.run}-${this.#pinsMade}`;
  }

  #end(error: OffshoreError): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#ticker.stop();
    this.#campaign.disarm();
    this.proposals.close(error);
    this.reads.close(error);
    this.transport.close();
  }

  #takeTurn(): void {
    for (const message of this.#inbox.takeFromThreads()) this.#step(message);
    for (const message of this.#inbox.takeFromPeers(limits.turnMessagesMax)) this.#stepPeer(message);
    const received = this.#offers.takeToShow();
    if (received !== undefined) this.#step(received);
    this.proposer.proposeQueued();
    if (this.#ticker.takeDue()) this.#tick();
    const context = this.reads.startRound();
    if (context !== undefined) this.#core.readIndex(context);
    if (this.#core.hasReady()) this.#handleReady(this.#core.ready());
    else this.#offers.judge([]);
    if (this.#inbox.size > 0 || this.proposals.queued > 0 || this.#core.hasReady()) this.wake();
  }

  #stepPeer(message: Message): void {
    const status = this.#core.basicStatus();
    if (!canBeTrue(message, status)) return this.transport.hangUp(message.from as NodeId);
    // This tracker led when it was sent; whoever asks will ask again.
    if (isForLeader(message) && status.role !== 'leader') return;
    // Below the second floor nothing is taken that must be written; votes, heartbeats and reads go on.
    if (!this.floors.takesAppends && mustBeWritten(message)) return;
    if (message.snapshot === undefined || !this.#mustBeFetched(message)) this.#step(message);
    // Without an answer the sender takes its offer for lost and makes another.
    else if (this.#offers.idle) this.#receiver.offer(message);
  }

  /** Not when the core answers without it: an old term, or nothing new. */
  #mustBeFetched(message: Message): boolean {
    const { term, commit } = this.#core.basicStatus();
    return message.term >= term && mustExist(message.snapshot, 'a MsgSnap has a snapshot').meta.index > commit;
  }

  /** A message of a peer may be late in many ways; none of them is an error here. */
  #step(message: Message): void {
    try {
      this.#core.step(message);
    } catch (error) {
      if (!(error instanceof StepPeerNotFound) && !(error instanceof ProposalDropped)) throw error;
    }
  }

  #tick(): void {
    this.#core.tick();
    this.reads.tick();
    this.proposals.expire(this.#deps.clock.monotonicMs());
    this.#house.tick();
  }

  #handleReady(ready: Ready): void {
    const term = ready.hardState?.term ?? this.#termSeen;
    if (ready.softState !== undefined || term !== this.#termSeen) this.#roleMayHaveChanged();
    this.#termSeen = term;
    for (const read of ready.readStates) this.reads.answered({ context: read.context, index: read.index as LogIndex }, this.side.applied.index);
    this.#offers.judge(ready.messages);
    const outgoing: Message[] = [];
    for (const message of ready.messages) {
      if (message.to === localAppendThread) this.#append.enqueue(message);
      else if (message.to === localApplyThread) this.side.enqueue(message);
      else outgoing.push(message);
    }
    this.#sendOut(outgoing);
  }

  #sendOut(messages: readonly Message[]): void {
    const leaving = this.#house.leaving(messages);
    for (const message of leaving) {
      if (message.snapshot === undefined) continue;
      this.snapshots.told(message.to as NodeId, decodeTicket(message.snapshot.data).id);
      this.#deps.observe({ kind: 'snapshot-offered', peer: message.to as NodeId, index: message.snapshot.meta.index as LogIndex });
    }
    if (leaving.length > 0) this.transport.send(leaving);
  }

  #roleMayHaveChanged(): void {
    const change = this.leader.update(this.#core.basicStatus());
    if (change.lead === 'changed') this.reads.leaderChanged();
    if (this.leader.lead !== undefined) this.#campaign.disarm();
    if (change.leadership === 'lost') this.proposals.leadershipLost(this.proposer.notLeader(), this.#deps.clock.monotonicMs() + this.#electionMs);
  }

  /** What a finished append or apply group says: to this node through the inbox, to others at once. */
  readonly #deliver = (messages: readonly Message[]): void => {
    if (this.#phase !== 'running') return;
    const outgoing: Message[] = [];
    for (const message of messages) {
      if (message.to === this.#parts.self.id) this.#inbox.fromThread(message);
      else outgoing.push(message);
    }
    if (outgoing.length > 0) this.#guard(() => this.#sendOut(outgoing));
    this.wake();
  };

  #applied(group: readonly PreparedEntry<EntryNote>[], results: readonly Result[], ms: number): void {
    for (const [at, { entry, note }] of group.entries()) {
      this.proposals.applied(entry, note.kind === 'void' ? { kind: 'void', because: note.because } : { kind: note.kind, result: results[at] as Result });
    }
    this.reads.applied(this.side.applied.index);
    this.leader.applied(this.side.applied.term);
    this.#deps.observe({ kind: 'group-applied', entries: group.length, ms });
    this.wake();
  }

  #install(at: LogPlace, write: (state: InstalledState) => Promise<void>): Promise<void> {
    const next = { folder: this.#offers.mustBeAccepted(), at };
    // What is held of the old state goes with it.
    this.snapshots.close();
    return this.side.install(next, () => write(next));
  }

  #installed(at: LogPlace): void {
    this.#offers.installed();
    this.proposals.installed(at.index);
    this.reads.applied(at.index);
    this.#deps.observe({ kind: 'snapshot-installed', index: at.index });
    this.wake();
  }

  #arrived(message: Message, bytes: number): void {
    this.#inbox.fromPeer(message, bytes);
    this.wake();
  }

  #unreachable(peer: NodeId, lost: readonly Message[]): void {
    this.#guard(() => {
      this.#core.reportUnreachable(peer);
      if (lost.some((message) => message.type === 'MsgSnap')) this.#core.reportSnapshot(peer, 'failed');
    });
  }

  #peerDied(peer: NodeId): void {
    if (this.#phase !== 'running' || this.leader.lead !== peer) return;
    this.#guard(() => this.#core.forgetLeader());
    this.#campaign.arm();
    this.wake();
  }

  #campaignEarly(): void {
    if (this.leader.lead !== undefined) return;
    this.#guard(() => this.#core.campaign());
    this.wake();
  }

  #guard(call: () => void): void {
    if (this.#phase !== 'running') return;
    try {
      call();
    } catch (error) {
      this.fail(error);
    }
  }
}
