// Fetches a state that a leader offered (`raft.md` 2.6): pulls checked pages into a folder of its own, resumes after failures, seals it.
// The core hears of the snapshot only when it is complete and verified. One at a time; no deadline for the whole, only for each page.

import { backoffMs } from '../../async/backoff.ts';
import { within } from '../../async/deadline.ts';
import { sleep } from '../../async/sleep.ts';
import { mustExist } from '../../base/assert.ts';
import { concatBytes, toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { DecodeError } from '../../base/codec.ts';
import { isOffshoreError, messageOf, OffshoreError } from '../../base/errors.ts';
import type { LogIndex, NodeId, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Rng } from '../../base/rng.ts';
import { pathTo } from '../../protocol/routes.ts';
import type { Send } from '../../protocol/send.ts';
import type { StateFolders, StateStaging } from '../../storage/state-machine.ts';
import type { Message } from '../core/types.ts';
import type { LogPlace } from './log-store.ts';
import type { RaftEvent } from './raft-events.ts';
import { decodeSnapshotPage, type SnapshotPage } from './snapshot-page.ts';
import { decodeTicket, type SnapshotTicket } from './snapshot-ticket.ts';

export interface SnapshotReceiverDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly send: Send;
  readonly self: NodeId;
  readonly states: Pick<StateFolders<unknown>, 'stage'>;
  /** Removes what earlier fetches left behind. */
  readonly clean: (signal: AbortSignal) => Promise<void>;
  readonly urlOf: (peer: NodeId) => string | undefined;
  /** The state is complete in `folder`: the core may step the message. */
  readonly received: (message: Message, folder: string) => void;
  readonly observe: (event: RaftEvent) => void;
  /** The own disk failed. */
  readonly failed: (error: unknown) => void;
}

interface Fetch {
  readonly message: Message;
  readonly ticket: SnapshotTicket;
  readonly at: LogPlace;
  readonly stop: AbortController;
}

const backoff = { baseMs: 100, capMs: 2000 };

export function stateFolder(at: LogPlace): string {
  return `state-${at.term}-${at.index}`;
}

export class SnapshotReceiver {
  readonly #deps: SnapshotReceiverDeps;
  #fetch: Fetch | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(deps: SnapshotReceiverDeps) {
    this.#deps = deps;
  }

  get fetching(): LogPlace | undefined {
    return this.#fetch?.at;
  }

  /** Starts to fetch what a MsgSnap offers; an offer that repeats itself changes nothing, another one takes the place of the first. */
  offer(message: Message): void {
    const fetch = toFetch(message);
    if (fetch === undefined || this.#isRepeated(fetch)) return;
    this.#fetch?.stop.abort();
    this.#fetch = fetch;
    // The folder of an aborted fetch must be gone before the next one begins.
    this.#ended = this.#ended.then(() => this.#run(fetch));
  }

  async close(): Promise<void> {
    this.#fetch?.stop.abort();
    await this.#ended;
  }

  #isRepeated(fetch: Fetch): boolean {
    return this.#fetch !== undefined && this.#fetch.message.from === fetch.message.from && this.#fetch.ticket.id === fetch.ticket.id
      && this.#fetch.message.term === fetch.message.term;
  }

  async #run(fetch: Fetch): Promise<void> {
    if (fetch.stop.signal.aborted) return;
    this.#deps.observe({ kind: 'snapshot-receiving', from: fetch.message.from as NodeId, index: fetch.at.index });
    try {
      const folder = stateFolder(fetch.at);
      await this.#deps.clean(fetch.stop.signal);
      await this.#fill(fetch, folder);
      if (!fetch.stop.signal.aborted) this.#deps.received(fetch.message, folder);
    } catch (error) {
      this.#report(fetch, error);
    } finally {
      if (this.#fetch === fetch) this.#fetch = undefined;
    }
  }

  /** Whatever the peer or the way to it did is no failure of ours: the next leader offers again. Only the own disk is. */
  #report(fetch: Fetch, error: unknown): void {
    this.#deps.observe({ kind: 'snapshot-failed', index: fetch.at.index, why: messageOf(error) });
    const ours = ['local-io', 'store-closed', 'disk-full'] as const;
    if (!isOffshoreError(error) || ours.some((code) => isOffshoreError(error, code))) this.#deps.failed(error);
  }

  async #fill(fetch: Fetch, folder: string): Promise<void> {
    const staging = await this.#deps.states.stage(folder);
    try {
      await this.#pull(fetch, staging);
      await staging.seal({ index: fetch.at.index, term: fetch.at.term, confState: fetch.ticket.config });
    } catch (error) {
      await staging.discard();
      throw error;
    }
  }

  async #pull(fetch: Fetch, staging: StateStaging): Promise<void> {
    let after: Uint8Array | undefined;
    for (;;) {
      const page = await this.#pageWithRetries(fetch, after);
      if (page.entries.length > 0) {
        await staging.put(page.entries);
        after = mustExist(page.entries.at(-1), 'the page has entries').key;
      }
      if (page.place === 'end') return;
    }
  }

  /** Keys are sorted and the state is pinned, so that any page can be asked for again. */
  async #pageWithRetries(fetch: Fetch, after: Uint8Array | undefined): Promise<SnapshotPage> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await within(fetch.stop.signal, limits.requestTimeoutMs, this.#deps.clock, (signal) => this.#page(fetch, after, signal));
      } catch (error) {
        const again = ['unreachable', 'timeout', 'bad-answer'] as const;
        if (fetch.stop.signal.aborted || failures >= limits.snapshotPageRetries || !again.some((code) => isOffshoreError(error, code))) throw error;
        await sleep(backoffMs(backoff, failures, this.#deps.rng), this.#deps.clock, fetch.stop.signal);
      }
    }
  }

  async #page(fetch: Fetch, after: Uint8Array | undefined, signal: AbortSignal): Promise<SnapshotPage> {
    const url = this.#deps.urlOf(fetch.message.from as NodeId);
    if (url === undefined) throw new OffshoreError('unreachable', { peer: fetch.message.from });
    const query = { peer: this.#deps.self, after: after === undefined ? undefined : toHex(after) };
    const path = pathTo('snapshot', { id: fetch.ticket.id }, query);
    const answer = await this.#deps.send({ to: url, method: 'GET', path, headers: {}, body: [] }, signal);
    if (answer.status === 410) throw new OffshoreError('snapshot-gone', { id: fetch.ticket.id });
    if (answer.status !== 200) throw new OffshoreError('bad-answer', { status: answer.status });
    return decodePage(concatBytes(answer.body));
  }
}

function decodePage(bytes: Uint8Array): SnapshotPage {
  try {
    return decodeSnapshotPage(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new OffshoreError('bad-answer', {}, { cause: error });
    throw error;
  }
}

/** Undefined for an offer that cannot be understood. */
function toFetch(message: Message): Fetch | undefined {
  const { snapshot } = message;
  if (snapshot === undefined) return undefined;
  try {
    const ticket = decodeTicket(snapshot.data);
    const at = { index: snapshot.meta.index as LogIndex, term: snapshot.meta.term as Term };
    return { message, ticket, at, stop: new AbortController() };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
