// Streams and requests between Raft nodes of one process, without sockets: whole nodes die, links are cut, and everything arrives in order.

import { concatBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { Answer, Send } from '../../src/protocol/send.ts';
import type { RaftDial, RaftStreamOwner, StreamLoss } from '../../src/raft/driver/stream.ts';

export interface RaftServer {
  readonly streamOwner: RaftStreamOwner;
  handle(request: { readonly method: string; readonly path: string }): Promise<Answer> | undefined;
}

interface Pipe {
  readonly from: string;
  readonly to: string;
  readonly cut: (loss: StreamLoss) => void;
}

export class RaftNetwork {
  readonly #servers = new Map<string, RaftServer>();
  readonly #cuts = new Set<string>();
  readonly #pipes = new Set<Pipe>();
  /** Bytes that were sent, for tests of what travels. */
  sentBytes = 0;

  listen(url: string, server: RaftServer): void {
    this.#servers.set(url, server);
  }

  /** The process at `url` died: its streams break, new ones are refused. */
  kill(url: string): void {
    this.#servers.delete(url);
    for (const pipe of [...this.#pipes]) {
      if (pipe.from === url || pipe.to === url) pipe.cut({ kind: 'broken' });
    }
  }

  /** No bytes between the two any more; nobody is told. */
  cut(left: string, right: string): void {
    this.#cuts.add(linkOf(left, right));
    for (const pipe of [...this.#pipes]) {
      if (linkOf(pipe.from, pipe.to) === linkOf(left, right)) pipe.cut({ kind: 'broken' });
    }
  }

  /** Nobody reaches `url`, nor does it reach anybody. */
  isolate(url: string): void {
    for (const other of this.#servers.keys()) {
      if (other !== url) this.cut(url, other);
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  dialFrom(from: string): RaftDial {
    return async ({ url, hello }) => {
      await Promise.resolve();
      if (this.#cuts.has(linkOf(from, url)) || !this.#servers.has(from)) return { kind: 'failed', loss: { kind: 'broken' } };
      const server = this.#servers.get(url);
      if (server === undefined) return { kind: 'failed', loss: { kind: 'refused' } };
      const verdict = server.streamOwner.judge(hello);
      if (verdict.kind === 'reject') return { kind: 'failed', loss: { kind: 'rejected', code: verdict.code } };
      let lose: (loss: StreamLoss) => void = () => undefined;
      const lost = new Promise<StreamLoss>((resolve) => { lose = resolve; });
      const cut = (loss: StreamLoss): void => {
        if (!this.#pipes.delete(pipe)) return;
        lose(loss);
        reader.closed();
      };
      const pipe: Pipe = { from, to: url, cut };
      const reader = server.streamOwner.accept(hello, { close: () => cut({ kind: 'broken' }) });
      this.#pipes.add(pipe);
      const send = (frames: readonly Uint8Array[]): 'accepted' => {
        const bytes = concatBytes(frames).slice();
        this.sentBytes += bytes.length;
        setImmediate(() => {
          if (this.#pipes.has(pipe) && reader.received(bytes) === 'corrupt') cut({ kind: 'broken' });
        });
        return 'accepted';
      };
      return { kind: 'open', stream: { send, lost, close: () => cut({ kind: 'broken' }) } };
    };
  }

  sendFrom(from: string): Send {
    return async (message, signal) => {
      await Promise.resolve();
      if (signal.aborted) throw new OffshoreError('aborted');
      if (this.#cuts.has(linkOf(from, message.to)) || !this.#servers.has(from)) throw new OffshoreError('unreachable', { node: message.to });
      const answer = await this.#servers.get(message.to)?.handle(message);
      if (answer === undefined) throw new OffshoreError('unreachable', { node: message.to });
      return answer;
    };
  }
}

function linkOf(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}
