// The planner's working copy of all lists of a class, with loads kept beside them: which change of one slot is allowed, which is best.
// Mutable inside one plan only.

import { mustExist } from '../../../base/assert.ts';
import type { SeederId } from '../../../base/ids.ts';
import type { SeederInfo } from '../../../model/layout.ts';

/** Loads may differ from the quota by this share before anything is moved for balance. */
const tolerance = 0.05;

/** Weight of two copies in one zone against two on one host. */
const zoneWeight = 1000;

export interface RackInput {
  readonly seeders: readonly SeederInfo[];
  readonly quota: ReadonlyMap<SeederId, number>;
  readonly lists: SeederId[][];
  readonly movable: readonly boolean[];
}

interface Step {
  readonly from: SeederId;
  readonly to: SeederId;
  readonly partition: number;
}

export class Rack {
  readonly #info: ReadonlyMap<SeederId, SeederInfo>;
  readonly #up: readonly SeederId[];
  readonly #quota: ReadonlyMap<SeederId, number>;
  readonly #lists: SeederId[][];
  readonly #movable: readonly boolean[];
  readonly #load = new Map<SeederId, number>();
  /** Partitions of each seeder, so that relieving one does not look at all. */
  readonly #held = new Map<SeederId, Set<number>>();

  constructor(input: RackInput) {
    this.#info = new Map(input.seeders.map((seeder) => [seeder.id, seeder]));
    this.#up = input.seeders.filter((seeder) => seeder.state === 'up').map((seeder) => seeder.id);
    this.#quota = input.quota;
    this.#lists = input.lists;
    this.#movable = input.movable;
    input.lists.forEach((list, partition) => {
      for (const seeder of list) this.#take(seeder, partition);
    });
  }

  get partitions(): number {
    return this.#lists.length;
  }

