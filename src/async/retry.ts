// The only loop over errors. Whether and where to try again is read from the error table, never decided by the caller; the caller
// says only which of these ways it can go, and is told in each attempt why there is another one.

import { AssertionError } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Retry } from '../base/error-codes.ts';
import { OffshoreError } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import { toAbortError } from './abort.ts';
import { backoffMs, type Backoff } from './backoff.ts';
import { withTimeout, type Deadline } from './deadline.ts';
import { sleep } from './sleep.ts';

export type RetryWay = Exclude<Retry, 'never'>;

export interface RetryOptions {
  /** Attempts in all; at least 1. */
  readonly attemptsMax: number;
  /** For all attempts and the waits between them. */
  readonly deadlineMs: number;
  readonly backoff: Backoff;
  /** Ways that the attempt function can go; an error that asks for another one is final. All of them when absent. */
  readonly ways?: readonly RetryWay[];
}

export interface RetryDeps {
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** Why the one before failed, and what the table says to do about it. */
  readonly previous?: { readonly error: OffshoreError; readonly way: RetryWay };
  /** Aborts at the deadline too. */
  readonly signal: AbortSignal;
}

/** The first success, or the error that was final. Errors that are not in the table are bugs and pass through at once. */
export async function retry<T>(
  attempt: (attempt: Attempt) => Promise<T>, options: RetryOptions, deps: RetryDeps, signal: AbortSignal,
): Promise<T> {
  const deadline = withTimeout(signal, options.deadlineMs, deps.clock);
  try {
    return await attempts(attempt, options, deps, deadline);
  } finally {
    deadline[Symbol.dispose]();
  }
}

async function attempts<T>(
  attempt: (attempt: Attempt) => Promise<T>, options: RetryOptions, deps: RetryDeps, deadline: Deadline,
): Promise<T> {
  let previous: Attempt['previous'];
  for (let number = 1; ; number += 1) {
    try {
      return await attempt({ number, signal: deadline.signal, ...(previous === undefined ? {} : { previous }) });
    } catch (error) {
      // Past the deadline, or stopped: what went wrong before says more than "timed out".
      if (deadline.signal.aborted) throw mostTelling(error, previous?.error, deadline.signal);
      const way = wayOf(error, options);
      if (way === undefined || number >= options.attemptsMax) throw error;
      const failed = error as OffshoreError;
      const pauseMs = pauseBefore(failed, way, previous?.way, number, options, deps.rng);
      if (pauseMs >= deadline.remainingMs()) throw failed;
      previous = { error: failed, way };
      if (pauseMs > 0) await sleep(pauseMs, deps.clock, deadline.signal);
    }
  }
}

function wayOf(error: unknown, options: RetryOptions): RetryWay | undefined {
  if (!(error instanceof OffshoreError) || error.row.retry === 'never') return undefined;
  return options.ways?.includes(error.row.retry) === false ? undefined : error.row.retry;
}

/** Another place may be tried at once, the second time in a row only after a pause; a busy one said how long (`retryAfterMs`). */
function pauseBefore(
  error: OffshoreError, way: RetryWay, previousWay: RetryWay | undefined, number: number, options: RetryOptions, rng: Rng,
): number {
  const asked = error.details['retryAfterMs'];
  const askedMs = typeof asked === 'number' ? asked : 0;
  if (way !== 'later' && previousWay !== way) return askedMs;
  return Math.max(askedMs, backoffMs(options.backoff, number - 1, rng));
}

function mostTelling(error: unknown, previous: OffshoreError | undefined, signal: AbortSignal): unknown {
  if (error instanceof AssertionError) return error;
  if (error instanceof OffshoreError && error.code !== 'aborted' && error.code !== 'timeout') return error;
  const stopped = toAbortError(signal);
  return stopped.code === 'timeout' ? (previous ?? stopped) : stopped;
}
