// Requests to the trackers: reads from any of them, mutations at the leader, both across dead trackers and leader changes until
// a deadline. It never repeats a mutation on its own account: callers make that safe by sessions and are told what is unsure.

import { retry, type Attempt, type RetryWay } from '../async/retry.ts';
import type { Backoff } from '../async/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';
import { randomInt } from '../base/rng.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { headerNames, jsonType } from '../protocol/headers.ts';
import { pathTo, routes, type RouteName } from '../protocol/routes.ts';
import type { Message, Send } from '../protocol/send.ts';
import { mustParse, type Check } from '../protocol/validate.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { learn, newLeaderView, nextTracker, type LeaderView, type Purpose } from './core/leader-view.ts';
import { mustSucceed, sendWithin } from './send-within.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

/** `unsure`: an earlier try may have taken effect too, because its answer never came. */
export interface Mutated<T> {
  readonly value: T;
  readonly unsure: boolean;
}

interface Ask<T> {
  readonly purpose: Purpose;
  readonly route: RouteName;
  readonly query: Query;
  readonly body: readonly Uint8Array[];
  readonly check: Check<T>;
  /** Trackers asked in this round. */
  readonly tried: Set<string>;
  unsure: boolean;
}

const backoff: Backoff = { baseMs: 20, capMs: 500 };

/** Every tracker answers alike, so nothing is cured by another copy: a leader without space is no space. */
const ways: readonly RetryWay[] = ['leader', 'later'];

/** What a tracker said that another one may say better: `retry` goes on, and the caller gets what was said if nobody does. */
class BrokenTracker extends OffshoreError {
  constructor(said: OffshoreError) {
    super('unreachable', said.details, { cause: said });
  }
}

export class TrackerClient {
  readonly #timeoutMs: number;
  readonly #identity: ClusterIdentity;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #rng: Rng;
  /** Spreads clients over the trackers. */
  readonly #turn: number;
  #view: LeaderView;
  /** Until the first answer of any tracker: when this client began to ask. Nobody answering at all means a wrong address or no cluster. */
  #contact: { readonly kind: 'made' } | { readonly kind: 'sought'; readonly sinceMs: number | undefined } = { kind: 'sought', sinceMs: undefined };

  constructor(options: { readonly trackers: readonly string[]; readonly timeoutMs: number }, deps: { readonly identity: ClusterIdentity; readonly send: Send; readonly clock: Clock; readonly rng: Rng }) {
    this.#timeoutMs = options.timeoutMs;
    this.#identity = deps.identity;
    this.#send = deps.send;
    this.#clock = deps.clock;
    this.#rng = deps.rng;
    this.#turn = randomInt(deps.rng, 0, 1023);
    this.#view = newLeaderView(options.trackers.map(withoutSlash));
  }

  /** Every tracker known now. */
  get trackers(): readonly string[] {
    return this.#view.trackers;
  }

  /** A linearizable read from any tracker; `lead` prefers the leader, for what only it knows. */
  async read<T>(route: RouteName, query: Query, check: Check<T>, signal: AbortSignal, purpose: Purpose = 'read'): Promise<T> {
    return this.#run({ purpose, route, query, body: [], check, tried: new Set(), unsure: false }, signal);
  }

