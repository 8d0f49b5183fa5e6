// The order in which one process starts and stops its resources: last started, first stopped.
// A resource that fails to stop, or takes too long, must not keep the others from stopping.

import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

export interface StopFailure {
  readonly resource: string;
  readonly reason: string;
}

interface Owned {
  readonly name: string;
  stop(): Promise<void>;
}

export class Lifecycle {
  readonly #clock: Clock;
  readonly #stepMsMax: number;
  readonly #owned: Owned[] = [];
  #stopping: Promise<readonly StopFailure[]> | undefined;

  /** `stepMsMax`: how long one resource may take to stop. */
  constructor(deps: { readonly clock: Clock }, stepMsMax: number = limits.stopStepMsMax) {
    this.#clock = deps.clock;
    this.#stepMsMax = stepMsMax;
  }

  /** Takes over a resource that runs; `stop` is called once, after everything owned later has stopped. */
  own<T>(name: string, resource: T, stop: (resource: T) => Promise<void> | void): T {
    this.#owned.push({ name, stop: async () => stop(resource) });
    return resource;
  }

  /** Stops everything, newest first; later calls wait for the first. What did not stop cleanly is returned, never thrown. */
  stop(): Promise<readonly StopFailure[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<readonly StopFailure[]> {
    const failures: StopFailure[] = [];
    for (let each = this.#owned.pop(); each !== undefined; each = this.#owned.pop()) {
      const reason = await this.#stopOne(each);
      if (reason !== undefined) failures.push({ resource: each.name, reason });
    }
    return failures;
  }

  #stopOne(owned: Owned): Promise<string | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(this.#stepMsMax, () => resolve(`not stopped within ${this.#stepMsMax} ms`));
      owned.stop().then(
        () => (cancel(), resolve(undefined)),
        (error: unknown) => (cancel(), resolve(messageOf(error))),
      );
    });
  }
}
