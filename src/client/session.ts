// Exactly-once mutations: registers a client session with the trackers when the first one is due, numbers operations, and sends
// a batch again under the same numbers until its answer comes. It runs a batch anew only when nothing of it can have happened.

import { Coalesce } from '../async/coalesce.ts';
import { Semaphore, type Release } from '../async/semaphore.ts';
import { assert } from '../base/assert.ts';
import { isOffshoreError, OffshoreError } from '../base/errors.ts';
import type { SessionId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { Operation, OperationId, Outcome } from '../model/operation.ts';
import type { BatchRequest, CloseSessionRequest } from '../protocol/tracker-api.ts';
import { isBatchAnswer, isEmptyAnswer, isSessionAnswer } from '../protocol/validate.ts';
import { splitOperations } from './core/batch-split.ts';
import type { TrackerClient } from './tracker-client.ts';
import { toWireOperation } from './wire-operation.ts';

/** A batch on its way. Its places are given back when it and all before it are done: until then the session remembers it. */
interface Flight {
  readonly firstSequence: number;
  readonly leave: readonly Release[];
  state: 'open' | 'done';
}

/** One registration. Invariant: `flights` are in order of sequence and begin with an open one, or there are none. */
interface Registration {
  readonly id: SessionId;
  nextSequence: number;
  readonly flights: Flight[];
}

interface RunOptions {
  readonly operationId: OperationId;
  readonly signal: AbortSignal;
}

/** `unsure`: an earlier try of the batch may have run too. */
interface BatchResult {
  readonly outcomes: readonly Outcome[];
  readonly unsure: boolean;
}

/** A batch that finds its session gone before it did anything is run under a new one, this often at most. */
const registrationsMax = 3;

export class ClientSession {
  readonly #trackers: TrackerClient;
  readonly #registering = new Coalesce<'session', Registration>();
  /** Batches and outcomes that the trackers remember for one session. */
  readonly #batches = new Semaphore({ permits: limits.sessionSequencesMax, waitersMax: limits.sessionWaitersMax });
  readonly #outcomes = new Semaphore({ permits: limits.sessionOutcomesMax, waitersMax: limits.sessionWaitersMax });
  #registration: Registration | undefined;

  constructor(deps: { readonly trackers: TrackerClient }) {
    this.#trackers = deps.trackers;
  }

  /** Operations in order, in as many batches as the bounds need; the outcomes in the same order. */
  async run(operations: readonly Operation[], options: RunOptions): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const batch of splitOperations(operations)) outcomes.push(...await this.#runBatch(batch, options));
    return outcomes;
  }

  /** Tells the trackers to forget the session, if there is one. What is still under way then has no outcome. */
  async close(signal: AbortSignal): Promise<void> {
    const registration = this.#registration;
    if (registration === undefined) return;
    this.#registration = undefined;
    await this.#trackers.mutate('closeSession', { session: registration.id } satisfies CloseSessionRequest, isEmptyAnswer, signal);
  }

  async #runBatch(batch: readonly Operation[], options: RunOptions): Promise<readonly Outcome[]> {
    for (let tries = 1; ; tries += 1) {
      const registration = await this.#registered(options.signal);
      const result = await this.#fly(batch, registration, options);
      if (!result.outcomes.every(saysSessionGone)) return result.outcomes;
      if (this.#registration === registration) this.#registration = undefined;
      // An earlier try may have run before the session expired: running it again could do it twice.
      if (result.unsure || tries >= registrationsMax) throw new OffshoreError('outcome-unknown', { session: registration.id });
    }
  }

  async #fly(batch: readonly Operation[], registration: Registration, options: RunOptions): Promise<BatchResult> {
    const flight = await this.#depart(batch.length, registration, options.signal);
    try {
      return await this.#send(batch, { id: registration.id, firstSequence: flight.firstSequence, firstUnacked: registration.flights[0]?.firstSequence ?? flight.firstSequence }, options);
    } finally {
      flight.state = 'done';
      arrive(registration);
    }
  }

  /** Waits for room in the session, then takes the next sequences. */
  async #depart(operations: number, registration: Registration, signal: AbortSignal): Promise<Flight> {
    const batchPlace = await this.#batches.acquire(signal);
    try {
      const outcomePlaces = await this.#outcomes.acquire(signal, operations);
      const flight: Flight = { firstSequence: registration.nextSequence, leave: [batchPlace, outcomePlaces], state: 'open' };
      registration.nextSequence += operations;
      registration.flights.push(flight);
      return flight;
    } catch (error) {
      batchPlace();
      throw error;
    }
  }

  async #send(batch: readonly Operation[], session: NonNullable<BatchRequest['session']>, options: RunOptions): Promise<BatchResult> {
    const request: BatchRequest = { session, operationId: options.operationId, operations: batch.map(toWireOperation) };
    try {
      const { value, unsure } = await this.#trackers.mutate('batch', request, isBatchAnswer, options.signal);
      if (value.outcomes.length !== batch.length) throw new OffshoreError('bad-answer', { outcomes: value.outcomes.length, expected: batch.length });
      return { outcomes: value.outcomes, unsure };
    } catch (error) {
      if (isOffshoreError(error, 'session-expired')) return { outcomes: batch.map(() => gone), unsure: false };
      throw error;
    }
  }

  async #registered(signal: AbortSignal): Promise<Registration> {
    if (this.#registration !== undefined) return this.#registration;
    return this.#registering.run('session', signal, async (inner) => {
      // A registration whose answer was lost leaves an unused session behind, which expires: harmless.
      const { value } = await this.#trackers.mutate('sessions', {}, isSessionAnswer, inner);
      assert(Number.isSafeInteger(value.session), 'a session has a number');
      this.#registration = { id: value.session, nextSequence: 1, flights: [] };
      return this.#registration;
    });
  }
}

/** Gives back the places of every batch that no open one is before. */
function arrive(registration: Registration): void {
  while (registration.flights[0]?.state === 'done') {
    for (const leave of registration.flights.shift()?.leave ?? []) leave();
  }
}

const gone: Outcome = { ok: false, code: 'session-expired', details: {} };

function saysSessionGone(outcome: Outcome): boolean {
  return !outcome.ok && (outcome.code === 'session-expired' || outcome.code === 'outcome-unknown');
}

/** The outcome of a single operation as a value, or its error thrown. */
export function mustBeDone(outcome: Outcome | undefined, about: { readonly path: string }): Extract<Outcome, { ok: true }> {
  assert(outcome !== undefined, 'every operation has an outcome');
  if (!outcome.ok) throw new OffshoreError(outcome.code, { path: about.path, ...outcome.details });
  return outcome;
}

