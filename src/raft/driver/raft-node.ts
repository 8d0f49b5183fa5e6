// One tracker's seat in the cluster's Raft group: the facade of the driver. It owns the life cycle (open, start, stop) and refuses what
// the present phase does not allow; the work is done by the loop and what hangs on it.

import { mustNotBeAborted } from '../../async/abort.ts';
import { sleep } from '../../async/sleep.ts';
import { assert, mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { LogIndex, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Answer } from '../../protocol/send.ts';
import type { StateMachine } from '../../storage/state-machine.ts';
import { findSeat, firstBatch } from './bootstrap.ts';
import type { CurrentState } from './current-state.ts';
import type { IdentityAnswer } from './identity-answer.ts';
import { openIdentity, type Identity } from './identity-file.ts';
import type { LogIdentity, LogStore } from './log-store.ts';
import { Membership } from './membership.ts';
import type { Member, TrackerAddress } from './members.ts';
import type { RaftDeps, RaftOptions, RaftTiming } from './raft-options.ts';
import { RaftLoop } from './raft-loop.ts';
import { answerRaftRoute } from './raft-routes.ts';
import type { Leadership, Proposed, ProposalUrgency, RaftPhase, RaftStatus } from './raft-status.ts';
import { checkIdentity, openLog, restoreState } from './restore.ts';
import { statusOf } from './status-of.ts';
import type { Hello, RaftStreamOwner } from './stream.ts';
import { bestSuccessor } from './successor.ts';

/** What exists once the tracker has its place. */
interface Seated<Result> {
  readonly log: LogIdentity;
  readonly loop: RaftLoop<Result>;
  readonly membership: Membership;
}

const defaultTiming: RaftTiming = { tickMs: limits.tickMs, heartbeatTicks: limits.heartbeatTicks, electionTicks: limits.electionTicks };

export class RaftNode<Result> implements AsyncDisposable {
  /** Resolves, never rejects, with the error after which the process must end (S7). */
  readonly failed: Promise<unknown>;
  readonly #options: RaftOptions;
  readonly #deps: RaftDeps<Result>;
  readonly #timing: RaftTiming;
  readonly #settleFailed: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #identity: Identity;
  #phase: RaftPhase = 'opened';
  #seated: Seated<Result> | undefined;
  /** Until the log was opened nobody knows whether this tracker is empty, and it must not say so. */
  #log: 'unknown' | 'empty' = 'unknown';
  /** A stop closes the state only after what runs was let finish. */
  #state: 'usable' | 'closed' = 'usable';
  #started: Promise<void> = Promise.resolve();

  private constructor(options: RaftOptions, deps: RaftDeps<Result>, identity: Identity) {
    this.#options = options;
    this.#deps = deps;
    this.#identity = identity;
    this.#timing = options.timing ?? defaultTiming;
    let settle: (error: unknown) => void = () => undefined;
    this.failed = new Promise((resolve) => { settle = resolve; });
    this.#settleFailed = settle;
  }

  /** Draws and fsyncs this tracker's incarnation; afterwards `handle` and `streamOwner` may be wired to the HTTP server. Nothing runs yet. */
  static async open<Result>(options: RaftOptions, deps: RaftDeps<Result>): Promise<RaftNode<Result>> {
    return new RaftNode(options, deps, await openIdentity(options, deps));
  }

  /** Restarts from disk, or founds or joins the cluster, then runs. Waits for the other initial trackers as long as `signal` allows; not for a leader. */
  start(signal: AbortSignal): Promise<void> {
    assert(this.#phase === 'opened', 'a node is started once');
    this.#phase = 'waiting';
    this.#started = this.#start(AbortSignal.any([signal, this.#stopping.signal]));
    return this.#started;
  }

  /** Answers the routes under `/raft/v1/`; undefined for any other path. */
  handle(request: { readonly method: string; readonly path: string }): Promise<Answer> | undefined {
    return answerRaftRoute(request, { identity: () => this.#identityAnswer(), snapshots: () => this.#seated?.loop.snapshots });
  }

  /** What platform/raft-stream's `RaftStreamServer` serves. */
  get streamOwner(): RaftStreamOwner {
    return {
      judge: (hello: Hello) => (this.#phase === 'running' ? this.#mustBeSeated().loop.transport.judge(hello) : { kind: 'reject', code: 'starting' }),
      accept: (hello, incoming) => this.#mustBeSeated().loop.transport.accept(hello, incoming),
    };
  }

  /**
   * Commits `data` and applies it here. Nothing happened after `not-leader` (details: leader, name), `no-leader`, `overloaded`, `disk-full`,
   * `starting`, `stopping`, and after `aborted` or `timeout` of the signal; after `outcome-unknown` nobody knows.
   */
  async propose(data: Uint8Array, signal: AbortSignal, urgency: ProposalUrgency = 'ordinary'): Promise<Proposed<Result>> {
    const { loop } = this.#mustRun();
    loop.proposer.check(urgency);
    const proposed = loop.proposals.add('data', data, signal);
    loop.wake();
    return proposed;
  }

  /** Linearizable on any tracker: when it resolves, the state has applied everything acknowledged before the call. */
  async readBarrier(signal: AbortSignal): Promise<LogIndex> {
    const { loop } = this.#mustRun();
    const barrier = loop.reads.barrier(signal);
    loop.wake();
    return barrier;
  }

  /** The current state; another object after a snapshot was installed. Throws `starting` before it is there, `stopping` afterwards. */
  machine(): StateMachine<Result> {
    return this.#mustHaveState().machine;
  }

  /** Holds the current state open while `read` runs: for reads that span awaits. */
  async useMachine<T>(read: (machine: StateMachine<Result>) => Promise<T>): Promise<T> {
    return this.#mustHaveState().use(read);
  }

  status(): RaftStatus {
    return statusOf({ phase: this.#phase, identity: this.#identity, log: this.#seated?.log, loop: this.#seated?.loop });
  }

  isLeader(): boolean {
    return this.#phase === 'running' && this.#seated?.loop.leader.leads === true;
  }

  /** Undefined unless this tracker leads and has applied everything of earlier terms, so that the state is current for duties. */
  leadership(): Leadership | undefined {
    return this.#phase === 'running' ? this.#seated?.loop.leader.leadership : undefined;
  }

  /** Resolves when another tracker leads. Throws `not-leader`, or `no-leader` when nobody can take over. */
  async transferLeadership(to: NodeId | 'best', signal: AbortSignal): Promise<void> {
    const { loop } = this.#mustRun();
    if (!loop.leader.leads) throw loop.proposer.notLeader();
    const target = to === 'best' ? bestSuccessor(loop.status(), (peer) => loop.floors.of(peer)) : to;
    if (target === undefined) throw new OffshoreError('no-leader', {}, { message: 'No other tracker can take over' });
    if (target === loop.leader.lead) return;
    loop.transferLeader(target);
    await this.#untilHandedOver(loop, signal);
  }

  /** On the leader, one change at a time (`busy`). Resolves when it was applied here. */
  addLearner(address: TrackerAddress, signal: AbortSignal): Promise<Member> {
    return this.#changing((membership) => membership.addLearner(address, signal));
  }

  /** Waits for the catch-up rounds, then makes the learner a voter. */
  promote(id: NodeId, signal: AbortSignal): Promise<void> {
    return this.#changing((membership) => membership.promote(id, signal));
  }

  remove(id: NodeId, signal: AbortSignal): Promise<void> {
    return this.#changing((membership) => membership.remove(id, signal));
  }

  /** A lost tracker for an empty one: learner, catch-up, then one joint change. */
  replace(old: NodeId, address: TrackerAddress, signal: AbortSignal): Promise<Member> {
    return this.#changing((membership) => membership.replace(old, address, signal));
  }

  /** Graceful: refuses new work, lets what runs finish, hands leadership over (both bounded), closes. */
  async stop(): Promise<void> {
    if (this.#phase === 'stopped' || this.#phase === 'stopping') return;
    const before = this.#phase;
    this.#phase = before === 'failed' ? 'failed' : 'stopping';
    this.#stopping.abort(new OffshoreError('stopping'));
    await this.#started.catch(() => undefined);
    const loop = this.#seated?.loop;
    if (before === 'running' && loop !== undefined) await this.#drain(loop);
    this.#state = 'closed';
    await loop?.close();
    if (this.#phase !== 'failed') this.#phase = 'stopped';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(signal: AbortSignal): Promise<void> {
    const store = await openLog(this.#options.folder, this.#deps.openKv);
    try {
      const log = store.identity() ?? await this.#takeSeat(store, signal);
      this.#identity = await checkIdentity({ folder: this.#options.folder, identity: this.#identity, log }, this.#deps);
      mustNotBeAborted(signal);
      this.#seated = await this.#seat(store, log);
    } catch (error) {
      this.#phase = 'failed';
      await store.close();
      throw error;
    }
    this.#phase = 'running';
    this.#seated.loop.start();
  }

  /** A tracker that once had a log and lost it must never begin again under the same id. */
  async #takeSeat(store: LogStore, signal: AbortSignal): Promise<LogIdentity> {
    const identity = this.#identity;
    if (identity.stage.kind === 'joined') throw new OffshoreError('wiped-member', { name: identity.name, id: identity.stage.id });
    this.#log = 'empty';
    const seat = await findSeat({ identity, initial: this.#options.initial, whenWiped: this.#options.whenWiped ?? 'refuse' }, { ...this.#deps, observe: this.#observe }, signal);
    await store.write(firstBatch(seat, identity));
    return mustExist(store.identity(), 'the first batch writes the identity');
  }

  async #seat(store: LogStore, log: LogIdentity): Promise<Seated<Result>> {
    const { name, url, folder, logTail } = this.#options;
    const self = { id: log.id, name, url, incarnation: log.incarnation };
    const { state, config } = await restoreState(store, log, this.#deps.states);
    const loop = new RaftLoop<Result>({
      self, cluster: log.cluster, store, state, config, addresses: this.#options.initial, folder, timing: this.#timing,
      run: Number.parseInt(this.#deps.drawIncarnation().slice(0, 12), 16),
      logTail: logTail ?? { entries: limits.logTailEntries, bytes: limits.logTailBytes },
    }, { ...this.#deps, observe: this.#observe, failed: (error) => this.#fail(error) });
    const membership = new Membership({ tickMs: this.#timing.tickMs, electionMs: this.#electionMs }, {
      clock: this.#deps.clock, send: this.#deps.send, cluster: log.cluster,
      config: () => loop.side.config, status: () => loop.status(), notLeader: () => loop.proposer.notLeader(),
      propose: (change, signal) => {
        const proposed = loop.proposals.add('membership', change, signal);
        loop.wake();
        return proposed;
      },
    });
    return { log, loop, membership };
  }

  get #electionMs(): number {
    return this.#timing.electionTicks * this.#timing.tickMs;
  }

  readonly #observe: NonNullable<RaftDeps<Result>['observe']> = (event) => this.#deps.observe?.(event);

  #fail(error: unknown): void {
    this.#phase = 'failed';
    this.#settleFailed(error);
  }

  #identityAnswer(): IdentityAnswer | undefined {
    const who = { name: this.#identity.name, incarnation: this.#identity.incarnation };
    if (this.#seated === undefined && this.#log === 'unknown') return undefined;
    if (this.#seated === undefined) return { kind: 'empty', ...who, initial: this.#options.initial };
    const { log, loop } = this.#seated;
    return { kind: 'member', ...who, cluster: log.cluster, founding: log.founding, members: loop.side.config.members };
  }

  async #changing<T>(change: (membership: Membership) => Promise<T>): Promise<T> {
    const { loop, membership } = this.#mustRun();
    if (!loop.leader.leads) throw loop.proposer.notLeader();
    return change(membership);
  }

  async #drain(loop: RaftLoop<Result>): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + limits.stopDrainMs;
    const never = new AbortController().signal;
    while (loop.proposals.size > 0 && loop.running && clock.monotonicMs() < untilMs) await sleep(this.#timing.tickMs, clock, never);
    const successor = loop.leader.leads && loop.running ? bestSuccessor(loop.status(), (peer) => loop.floors.of(peer)) : undefined;
    if (successor === undefined) return;
    loop.transferLeader(successor);
    await this.#untilHandedOver(loop, never).catch(() => undefined);
  }

  /** The core gives up after an election timeout. */
  async #untilHandedOver(loop: RaftLoop<Result>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + 2 * this.#electionMs;
    while (loop.leader.leads || loop.leader.lead === undefined) {
      if (clock.monotonicMs() > untilMs || !loop.running) throw new OffshoreError('timeout', {}, { message: 'Leadership was not taken over' });
      await sleep(this.#timing.tickMs, clock, signal);
    }
  }

  #mustRun(): Seated<Result> {
    if (this.#phase === 'running') return this.#mustBeSeated();
    throw new OffshoreError(this.#phase === 'opened' || this.#phase === 'waiting' ? 'starting' : 'stopping');
  }

  #mustHaveState(): CurrentState<Result> {
    const { loop } = this.#mustBeSeated();
    if (this.#state === 'closed' || this.#phase === 'failed') throw new OffshoreError('stopping');
    return loop.side.state;
  }

  #mustBeSeated(): Seated<Result> {
    if (this.#seated === undefined) throw new OffshoreError('starting');
    return this.#seated;
  }
}
