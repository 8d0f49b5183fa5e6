// Raft's streams on Node: HTTP/1.1 `Upgrade: offshore-raft/1` over the node's own port, the handshake in headers (`raft.md` 2.10).
// The dialling end writes frames, the accepting end reads them and writes one byte now and then to show that it lives:
// after a partition TCP alone would wait minutes before it retransmits. Decides nothing about Raft; who may connect is the owner's choice.

import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { totalBytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { errorCodes } from '../base/error-codes.ts';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { DialResult, Hello, Lane, RaftDial, RaftStream, RaftStreamOwner, Rejection, StreamLoss } from '../raft/driver/stream.ts';
import { rejections } from '../raft/driver/stream.ts';

const upgradeToken = 'offshore-raft/1';
const streamPath = '/raft/v1/stream';
const codeHeader = 'x-offshore-code';
const aliveByte = new Uint8Array([1]);

/** The dialling side. `headers` may add what an outer layer asks of every request between parts. */
export function nodeRaftDial(deps: { readonly clock: Clock; readonly headers?: () => Readonly<Record<string, string>> }): RaftDial {
  return ({ url, hello }, signal) => new Promise<DialResult>((resolve) => {
    const request = makeRequest({ url, headers: { ...deps.headers?.(), ...toHeaders(hello) } }, signal);
    if (request === undefined) return resolve({ kind: 'failed', loss: { kind: 'broken' } });
    const fail = (loss: StreamLoss): void => {
      request.destroy();
      resolve({ kind: 'failed', loss });
    };
    request.on('upgrade', (_response, socket) => resolve({ kind: 'open', stream: new OutgoingStream(socket, deps.clock) }));
    request.on('response', (response) => fail(toRejection(response)));
    request.on('timeout', () => fail({ kind: 'broken' }));
    request.on('error', (error) => fail({ kind: isRefusal(error) ? 'refused' : 'broken' }));
    request.end();
  });
}

/** The accepting side: hook `handleUpgrade` into the HTTP server's `upgrade` event. */
export class RaftStreamServer implements AsyncDisposable {
  readonly #owner: RaftStreamOwner;
  readonly #clock: Clock;
  readonly #sockets = new Set<Duplex>();

  constructor(owner: RaftStreamOwner, deps: { readonly clock: Clock }) {
    this.#owner = owner;
    this.#clock = deps.clock;
  }

  /** True when the request was Raft's; otherwise the caller must deal with the socket. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): boolean {
    if (request.headers.upgrade !== upgradeToken || request.url !== streamPath) return false;
    socket.on('error', () => socket.destroy());
    const hello = parseHello(request.headers);
    const verdict = hello === undefined ? { kind: 'reject' as const, code: 'version-unsupported' as const } : this.#owner.judge(hello);
    if (hello === undefined || verdict.kind === 'reject') {
      reject(socket, verdict.kind === 'reject' ? verdict.code : 'version-unsupported');
      return true;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgradeToken}\r\n\r\n`);
    this.#serve(hello, socket, head);
    return true;
  }

  /** Closes every accepted stream; an HTTP server does not count upgraded sockets as its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(hello: Hello, socket: Duplex, head: Uint8Array): void {
    this.#sockets.add(socket);
    tune(socket);
    const reader = this.#owner.accept(hello, { close: () => socket.destroy() });
    const take = (bytes: Uint8Array): void => {
      if (reader.received(bytes) === 'corrupt') socket.destroy();
    };
    const stopShowingLife = repeat(this.#clock, limits.streamAliveMs, () => socket.write(aliveByte));
    socket.on('data', take);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      stopShowingLife();
      this.#sockets.delete(socket);
      reader.closed();
    });
    if (head.length > 0) take(head);
  }
}

class OutgoingStream implements RaftStream {
  readonly lost: Promise<StreamLoss>;
  readonly #socket: Duplex;

  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket;
    tune(socket);
    let heardMs = clock.monotonicMs();
    socket.on('data', () => { heardMs = clock.monotonicMs(); });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    const stopListening = repeat(clock, limits.streamAliveMs, () => {
      if (clock.monotonicMs() - heardMs > limits.streamSilenceMsMax) socket.destroy();
    });
    this.lost = new Promise((resolve) => socket.on('close', () => {
      stopListening();
      resolve({ kind: 'broken' });
    }));
  }

  send(frames: readonly Uint8Array[]): 'accepted' | 'full' {
    if (this.#socket.destroyed || this.#socket.writableLength + totalBytes(frames) > limits.streamBufferBytesMax) return 'full';
    this.#socket.cork();
    for (const frame of frames) this.#socket.write(frame);
    this.#socket.uncork();
    return 'accepted';
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Undefined for an address or a header that no request can have: what a peer gave may be anything. */
function makeRequest(to: { readonly url: string; readonly headers: Record<string, string> }, signal: AbortSignal): ClientRequest | undefined {
  try {
    const target = new URL(streamPath, to.url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { ...to.headers, connection: 'Upgrade', upgrade: upgradeToken };
    return send(target, { method: 'GET', agent: false, timeout: limits.connectTimeoutMs, headers, signal });
  } catch {
    // Also for any protocol but http and https.
    return undefined;
  }
}

function tune(socket: Duplex): void {
  const tcp = socket as Partial<Pick<Socket, 'setNoDelay' | 'setKeepAlive' | 'setTimeout'>>;
  tcp.setNoDelay?.(true);
  tcp.setKeepAlive?.(true, limits.streamSilenceMsMax);
  tcp.setTimeout?.(0);
}

/** Calls until the returned function is called. */
function repeat(clock: Clock, everyMs: number, call: () => void): () => void {
  let cancel = clock.schedule(everyMs, function again() {
    cancel = clock.schedule(everyMs, again);
    call();
  });
  return () => cancel();
}

/** Closes the whole socket once the answer left: the caller need not close its end, and nobody else would. */
function reject(socket: Duplex, code: Rejection): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${errorCodes[code].status} ${errorCodes[code].text}\r\nConnection: close\r\n${codeHeader}: ${code}\r\nContent-Length: 0\r\n\r\n`);
}

function toRejection(response: IncomingMessage): StreamLoss {
  response.resume();
  const code = rejections.find((candidate) => candidate === response.headers[codeHeader]);
  return code === undefined ? { kind: 'broken' } : { kind: 'rejected', code };
}

/** Refused means that the machine answers and nothing listens: the process died. A reset or a silence proves nothing. */
function isRefusal(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNREFUSED';
}

function toHeaders(hello: Hello): Record<string, string> {
  return {
    'x-offshore-protocol': String(hello.protocol),
    'x-offshore-cluster': hello.cluster,
    'x-offshore-from': String(hello.from),
    'x-offshore-from-name': encodeURIComponent(hello.fromName),
    'x-offshore-from-url': hello.fromUrl,
    'x-offshore-incarnation': hello.incarnation,
    'x-offshore-to': String(hello.to),
    'x-offshore-lane': hello.lane,
  };
}

function parseHello(headers: IncomingHttpHeaders): Hello | undefined {
  const text = (name: string): string => {
    const value = headers[`x-offshore-${name}`];
    return typeof value === 'string' ? value : '';
  };
  const [protocol, from, to] = [Number(text('protocol')), Number(text('from')), Number(text('to'))];
  const lane = parseLane(text('lane'));
  const fromName = decodeName(text('from-name'));
  const whole = [protocol, from, to].every((number) => Number.isSafeInteger(number) && number > 0);
  if (!whole || lane === undefined || fromName === undefined || !/^[0-9a-f]{32}$/.test(text('incarnation'))) return undefined;
  return {
    protocol, lane, fromName,
    cluster: text('cluster') as ClusterId,
    from: from as NodeId,
    fromUrl: text('from-url'),
    incarnation: text('incarnation') as Incarnation,
    to: to as NodeId,
  };
}

function decodeName(text: string): NodeName | undefined {
  try {
    return decodeURIComponent(text) as NodeName;
  } catch {
    return undefined;
  }
}

function parseLane(text: string): Lane | undefined {
  return text === 'control' || text === 'bulk' ? text : undefined;
}