  list(partition: number): readonly SeederId[] {
    return mustExist(this.#lists[partition], 'partition inside the layout');
  }

  isUp(seeder: SeederId): boolean {
    return this.#info.get(seeder)?.state === 'up';
  }

  /** Puts a seeder at a position; one past the end makes the list longer. */
  replace(partition: number, position: number, seeder: SeederId): void {
    const list = mustExist(this.#lists[partition], 'partition inside the layout');
    const old = list[position];
    if (old !== undefined) this.#give(old, partition);
    list[position] = seeder;
    this.#take(seeder, partition);
  }

  drop(partition: number, position: number): void {
    const [gone] = mustExist(this.#lists[partition], 'partition inside the layout').splice(position, 1);
    if (gone !== undefined) this.#give(gone, partition);
  }

  /** Who should take the position: best spread, then one of `holders` (it has the chunks), then the least loaded. */
  bestTarget(partition: number, position: number, holders: readonly SeederId[]): SeederId | undefined {
    const list = this.list(partition);
    let best: SeederId | undefined;
    let bestCost: readonly number[] = [];
    for (const seeder of this.#up) {
      if (list.includes(seeder)) continue;
      const cost = [this.#clash(list, position, seeder), holders.includes(seeder) ? 0 : 1, this.#fullness(seeder)];
      if (best === undefined || isLess(cost, bestCost)) {
        best = seeder;
        bestCost = cost;
      }
    }
    return best;
  }

  /** One replacement that spreads a settled list better, if there is one. */
  improveSpread(partition: number): boolean {
    if (this.#movable[partition] !== true) return false;
    const list = this.list(partition);
    for (let position = list.length - 1; position >= 0; position -= 1) {
      const present = mustExist(list[position], 'inside the list');
      const clash = this.#clash(list, position, present);
      if (clash === 0) continue;
      const target = this.bestTarget(partition, position, []);
      if (target === undefined || this.#clash(list, position, target) >= clash) continue;
      this.replace(partition, position, target);
      return true;
    }
    return false;
  }

  /** The seeder furthest outside its tolerance, `stuck` ones left out; undefined when all are inside. */
  mostUneven(stuck: ReadonlySet<SeederId>): SeederId | undefined {
    let worst: SeederId | undefined;
    let worstBy = 0;
    for (const seeder of this.#quota.keys()) {
      const by = stuck.has(seeder) ? 0 : Math.max(this.#above(seeder), this.isUp(seeder) ? this.#below(seeder) : 0);
      if (by > worstBy) {
        worst = seeder;
        worstBy = by;
      }
    }
    return worst;
  }

  /** Moves one slot away from a seeder above its quota, or to one below, perhaps by way of others. Answers how many lists changed. */
  relieve(seeder: SeederId): number {
    const steps = this.#above(seeder) > 0
      ? this.#path([seeder], (to) => this.#loadOf(to) + 1 <= this.#ceiling(to) && this.#fullness(to) < this.#fullness(seeder))
      : this.#path([...this.#quota.keys()].filter((from) => from !== seeder && this.#loadOf(from) - 1 >= this.#floor(from) && this.#fullness(from) > this.#fullness(seeder)), (to) => to === seeder);
    for (const step of steps) this.replace(step.partition, this.list(step.partition).indexOf(step.from), step.to);
    return steps.length;
  }

  /** Shortest chain of replacements from a source to a target, each no worse for the spread of its list (breadth first). */
  #path(sources: readonly SeederId[], isTarget: (seeder: SeederId) => boolean): readonly Step[] {
    const cameBy = new Map<SeederId, Step | undefined>(sources.map((source) => [source, undefined]));
    const queue = [...sources].sort((left, right) => this.#fullness(right) - this.#fullness(left));
    for (let at = 0; at < queue.length; at += 1) {
      const from = mustExist(queue[at], 'inside the queue');
      for (const partition of this.#held.get(from) ?? []) {
        // Two steps in one list were each looked at without the other.
        if (this.#movable[partition] !== true || chain(cameBy, from).some((step) => step.partition === partition)) continue;
        const list = this.list(partition);
        const position = list.indexOf(from);
        const clash = this.#clash(list, position, from);
        for (const to of this.#up) {
          if (cameBy.has(to) || list.includes(to) || this.#clash(list, position, to) > clash) continue;
          cameBy.set(to, { from, to, partition });
          if (isTarget(to)) return chain(cameBy, to);
          queue.push(to);
        }
        if (cameBy.size >= this.#up.length + sources.length) break;
      }
    }
    return [];
  }

  /** How badly `seeder` at `position` shares zone or host with the rest of the list. */
  #clash(list: readonly SeederId[], position: number, seeder: SeederId): number {
    const info = this.#info.get(seeder);
    let clash = 0;
    for (let i = 0; i < list.length; i += 1) {
      if (i === position) continue;
      const other = this.#info.get(list[i] as SeederId);
      if (other?.zone !== info?.zone) continue;
      clash += zoneWeight + (other?.host === info?.host ? 1 : 0);
    }
    return clash;
  }

  #loadOf(seeder: SeederId): number {
    return this.#load.get(seeder) ?? 0;
  }

  #fullness(seeder: SeederId): number {
    return this.#loadOf(seeder) / Math.max(this.#quota.get(seeder) ?? 0, 1e-9);
  }

  #ceiling(seeder: SeederId): number {
    const quota = this.#quota.get(seeder) ?? 0;
    return Math.max(Math.ceil(quota - 1e-6), Math.floor(quota * (1 + tolerance)));
  }

  #floor(seeder: SeederId): number {
    const quota = this.#quota.get(seeder) ?? 0;
    return Math.min(Math.floor(quota + 1e-6), Math.ceil(quota * (1 - tolerance)));
  }

  #above(seeder: SeederId): number {
    return Math.max(0, this.#loadOf(seeder) - this.#ceiling(seeder));
  }

  #below(seeder: SeederId): number {
    return Math.max(0, this.#floor(seeder) - this.#loadOf(seeder));
  }

  #take(seeder: SeederId, partition: number): void {
    this.#load.set(seeder, this.#loadOf(seeder) + 1);
    const held = this.#held.get(seeder);
    if (held === undefined) this.#held.set(seeder, new Set([partition]));
    else held.add(partition);
  }

  #give(seeder: SeederId, partition: number): void {
    this.#load.set(seeder, this.#loadOf(seeder) - 1);
    this.#held.get(seeder)?.delete(partition);
  }
}

function chain(cameBy: ReadonlyMap<SeederId, Step | undefined>, end: SeederId): Step[] {
  const steps: Step[] = [];
  for (let step = cameBy.get(end); step !== undefined; step = cameBy.get(step.from)) steps.push(step);
  return steps;
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  for (let i = 0; i < left.length; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
