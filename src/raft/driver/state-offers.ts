// A received state on its way into use: complete on disk, then shown to the core, then either accepted (the append thread installs it)
// or of no use any more (the next fetch removes its folder).

import { assert } from '../../base/assert.ts';
import { localAppendThread, type Message } from '../core/types.ts';

/** A state that was received whole. */
export interface ReceivedState {
  readonly message: Message;
  readonly folder: string;
}

type Shown = { readonly kind: 'none' } | { readonly kind: 'shown' | 'accepted'; readonly state: ReceivedState };

export class StateOffers {
  #received: ReceivedState | undefined;
  #shown: Shown = { kind: 'none' };

  /** While a state is on its way, nothing else may be fetched: a fetch begins by removing every folder that is not in use. */
  get idle(): boolean {
    return this.#received === undefined && this.#shown.kind === 'none';
  }

  received(state: ReceivedState): void {
    this.#received = state;
  }

  /** The MsgSnap to step now; never a second one while the first is being installed. */
  takeToShow(): Message | undefined {
    const state = this.#received;
    if (state === undefined || this.#shown.kind === 'accepted') return undefined;
    this.#received = undefined;
    this.#shown = { kind: 'shown', state };
    return state.message;
  }

  /** What the core hands out after it was shown tells whether it took it. */
  judge(messages: readonly Message[]): void {
    if (this.#shown.kind !== 'shown') return;
    const taken = messages.some((message) => message.to === localAppendThread && message.snapshot !== undefined);
    this.#shown = taken ? { kind: 'accepted', state: this.#shown.state } : { kind: 'none' };
  }

  /** Folder of the accepted state. */
  mustBeAccepted(): string {
    assert(this.#shown.kind === 'accepted', 'only a received state is installed');
    return this.#shown.state.folder;
  }

  installed(): void {
    this.#shown = { kind: 'none' };
  }
}
