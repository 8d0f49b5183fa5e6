// Which seeder to ask first for a chunk, and what is remembered of each seeder to decide it. Pure; the clock is an argument.
// It orders all candidates and drops none: a seeder that failed may be the only one with the bytes.

import type { ChunkId, SeederId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { seederById, type Layout, type PartitionLists, type SeederInfo } from '../../model/layout.ts';

/** What one seeder did lately. */
export interface SeederHealth {
  /** EWMA of the time to a good answer; absent before the first. */
  readonly latencyMs?: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly failedAtMs: number;
}

export type HealthOf = (seeder: SeederId) => SeederHealth | undefined;

/** Weight of the newest sample. */
const freshShare = 0.2;

export const unknownHealth: SeederHealth = { failures: 0, failedAtMs: 0 };

export function afterSuccess(health: SeederHealth, tookMs: number): SeederHealth {
  const latencyMs = health.latencyMs === undefined ? tookMs : health.latencyMs * (1 - freshShare) + tookMs * freshShare;
  return { latencyMs, failures: 0, failedAtMs: health.failedAtMs };
}

export function afterFailure(health: SeederHealth, nowMs: number): SeederHealth {
  return { ...health, failures: health.failures + 1, failedAtMs: nowMs };
}

/** True while a seeder's last failure still counts: the longer the more often it failed in a row. */
export function failedLately(health: SeederHealth | undefined, nowMs: number): boolean {
  if (health === undefined || health.failures === 0) return false;
  return nowMs - health.failedAtMs < Math.min(limits.nodePenaltyMsMax, limits.nodePenaltyMs * 2 ** (health.failures - 1));
}

/** Readers: copies of `now` and `before`; well ones first, then the reader's zone, then fast ones, spread by chunk among equals. */
export function rankCopies(copies: readonly SeederInfo[], by: { readonly chunk: ChunkId; readonly zone?: string; readonly nowMs: number; readonly healthOf: HealthOf }): readonly SeederInfo[] {
  const costOf = (seeder: SeederInfo): number =>
    illness(seeder, by.healthOf(seeder.id), by.nowMs) * 1000
    + (by.zone !== undefined && seeder.zone !== by.zone ? 100 : 0)
    + latencyClass(by.healthOf(seeder.id));
  return orderBy(spread(copies, by.chunk), costOf);
}

/** Writers: who coordinates a chunk. Spread by chunk so that load is even; latency does not matter, illness does. */
export function rankCoordinators(seeders: readonly SeederInfo[], by: { readonly chunk: ChunkId; readonly nowMs: number; readonly healthOf: HealthOf }): readonly SeederInfo[] {
  return orderBy(spread(seeders, by.chunk), (seeder) => illness(seeder, by.healthOf(seeder.id), by.nowMs));
}

/** The seeders a reader may ask: `now`, then those of `before` that are not in it. */
export function readersOf(layout: Layout, lists: PartitionLists): readonly SeederInfo[] {
  return known(layout, [...new Set([...lists.now, ...lists.before])]);
}

/** The seeders a writer must write to. */
export function writersOf(layout: Layout, lists: PartitionLists): readonly SeederInfo[] {
  return known(layout, lists.now);
}

function known(layout: Layout, ids: readonly SeederId[]): readonly SeederInfo[] {
  return ids.map((id) => seederById(layout, id)).filter((seeder): seeder is SeederInfo => seeder !== undefined);
}

/** 0 well, 1 failed lately, 2 said to be away by the layout, 3 both. */
function illness(seeder: SeederInfo, health: SeederHealth | undefined, nowMs: number): number {
  const away = seeder.state === 'down' || seeder.state === 'maintenance' || seeder.state === 'removed';
  return (failedLately(health, nowMs) ? 1 : 0) + (away ? 2 : 0);
}

/** Powers of four of a millisecond: a copy must be much slower to lose its share of the load. */
function latencyClass(health: SeederHealth | undefined): number {
  return health?.latencyMs === undefined ? 0 : Math.floor(Math.log2(1 + health.latencyMs) / 2);
}

/** The first 4 digits name the slice, equal for a whole partition; the next ones are as good as random. */
function spread<T>(items: readonly T[], chunk: ChunkId): readonly T[] {
  if (items.length < 2) return items;
  const at = Number.parseInt(chunk.slice(8, 14), 16) % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function orderBy<T>(items: readonly T[], costOf: (item: T) => number): readonly T[] {
  return items.map((item) => ({ item, cost: costOf(item) })).sort((left, right) => left.cost - right.cost).map((each) => each.item);
}
