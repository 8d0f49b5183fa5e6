// The Send port over sockets: node:http with connections kept alive, bodies as whole buffers, never web streams.
// It maps what sockets do to codes of the table. It must never send a message twice: whether that is safe is for async/retry to judge.

import { Agent, request as startRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { totalBytes } from '../base/bytes.ts';
import type { CancelTimer, Clock } from '../base/clock.ts';
import { isOffshoreError, messageOf, OffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { headerNames } from '../protocol/headers.ts';
import type { Answer, Headers, Message, Send } from '../protocol/send.ts';

export interface HttpSendOptions {
  /** Deadline of one message, from the call to the last byte of its answer. */
  readonly timeoutMs?: number;
  readonly socketsPerNodeMax?: number;
}

export interface HttpSend extends Send {
  /** Ends unused connections at once; those in use fail as `unreachable`. */
  close(): void;
}

export function httpSend(options: HttpSendOptions, deps: { readonly clock: Clock }): HttpSend {
  const agent = new Agent({
    keepAlive: true,
    noDelay: true,
    scheduling: 'lifo',
    maxSockets: options.socketsPerNodeMax ?? limits.sendSocketsPerNodeMax,
    timeout: limits.clientKeepAliveMs,
    // Taken by the sockets it opens: with Node's 16 KiB an answer of some MiB stops and starts for every read.
    ...{ highWaterMark: limits.socketBufferBytes },
  });
  const timeoutMs = options.timeoutMs ?? limits.requestTimeoutMs;
  const send = (message: Message, signal: AbortSignal): Promise<Answer> => new Exchange(message, agent, deps.clock).run(timeoutMs, signal);
  return Object.assign(send, { close: () => agent.destroy() });
}

/** One message and its answer. Settles once; whatever happens to the socket afterwards is ignored. */
class Exchange {
  readonly #message: Message;
  readonly #agent: Agent;
  readonly #clock: Clock;
  readonly #timers: CancelTimer[] = [];
  #request: ClientRequest | undefined;

  constructor(message: Message, agent: Agent, clock: Clock) {
    this.#message = message;
    this.#agent = agent;
    this.#clock = clock;
  }

  async run(timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) throw this.#error('aborted', 'aborted before it was sent');
    let onAbort = (): void => {};
    try {
      return await new Promise<Answer>((resolve, reject) => {
        onAbort = () => reject(this.#error('aborted', 'aborted'));
        signal.addEventListener('abort', onAbort, { once: true });
        this.#timers.push(this.#clock.schedule(timeoutMs, () => reject(this.#error('timeout', `no answer within ${timeoutMs} ms`))));
        this.#start(resolve, reject);
      });
    } catch (error) {
      // The connection is in the middle of a message: it cannot be used again.
      this.#request?.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const cancel of this.#timers) cancel();
    }
  }

  #start(resolve: (answer: Answer) => void, reject: (error: OffshoreError) => void): void {
    const { method, path, headers, body } = this.#message;
    const node = parseBase(this.#message.to);
    if (node === undefined) return reject(this.#error('bad-request', 'base URL is not http://host:port'));
    const length = body.length > 0 || method === 'PUT' || method === 'POST' ? { [headerNames.contentLength]: totalBytes(body) } : {};
    try {
      this.#request = startRequest({ agent: this.#agent, host: node.host, port: node.port, method, path, headers: { ...headers, ...length } });
    } catch (error) {
      return reject(this.#error('bad-request', messageOf(error)));
    }
    const request = this.#request;
    request.on('error', (error) => reject(isOffshoreError(error) ? error : this.#error('unreachable', reasonOf(error), error)));
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const cancel = this.#clock.schedule(limits.connectTimeoutMs, () => reject(this.#error('unreachable', `no connection within ${limits.connectTimeoutMs} ms`)));
      this.#timers.push(cancel);
      socket.once('connect', cancel);
    });
    request.on('response', (incoming) => this.#collect(incoming, resolve, reject));
    request.cork();
    for (const part of body) request.write(part);
    request.end();
    request.uncork();
  }

  #collect(incoming: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: OffshoreError) => void): void {
    const body = new BodyCollector(this.#message.method === 'HEAD' ? '0' : incoming.headers[headerNames.contentLength]);
    const tooLarge = (): void => reject(this.#error('bad-answer', 'answer is too large'));
    if (body.tooLarge) return tooLarge();
    incoming.on('data', (part: Uint8Array) => {
      if (!body.add(part)) tooLarge();
    });
    incoming.on('end', () => {
      if (incoming.complete) resolve({ status: incoming.statusCode ?? 0, headers: joinHeaders(incoming), body: body.parts() });
    });
    incoming.on('error', (error) => reject(this.#error('unreachable', reasonOf(error), error)));
    incoming.on('close', () => reject(this.#error('unreachable', 'connection closed in the middle of an answer')));
  }

  #error(code: 'unreachable' | 'timeout' | 'aborted' | 'bad-request' | 'bad-answer', reason: string, cause?: unknown): OffshoreError {
    return new OffshoreError(code, { node: this.#message.to, reason }, { cause });
  }
}

/** With a known length one buffer takes the whole body; else parts are kept as they come. */
class BodyCollector {
  readonly tooLarge: boolean;
  readonly #whole: Uint8Array | undefined;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(contentLength: string | undefined) {
    const length = contentLength === undefined ? undefined : Number(contentLength);
    this.tooLarge = length !== undefined && !(length <= limits.answerBytesMax);
    // Not zeroed: every byte is overwritten, or the answer is incomplete and never seen.
    this.#whole = length === undefined || this.tooLarge ? undefined : Buffer.allocUnsafeSlow(length);
  }

  /** False when the body is larger than it may be. */
  add(part: Uint8Array): boolean {
    const end = this.#length + part.length;
    if (end > (this.#whole?.length ?? limits.answerBytesMax)) return false;
    if (this.#whole === undefined) this.#parts.push(part);
    else this.#whole.set(part, this.#length);
    this.#length = end;
    return true;
  }

  parts(): readonly Uint8Array[] {
    if (this.#whole === undefined) return this.#parts;
    return this.#whole.length === 0 ? [] : [this.#whole];
  }
}

function parseBase(base: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^http:\/\/(\[[0-9a-fA-F:.]+\]|[^:/?#[\]@]+)(?::(\d{1,5}))?\/?$/.exec(base);
  const host = match?.[1];
  return host === undefined ? undefined : { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(match?.[2] ?? 80) };
}

function joinHeaders(incoming: IncomingMessage): Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** `ECONNREFUSED` says more than a message that repeats address and port. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : messageOf(error);
}
