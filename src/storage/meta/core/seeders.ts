// Seeders as the cluster knows them: who may hold chunks, under which number, in which state. Numbers are never reused.

import { mustExist } from '../../../base/assert.ts';
import type { SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { SeederInfo, SeederState } from '../../../model/layout.ts';
import type { Command, CommandResult } from './command.ts';
import { type Context, refusal } from './context.ts';
import { bumpVersion } from './layout.ts';
import { seederNameTable, seederTable } from './records-cluster.ts';
import { allocatorsFact } from './records-facts.ts';

type RegisterSeeder = Extract<Command, { kind: 'register-seeder' }>;

/** First arrival gets a number; a known one updates its address and counts as up. A known name with an empty disk is refused. */
export function registerSeeder(context: Context, command: RegisterSeeder): CommandResult {
  if (!isAcceptable(command)) throw refusal('bad-request', { reason: 'seeder', name: command.name });
  const known = context.draft.get(seederNameTable, command.name);
  const old = known === undefined ? undefined : context.draft.get(seederTable, known);
  if (old === undefined) return allocateSeeder(context, command);
  if (old.incarnation !== command.incarnation) {
    if (old.state !== 'removed') throw refusal('wiped-seeder', { name: command.name });
    return allocateSeeder(context, command);
  }
  if (old.state === 'removed') throw refusal('member-removed', { name: command.name });
  store(context, { ...described(command, old.id), state: old.state === 'draining' ? 'draining' : 'up' });
  return { kind: 'seeder', seeder: old.id };
}

export function setSeederState(context: Context, seeder: SeederId, state: SeederState): CommandResult {
  const old = context.draft.get(seederTable, seeder);
  if (old === undefined) throw refusal('not-found', { seeder });
  if (old.state === 'removed' && state !== 'removed') throw refusal('member-removed', { name: old.name });
  store(context, { ...old, state });
  return { kind: 'seeder', seeder };
}

function allocateSeeder(context: Context, command: RegisterSeeder): CommandResult {
  const { draft } = context;
  const allocators = mustExist(draft.get(allocatorsFact, 'only'), 'a founded state has allocators');
  if (allocators.seeder > limits.seedersMax) throw refusal('overloaded', { seeders: limits.seedersMax });
  const id = allocators.seeder as SeederId;
  draft.put(allocatorsFact, 'only', { ...allocators, seeder: allocators.seeder + 1 });
  draft.put(seederNameTable, command.name, id);
  store(context, { ...described(command, id), state: 'up' });
  return { kind: 'seeder', seeder: id };
}

function described(command: RegisterSeeder, id: SeederId): Omit<SeederInfo, 'state'> {
  const { name, incarnation, url, zone, host, capacityBytes } = command;
  return { id, name, incarnation, url, zone, host, capacityBytes };
}

function isAcceptable(command: RegisterSeeder): boolean {
  const texts = [command.name, command.url, command.zone, command.host];
  return command.name !== '' && command.url !== '' && texts.every((text) => text.length <= limits.nameBytesMax);
}

function store(context: Context, next: SeederInfo): void {
  const old = context.draft.get(seederTable, next.id);
  const same = old !== undefined && old.url === next.url && old.zone === next.zone && old.host === next.host &&
    old.capacityBytes === next.capacityBytes && old.state === next.state;
  if (same) return;
  context.draft.put(seederTable, next.id, next);
  bumpVersion(context);
}
