// The HTTP server of a role: sockets, time limits and a graceful end around a Hono app.
// It knows no route. It must never override global Request and Response: clients in the same process use them.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../base/clock.ts';
import { OffshoreError } from '../base/errors.ts';
import { limits, second } from '../base/limits.ts';
import { totalBytes } from '../base/bytes.ts';
import { toProblemAnswer } from '../protocol/problem.ts';

/** What a handler finds in `c.env` when the request came over a socket. */
export interface SocketBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port; `url` tells which. */
  readonly port: number;
  /** A Hono app. */
  readonly app: { fetch(request: Request, env: SocketBindings): Response | Promise<Response> };
  /** Takes over the socket of a request with `Upgrade`; without it such requests are answered like any other. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Base URL of the address listened on. */
  readonly url: string;
  /** Takes no new connections, ends idle and upgraded ones at once, and active ones when they are answered or `drainMsMax` is over. */
  close(): Promise<void>;
}

const serverOptions = {
  connectionsCheckingInterval: 5 * second,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.bodyTimeoutMs,
  keepAliveTimeout: limits.serverKeepAliveMs,
  maxHeaderSize: limits.headersBytesMax,
  // Node's default of 16 KiB pauses a socket several times for each 64 KiB that libuv reads.
  highWaterMark: limits.socketBufferBytes,
  keepAlive: true,
  noDelay: true,
} as const;

/** Resolves when it listens. Throws `bad-option` when the address is taken or not ours. */
export async function startHttpServer(options: HttpServerOptions, deps: { readonly clock: Clock }): Promise<HttpServer> {
  const traffic = new Traffic();
  const listener = getRequestListener((request, env) => options.app.fetch(request, env as SocketBindings), { overrideGlobalObjects: false });
  const server = createServer(serverOptions);
  traffic.watch(server);
  server.on('request', (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxConnections = limits.connectionsMax;
  server.setTimeout(limits.socketIdleMsMax);
  server.on('clientError', answerUnparsable);
  if (options.onUpgrade !== undefined) handUpgrades(server, traffic, options.onUpgrade);
  await listen(server, options);
  const address = server.address() as AddressInfo;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    host: options.host,
    port: address.port,
    url: `http://${host}:${address.port}`,
    close: () => closeServer(server, traffic, deps.clock),
  };
}

/** What must end before the server is closed. */
class Traffic {
  readonly active = new Set<ServerResponse>();
  readonly upgraded = new Set<Socket>();
  #closing = false;

  watch(server: Server): void {
    server.on('request', (_, outgoing: ServerResponse) => {
      this.active.add(outgoing);
      if (this.#closing) endAfterAnswer(outgoing);
      outgoing.once('close', () => {
        this.active.delete(outgoing);
        if (this.#closing) setImmediate(() => server.closeIdleConnections());
      });
    });
  }

  beginClose(): void {
    this.#closing = true;
    for (const outgoing of this.active) endAfterAnswer(outgoing);
    for (const socket of this.upgraded) socket.destroy();
  }
}

function endAfterAnswer(outgoing: ServerResponse): void {
  if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
}

function handUpgrades(server: Server, traffic: Traffic, onUpgrade: NonNullable<HttpServerOptions['onUpgrade']>): void {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket;
    traffic.upgraded.add(socket);
    socket.once('close', () => traffic.upgraded.delete(socket));
    socket.setTimeout(0);
    onUpgrade(request, socket, head);
  });
}

function listen(server: Server, options: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const reason = 'code' in cause ? String(cause.code) : cause.message;
      const listen = `${options.host}:${options.port}`;
      reject(new OffshoreError('bad-option', { option: '--listen', value: listen, reason }, { cause, message: `--listen: cannot listen on ${listen}: ${listenReasons[reason] ?? reason}` }));
    });
    server.listen({ host: options.host, port: options.port, backlog: limits.listenBacklog }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted (ports below 1024 need privileges)',
  ENOTFOUND: 'no such host',
};

/** What the parser refused never reaches the app; the peer still gets a problem in our form when it can be told. */
function answerUnparsable(error: Error, stream: Duplex): void {
  const socket = stream as Socket;
  const code = 'code' in error ? error.code : undefined;
  if (socket.destroyed || !socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = code === 'HPE_HEADER_OVERFLOW'
    ? { line: '431 Request Header Fields Too Large', code: 'body-too-large' as const }
    : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? { line: '408 Request Timeout', code: 'timeout' as const } : { line: '400 Bad Request', code: 'bad-request' as const };
  const { headers, body } = toProblemAnswer(new OffshoreError(problem.code, { problem: error.message }));
  const head = Object.entries({ ...headers, 'content-length': String(totalBytes(body)), connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${problem.line}\r\n${head.join('')}\r\n`);
  for (const part of body) socket.write(part);
  socket.destroySoon();
}

async function closeServer(server: Server, traffic: Traffic, clock: Clock): Promise<void> {
  const cancel = clock.schedule(limits.drainMsMax, () => server.closeAllConnections());
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    traffic.beginClose();
    server.closeIdleConnections();
  });
  cancel();
}
