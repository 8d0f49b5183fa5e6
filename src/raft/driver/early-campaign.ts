// A leader whose process died is replaced before the election timeout (`raft.md` 2.8): the follower forgets it and campaigns, with
// pre-vote, after a random delay. Safe whatever is true of the leader, because it is only an early campaign.

import type { CancelTimer, Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { randomInt, type Rng } from '../../base/rng.ts';

export class EarlyCampaign {
  readonly #deps: { readonly clock: Clock; readonly rng: Rng; readonly campaign: () => void };
  #cancel: CancelTimer | undefined;

  constructor(deps: { readonly clock: Clock; readonly rng: Rng; readonly campaign: () => void }) {
    this.#deps = deps;
  }

  arm(): void {
    if (this.#cancel !== undefined) return;
    const delayMs = randomInt(this.#deps.rng, limits.earlyCampaignMsMin, limits.earlyCampaignMsMax);
    this.#cancel = this.#deps.clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      this.#deps.campaign();
    });
  }

  /** Somebody leads again. */
  disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
