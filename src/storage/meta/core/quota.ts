// How many slots each seeder should have: by capacity, within what spreading over zones and then hosts leaves possible.
// Pure numbers; which partitions go where is `place.ts`.

import type { SeederId } from '../../../base/ids.ts';
import type { SeederInfo } from '../../../model/layout.ts';

interface Share {
  readonly weight: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Slots by seeder. Each partition gives every zone as many copies as an even spread allows (`spread`), so a zone's slots lie between
 * bounds; capacity decides inside them, then the same for the hosts of a zone and the seeders of a host.
 */
export function quotas(members: readonly SeederInfo[], partitions: number, width: number): ReadonlyMap<SeederId, number> {
  const result = new Map<SeederId, number>();
  const total = partitions * Math.min(width, members.length);
  const zones = groupBy(members, (seeder) => seeder.zone);
  const bounds = spread(zones.map((zone) => zone.length), width);
  const zoneShares = divide(total, zones.map((zone, i) => ({ weight: capacity(zone), min: partitions * (bounds[i]?.low ?? 0), max: partitions * (bounds[i]?.high ?? 0) })));
  zones.forEach((zone, i) => {
    const hosts = groupBy(zone, (seeder) => seeder.host);
    const low = spread(hosts.map((host) => host.length), bounds[i]?.low ?? 0);
    const high = spread(hosts.map((host) => host.length), bounds[i]?.high ?? 0);
    const hostShares = divide(zoneShares[i] ?? 0, hosts.map((host, j) => ({ weight: capacity(host), min: partitions * (low[j]?.low ?? 0), max: partitions * (high[j]?.high ?? 0) })));
    hosts.forEach((host, j) => {
      const shares = divide(hostShares[j] ?? 0, host.map((seeder) => ({ weight: seeder.capacityBytes, min: 0, max: partitions })));
      host.forEach((seeder, k) => result.set(seeder.id, shares[k] ?? 0));
    });
  });
  return result;
}

/** Copies of one partition that each group gets when `width` copies are spread as evenly as the groups' sizes allow. */
function spread(sizes: readonly number[], width: number): { readonly low: number; readonly high: number }[] {
  const filled = (level: number): number => sizes.reduce((sum, size) => sum + Math.min(size, level), 0);
  let level = 0;
  while (level < width && filled(level + 1) <= width) level += 1;
  const rest = width > filled(level) ? 1 : 0;
  return sizes.map((size) => ({ low: Math.min(size, level), high: Math.min(size, level + rest) }));
}

/** Parts of `total` proportional to weight, each within its bounds; by bisection of the common factor. */
function divide(total: number, shares: readonly Share[]): number[] {
  const weights = shares.map((share) => Math.max(share.weight, 1));
  const at = (factor: number): number[] => shares.map((share, i) => Math.min(share.max, Math.max(share.min, factor * (weights[i] as number))));
  const sum = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0);
  let low = 0;
  let high = total + 1;
  for (let round = 0; round < 100; round += 1) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  return at(high);
}

function capacity(seeders: readonly SeederInfo[]): number {
  return seeders.reduce((sum, seeder) => sum + seeder.capacityBytes, 0);
}

function groupBy(seeders: readonly SeederInfo[], name: (seeder: SeederInfo) => string): SeederInfo[][] {
  const groups = new Map<string, SeederInfo[]>();
  for (const seeder of seeders) {
    const group = groups.get(name(seeder));
    if (group === undefined) groups.set(name(seeder), [seeder]);
    else group.push(seeder);
  }
  return [...groups.values()];
}
