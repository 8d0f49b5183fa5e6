// One lane to one peer: dials, sends while it is open, dials again with a growing pause. Frames that cannot be sent now are lost;
// Raft sends what matters again.

import { backoffMs } from '../../async/backoff.ts';
import { sleep } from '../../async/sleep.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { Rng } from '../../base/rng.ts';
import type { DialResult, Hello, RaftDial, RaftStream, StreamLoss } from './stream.ts';

export interface OutgoingLaneDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly dial: RaftDial;
  /** Asked before each dial: addresses change. */
  readonly target: () => { readonly url: string; readonly hello: Hello };
  readonly opened: () => void;
  readonly lost: (loss: StreamLoss) => void;
  readonly failed: (error: unknown) => void;
}

type LaneState = { readonly kind: 'closed' } | { readonly kind: 'open'; readonly stream: RaftStream };

const backoff = { baseMs: limits.reconnectMsMin, capMs: limits.reconnectMsMax };

export class OutgoingLane {
  readonly #deps: OutgoingLaneDeps;
  readonly #stop = new AbortController();
  #state: LaneState = { kind: 'closed' };

  constructor(deps: OutgoingLaneDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#run(this.#stop.signal).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#deps.failed(error);
    });
  }

  send(frames: readonly Uint8Array[]): 'accepted' | 'lost' {
    if (this.#state.kind === 'closed') return 'lost';
    return this.#state.stream.send(frames) === 'accepted' ? 'accepted' : 'lost';
  }

  get open(): boolean {
    return this.#state.kind === 'open';
  }

  close(): void {
    this.#stop.abort();
    if (this.#state.kind === 'open') this.#state.stream.close();
    this.#state = { kind: 'closed' };
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const result = await this.#deps.dial(this.#deps.target(), signal);
      if (signal.aborted) return discard(result);
      const livedMs = result.kind === 'open' ? await this.#serve(result.stream) : 0;
      if (result.kind === 'failed') this.#deps.lost(result.loss);
      // After a stream that had worked ask at once: whether the peer refuses now tells a dead process from a cut. One that ends
      // as soon as it is open counts as a failure, or two processes with one identity would chase each other without pause.
      failures = livedMs >= limits.reconnectMsMax ? 0 : failures + 1;
      if (failures > 0) await sleep(backoffMs(backoff, failures - 1, this.#deps.rng), this.#deps.clock, signal);
    }
  }

  /** Resolves with how long the stream lived. */
  async #serve(stream: RaftStream): Promise<number> {
    const openedMs = this.#deps.clock.monotonicMs();
    this.#state = { kind: 'open', stream };
    this.#deps.opened();
    const loss = await stream.lost;
    if (!this.#stop.signal.aborted) {
      this.#state = { kind: 'closed' };
      this.#deps.lost(loss);
    }
    return this.#deps.clock.monotonicMs() - openedMs;
  }
}

function discard(result: DialResult): void {
  if (result.kind === 'open') result.stream.close();
}
