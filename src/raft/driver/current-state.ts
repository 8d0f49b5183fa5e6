// The state machine in use. A snapshot install puts another one in its place; the old one is closed when the last reader has left it.
// It must never close a machine that somebody still reads.

import type { StateMachine } from '../../storage/state-machine.ts';

interface Held<Result> {
  readonly machine: StateMachine<Result>;
  readonly folder: string;
  readers: number;
  /** Called when the last reader left after it was replaced. */
  retire: (() => void) | undefined;
}

export class CurrentState<Result> {
  #held: Held<Result>;

  constructor(machine: StateMachine<Result>, folder: string) {
    this.#held = { machine, folder, readers: 0, retire: undefined };
  }

  get machine(): StateMachine<Result> {
    return this.#held.machine;
  }

  get folder(): string {
    return this.#held.folder;
  }

  async use<T>(read: (machine: StateMachine<Result>) => Promise<T>): Promise<T> {
    const held = this.#held;
    held.readers += 1;
    try {
      return await read(held.machine);
    } finally {
      held.readers -= 1;
      if (held.readers === 0) held.retire?.();
    }
  }

  /** From now on `next` is the state. Resolves when the old one is closed. */
  async replace(next: StateMachine<Result>, folder: string): Promise<void> {
    const old = this.#held;
    this.#held = { machine: next, folder, readers: 0, retire: undefined };
    await unread(old);
    await old.machine.close();
  }

  async close(): Promise<void> {
    await unread(this.#held);
    await this.#held.machine.close();
  }
}

function unread<Result>(held: Held<Result>): Promise<void> {
  if (held.readers === 0) return Promise.resolve();
  return new Promise((resolve) => { held.retire = resolve; });
}
