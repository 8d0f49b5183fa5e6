// One tracker without a Raft group, for tests of what a tracker does besides: a real state machine, a log that commits at once, and a
// leadership that the test gives and takes. Time stands still.

import type { LogIndex, NodeId, NodeName, SeederId, Term } from '../../src/base/ids.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import { decodeEntry } from '../../src/storage/meta/core/command-codec.ts';
import type { Entry } from '../../src/storage/meta/core/command.ts';
import { Proposer } from '../../src/roles/tracker/proposer.ts';
import { Roster } from '../../src/roles/tracker/roster.ts';
import { LayoutMemo } from '../../src/roles/tracker/layout-memo.ts';
import type { TrackerRaft } from '../../src/roles/tracker/tracker-raft.ts';
import type { Leadership, RaftStatus } from '../../src/raft/driver/raft-status.ts';
import type { InventoryReport } from '../../src/model/feed.ts';
import type { HeartbeatRequest } from '../../src/protocol/tracker-api.ts';
import type { SeederState } from '../../src/model/layout.ts';
import { clusterId, copies3, incarnationOf, StateWorld } from '../meta/state-world.ts';
import { ManualClock } from './manual-clock.ts';

export class TrackerWorld {
  readonly clock = new ManualClock({ wallMs: 1_000 });
  readonly state: StateWorld;
  readonly roster: Roster;
  readonly layouts = new LayoutMemo();
  readonly proposer: Proposer;
  readonly entries: Entry[] = [];
  leadership: Leadership | undefined;
  /** Whom a follower points to. */
  leader: { readonly name: string; readonly url: string } | undefined;
  readonly raft: TrackerRaft;

  /** Founded, three seeders up, `copies=3` laid out over them. */
  static async ready(partitions = 4): Promise<TrackerWorld> {
    return new TrackerWorld(await StateWorld.ready(partitions));
  }

  /** Founded, nothing else. */
  static async founded(): Promise<TrackerWorld> {
    const state = await StateWorld.bare();
    await state.entry([{ kind: 'found', cluster: clusterId, level: 1, settings: [] }]);
    return new TrackerWorld(state);
  }

  constructor(state: StateWorld) {
    this.state = state;
    this.roster = new Roster({ clock: this.clock });
    this.lead(1);
    this.raft = this.#raft() as unknown as TrackerRaft;
    this.proposer = new Proposer({ raft: this.raft, clock: this.clock });
  }

  lead(term: number): void {
    this.leadership = { term: term as Term, sinceMs: this.clock.monotonicMs() };
  }

  mustLead(): Leadership {
    if (this.leadership === undefined) throw new Error('does not lead');
    return this.leadership;
  }

  beat(seeder: number, change: Partial<HeartbeatRequest> = {}): 'changes' | 'full' {
    return this.roster.hear(this.mustLead(), {
      seeder: seeder as SeederId, incarnation: incarnationOf(`s${seeder}`), freeBytes: 1, totalBytes: 2, chunkBytes: 0, chunks: 0, condition: 'open', cursor: 0 as LogIndex, inventory: [], ...change,
    });
  }

  async stateOf(seeder: number): Promise<SeederState | undefined> {
    return (await this.state.machine.queries.seeders()).find((each) => each.id === seeder)?.state;
  }

  /** What a seeder that holds exactly the live chunks of a partition would report now. */
  async trueReport(partition: number): Promise<InventoryReport> {
    const index = this.state.index;
    const [digest] = await this.state.machine.queries.partitionDigests([{ classCode: copies3, partition, atIndex: index }]);
    if (digest?.kind !== 'known') throw new Error('not known');
    return { classCode: copies3, partition, index, count: digest.count, digest: digest.digests[0] ?? '', others: 0, deletionsPending: 0 };
  }

  #raft(): unknown {
    return {
      leadership: () => this.leadership,
      isLeader: () => this.leadership !== undefined,
      machine: () => this.state.machine,
      useMachine: <T>(use: (machine: unknown) => Promise<T>) => use(this.state.machine),
      readBarrier: (signal: AbortSignal) => (signal.throwIfAborted(), Promise.resolve(this.state.index)),
      propose: async (data: Uint8Array) => {
        if (this.leadership === undefined) throw new OffshoreError('not-leader');
        const entry = decodeEntry(data);
        this.entries.push(entry);
        this.state.age = entry.clusterAge;
        const result = await this.state.entry(entry.commands);
        return { index: this.state.index, term: this.leadership?.term, result };
      },
      status: (): Partial<RaftStatus> => ({
        id: 1 as NodeId, cluster: clusterId, term: (this.leadership?.term ?? 1) as Term, commit: this.state.index, applied: this.state.index, role: this.leadership === undefined ? 'follower' : 'leader',
        members: [1, 2, 3].map((id) => ({ id: id as NodeId, name: `t${id}` as NodeName, url: `http://t${id}` })) as unknown as RaftStatus['members'], peers: [],
        ...(this.leader === undefined ? {} : { leader: { id: 2 as NodeId, ...this.leader } as unknown as RaftStatus['leader'] & object }),
      }),
    };
  }
}
