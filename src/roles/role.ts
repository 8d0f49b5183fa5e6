// What every role gets from its process and gives back: the contract between main and src/roles/<role>.
// A role never exits the process; it says that it failed and main decides.

import type { Clock } from '../base/clock.ts';
import type { Rng } from '../base/rng.ts';
import type { Logger } from '../observe/log.ts';
import type { OpenMetrics } from '../observe/metrics.ts';
import type { Send } from '../protocol/send.ts';

export interface ProgramVersion {
  readonly version: string;
  /** Short hash of the commit it was built from; `unknown` outside a repository. */
  readonly revision: string;
}

export interface RoleDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly metrics: OpenMetrics;
  readonly send: Send;
  readonly program: ProgramVersion;
}

export interface RunningRole {
  /** `tracker-1`. */
  readonly name: string;
  readonly url: string;
  /** Resolves when clients can be served; also when `stop` came first. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when the role cannot go on; never when it is stopped. */
  readonly failed: Promise<Error>;
  /** Drains, hands over, closes stores. When `signal` aborts, only what durability needs is still done. */
  stop(signal: AbortSignal): Promise<void>;
}
