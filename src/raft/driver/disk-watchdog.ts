// A leader whose disk hangs would keep its followers quiet with heartbeats while nothing is committed (hashicorp/raft#503, `raft.md` 2.8).
// When the oldest append is older than an election timeout the leader falls silent and hands over; CheckQuorum then steps it down.

/** `healthy`; `just-hung`: this look is the first to see it; `hung`: seen before. */
export type DiskHealth = 'healthy' | 'just-hung' | 'hung';

export class DiskWatchdog {
  readonly #hungAfterMs: number;
  #hung: 'no' | 'yes' = 'no';

  constructor(options: { readonly hungAfterMs: number }) {
    this.#hungAfterMs = options.hungAfterMs;
  }

  /** `headAgeMs` of the append queue; undefined when it is empty. */
  look(headAgeMs: number | undefined): DiskHealth {
    const before = this.#hung;
    this.#hung = headAgeMs !== undefined && headAgeMs > this.#hungAfterMs ? 'yes' : 'no';
    if (this.#hung === 'no') return 'healthy';
    return before === 'no' ? 'just-hung' : 'hung';
  }

  get hung(): boolean {
    return this.#hung === 'yes';
  }
}
