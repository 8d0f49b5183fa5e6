// What reached this node and was not stepped yet. Messages of peers are bounded and dropped when there is no room, Raft sends them again;
// answers of the local threads are never dropped: nothing would repeat them, and there are no more of them than appends in flight.

import { limits } from '../../base/limits.ts';
import type { Message } from '../core/types.ts';

export interface InboxOptions {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

interface Sized {
  readonly message: Message;
  readonly bytes: number;
}

export class Inbox {
  readonly #options: InboxOptions;
  #fromPeers: Sized[] = [];
  #bytes = 0;
  #fromThreads: Message[] = [];
  #dropped = 0;

  constructor(options: InboxOptions = { messagesMax: limits.inboxMessagesMax, bytesMax: limits.inboxBytesMax }) {
    this.#options = options;
  }

  get size(): number {
    return this.#fromPeers.length + this.#fromThreads.length;
  }

  /** Messages of peers that found no room, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  fromPeer(message: Message, bytes: number): void {
    if (this.#fromPeers.length >= this.#options.messagesMax || this.#bytes >= this.#options.bytesMax) {
      this.#dropped += 1;
      return;
    }
    this.#fromPeers.push({ message, bytes });
    this.#bytes += bytes;
  }

  fromThread(message: Message): void {
    this.#fromThreads.push(message);
  }

  takeFromThreads(): readonly Message[] {
    const taken = this.#fromThreads;
    this.#fromThreads = [];
    return taken;
  }

  /** Messages of peers in the order of their coming, up to `max`. */
  takeFromPeers(max: number): readonly Message[] {
    const taken = this.#fromPeers.length <= max ? this.#fromPeers : this.#fromPeers.slice(0, max);
    this.#fromPeers = this.#fromPeers.slice(taken.length);
    for (const sized of taken) this.#bytes -= sized.bytes;
    return taken.map((sized) => sized.message);
  }
}
