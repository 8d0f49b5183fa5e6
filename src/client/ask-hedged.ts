// Asks seeders in order of preference, the next one when those before are slow or failed, and remembers who was overtaken: a seeder
// that hangs is asked last for a while instead of costing every request its patience.

import { hedge, type Alternative } from '../async/hedge.ts';
import type { Clock } from '../base/clock.ts';
import { isOffshoreError, type OffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { SeederInfo } from '../model/layout.ts';
import type { SeederClient } from './seeder-client.ts';

export type AskSeeder<T> = (seeder: SeederInfo, signal: AbortSignal) => Promise<T>;

/** `changed` ends the asking like an answer does: with an old layout the others can only say the same, or hang. */
type Heard<T> = { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'changed'; readonly error: OffshoreError };

/** The first success. When all fail, the error that says most. `ask` must be safe to run at several seeders. */
export async function askHedged<T>(
  seeders: readonly SeederInfo[], ask: AskSeeder<T>, options: { readonly delayMs: number },
  deps: { readonly client: SeederClient; readonly clock: Clock }, signal: AbortSignal,
): Promise<T> {
  let told: OffshoreError | undefined;
  let winner = seeders.length;
  const alternatives = seeders.map((seeder, rank) => async (inner: AbortSignal): Promise<Heard<T>> => {
    const startedMs = deps.clock.monotonicMs();
    try {
      const value = await ask(seeder, inner);
      winner = Math.min(winner, rank);
      return { kind: 'answer', value };
    } catch (error) {
      if (isOffshoreError(error, 'layout-changed')) {
        winner = Math.min(winner, rank);
        return { kind: 'changed', error };
      }
      told = moreTelling(told, error);
      const isOvertaken = inner.aborted && !signal.aborted && rank < winner && winner < seeders.length;
      if (isOvertaken && deps.clock.monotonicMs() - startedMs >= limits.overtakenMsMin) deps.client.blame(seeder);
      throw error;
    }
  });
  const heard = await firstHeard(alternatives, options, deps.clock, () => told, signal);
  if (heard.kind === 'changed') throw heard.error;
  return heard.value;
}

async function firstHeard<T>(
  alternatives: readonly Alternative<Heard<T>>[], options: { readonly delayMs: number }, clock: Clock, told: () => OffshoreError | undefined, signal: AbortSignal,
): Promise<Heard<T>> {
  try {
    return await hedge(alternatives, options, clock, signal);
  } catch (error) {
    throw told() ?? error;
  }
}

/** An old layout is cured for all seeders at once; what one of them said beats another one's silence. */
export function moreTelling(before: OffshoreError | undefined, error: unknown): OffshoreError | undefined {
  if (!isOffshoreError(error) || before?.code === 'layout-changed') return before;
  const isSilence = error.code === 'unreachable' || error.code === 'timeout' || error.code === 'aborted';
  return isSilence && before !== undefined ? before : error;
}
