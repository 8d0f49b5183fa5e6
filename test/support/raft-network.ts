// Streams and requests between Raft nodes of one process, without sockets: whole nodes die, links are cut, and everything arrives in order.

import { concatBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { Answer, Message, Send } from '../../src/protocol/send.ts';
import type { DialResult, RaftDial, RaftStream, RaftStreamOwner, StreamLoss, StreamReader } from '../../src/raft/driver/stream.ts';

export interface RaftServer {
  readonly streamOwner: RaftStreamOwner;
  handle(request: { readonly method: string; readonly path: string }): Promise<Answer> | undefined;
}

export interface RaftProcess {
  readonly url: string;
  alive: boolean;
  server: RaftServer | undefined;
  readonly dial: RaftDial;
  readonly send: Send;
}

interface Pipe {
  readonly from: string;
  readonly to: string;
  readonly cut: (loss: StreamLoss) => void;
}

export class RaftNetwork {
  readonly #processes = new Map<string, RaftProcess>();
  readonly #cuts = new Set<string>();
  readonly #pipes = new Set<Pipe>();
  /** `fail`: streams work, requests do not. */
  requests: 'work' | 'fail' = 'work';

  /** A new process at `url`; it reaches others as long as it lives, and is reached once it listens. */
  spawn(url: string): RaftProcess {
    const process: RaftProcess = {
      url, alive: true, server: undefined,
      dial: (target, signal) => this.#dial(process, target, signal),
      send: (message, signal) => this.#send(process, message, signal),
    };
    this.#processes.set(url, process);
    return process;
  }

  /** The process at `url` died: its streams break, new ones are refused. */
  kill(url: string): void {
    const process = this.#processes.get(url);
    if (process !== undefined) process.alive = false;
    this.#processes.delete(url);
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
    for (const other of this.#processes.keys()) {
      if (other !== url) this.cut(url, other);
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  async #dial(process: RaftProcess, { url, hello }: Parameters<RaftDial>[0], _signal: AbortSignal): Promise<DialResult> {
    await Promise.resolve();
    if (this.#cuts.has(linkOf(process.url, url)) || !process.alive) return { kind: 'failed', loss: { kind: 'broken' } };
    const server = this.#processes.get(url)?.server;
    if (server === undefined) return { kind: 'failed', loss: { kind: 'refused' } };
    const verdict = server.streamOwner.judge(hello);
    if (verdict.kind === 'reject') return { kind: 'failed', loss: { kind: 'rejected', code: verdict.code } };
    return { kind: 'open', stream: this.#connect(process.url, url, (close) => server.streamOwner.accept(hello, { close })) };
  }

  #connect(from: string, to: string, accept: (close: () => void) => StreamReader): RaftStream {
    let lose: (loss: StreamLoss) => void = () => undefined;
    const lost = new Promise<StreamLoss>((resolve) => { lose = resolve; });
    const cut = (loss: StreamLoss): void => {
      if (!this.#pipes.delete(pipe)) return;
      lose(loss);
      reader.closed();
    };
    const pipe: Pipe = { from, to, cut };
    const reader = accept(() => cut({ kind: 'broken' }));
    this.#pipes.add(pipe);
    const send = (frames: readonly Uint8Array[]): 'accepted' => {
      const bytes = concatBytes(frames).slice();
      setImmediate(() => {
        if (this.#pipes.has(pipe) && reader.received(bytes) === 'corrupt') cut({ kind: 'broken' });
      });
      return 'accepted';
    };
    return { send, lost, close: () => cut({ kind: 'broken' }) };
  }

  async #send(process: RaftProcess, message: Message, signal: AbortSignal): Promise<Answer> {
    await Promise.resolve();
    if (signal.aborted) throw new OffshoreError('aborted');
    const reached = this.requests === 'fail' || this.#cuts.has(linkOf(process.url, message.to)) || !process.alive ? undefined : this.#processes.get(message.to);
    const answer = await reached?.server?.handle(message);
    if (answer === undefined) throw new OffshoreError('unreachable', { node: message.to });
    return answer;
  }
}

function linkOf(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}