  /** A mutation at the leader. Throws `outcome-unknown` when time is up and a try may have taken effect. */
  async mutate<T>(route: RouteName, body: unknown, check: Check<T>, signal: AbortSignal): Promise<Mutated<T>> {
    const ask: Ask<T> = { purpose: 'lead', route, query: {}, body: [encodeUtf8(JSON.stringify(body))], check, tried: new Set(), unsure: false };
    try {
      return { value: await this.#run(ask, signal), unsure: ask.unsure };
    } catch (error) {
      if (ask.unsure && isOffshoreError(error) && error.code !== 'aborted') throw new OffshoreError('outcome-unknown', error.details, { cause: error });
      throw error;
    }
  }

  async #run<T>(ask: Ask<T>, signal: AbortSignal): Promise<T> {
    const options = { attemptsMax: limits.trackerAttemptsMax, deadlineMs: this.#timeoutMs, backoff, ways };
    try {
      return await retry((attempt) => this.#attempt(ask, attempt), options, { clock: this.#clock, rng: this.#rng }, signal);
    } catch (error) {
      throw error instanceof BrokenTracker ? error.cause : error;
    }
  }

  async #attempt<T>(ask: Ask<T>, attempt: Attempt): Promise<T> {
    const url = this.#next(ask);
    ask.tried.add(url);
    try {
      const value = await this.#askOne(url, ask, attempt.signal);
      this.#contact = { kind: 'made' };
      this.#view = learn(this.#view, ask.purpose === 'lead' && ask.body.length > 0 ? { kind: 'led', url } : { kind: 'answered', url });
      return value;
    } catch (error) {
      throw this.#afterFailure(url, ask, error, attempt.signal);
    }
  }

  #soughtForMs(): number {
    const now = this.#clock.monotonicMs();
    if (this.#contact.kind === 'made') return 0;
    if (this.#contact.sinceMs === undefined) this.#contact = { kind: 'sought', sinceMs: now };
    return now - (this.#contact.sinceMs ?? now);
  }

  #next<T>(ask: Ask<T>): string {
    const pick = (): string | undefined => nextTracker(this.#view, { purpose: ask.purpose, tried: ask.tried, turn: this.#turn, nowMs: this.#clock.monotonicMs() });
    const url = pick();
    if (url !== undefined) return url;
    ask.tried.clear();
    const again = pick();
    if (again === undefined) throw new OffshoreError('bad-option', { option: 'tracker' }, { message: 'No tracker is named' });
    return again;
  }

  async #askOne<T>(url: string, ask: Ask<T>, signal: AbortSignal): Promise<T> {
    const type = ask.body.length === 0 ? {} : { [headerNames.contentType]: jsonType };
    const message: Message = { to: url, method: routes[ask.route].method, path: pathTo(ask.route, {}, ask.query), headers: { ...this.#identity.headers(), ...type }, body: ask.body };
    const ms = ask.body.length === 0 ? limits.trackerReadMs : limits.trackerMutationMs;
    const answer = await sendWithin(message, ms, { send: this.#send, clock: this.#clock }, signal);
    this.#identity.check(answer, url);
    return mustParse(mustSucceed(answer, url), ask.check, url);
  }

  /** Learns from the failure; answers what to throw, so that the table's row for it says how to go on. */
  #afterFailure<T>(url: string, ask: Ask<T>, error: unknown, signal: AbortSignal): unknown {
    if (!isOffshoreError(error)) return error;
    if (error.code !== 'unreachable' && error.code !== 'timeout') this.#contact = { kind: 'made' };
    if (this.#contact.kind === 'sought' && error.code === 'unreachable' && this.#soughtForMs() >= limits.firstContactMsMax) {
      return new OffshoreError('no-tracker', { trackers: this.#view.trackers }, { cause: error });
    }
    if (isSilence(error)) ask.unsure ||= ask.body.length > 0;
    if (signal.aborted) return error;
    if (error.code === 'not-leader') {
      const leader = error.details['leader'];
      this.#view = learn(this.#view, { kind: 'not-leader', url, ...(typeof leader === 'string' ? { leader: withoutSlash(leader) } : {}) });
      // Whoever it names is asked next, even when it was asked before it became leader.
      if (this.#view.leader !== undefined && this.#view.leader !== url) ask.tried.delete(this.#view.leader);
      return error;
    }
    if (error.row.retry !== 'never' || isSilence(error)) this.#view = learn(this.#view, { kind: 'failed', url, nowMs: this.#clock.monotonicMs() });
    // A tracker that is broken, or does not know what became of the request: another try, under the same sequence, finds out.
    return isSilence(error) && error.row.retry !== 'later' ? new BrokenTracker(error) : error;
  }
}

/** After these the request may or may not have been carried out: no answer, or one from a tracker that is about to end (status 500). */
function isSilence(error: OffshoreError): boolean {
  const { status } = error.row;
  return error.code === 'unreachable' || error.code === 'timeout' || error.code === 'aborted' || error.code === 'bad-answer' || error.code === 'outcome-unknown' || status === 500;
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
