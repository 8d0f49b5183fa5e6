// The frame and the exchange functions, each rule on sockets and in process: both must answer alike.

import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { assert as mustHold } from '../../base/assert.ts';
import { concatBytes, totalBytes } from '../../base/bytes.ts';
import type { ClusterId } from '../../base/ids.ts';
import { silentLog } from '../../observe/log.ts';
import { noMetrics } from '../../observe/metrics.ts';
import { httpSend } from '../../platform/http-send.ts';
import { startHttpServer, type HttpServer } from '../../platform/http-server.ts';
import { nodeClock } from '../../platform/node-clock.ts';
import { fromProblemAnswer } from '../../protocol/problem.ts';
import type { Answer, Message, Send } from '../../protocol/send.ts';
import { InProcessNetwork } from '../../../test/support/in-process-send.ts';
import { createApi } from './api.ts';
import { answer, answerJson, mount, readBody, readJson } from './exchange.ts';

const never = new AbortController().signal;
const bodyMax = 2_000_000;
const bugs: Error[] = [];

function echoApi(): ReturnType<typeof createApi> {
  const app = createApi({ log: silentLog, clock: nodeClock, metrics: noMetrics, cluster: () => 'c1' as ClusterId, onBug: (error) => bugs.push(error) });
  mount(app, 'getChunk', async (c) => answer(c, { status: 200, headers: { 'x-chunk': c.req.param('chunk') ?? '' }, body: [new Uint8Array(100_000).fill(7), new Uint8Array(3).fill(8)] }));
  mount(app, 'headChunk', async (c) => answer(c, { status: 200, headers: { 'content-length': '100003', 'x-head': 'yes' } }));
  mount(app, 'putChunk', async (c, signal) => answer(c, { status: 201, body: [await readBody(c, bodyMax, signal)] }));
  mount(app, 'touch', async (c, signal) => answerJson(c, await readJson(c, v.object({ stamp: v.number('must be a number') }), 1000, signal)));
  mount(app, 'healthz', async () => mustHold(false, 'a bug') as never);
  mount(app, 'readyz', async () => {
    throw new TypeError('a stranger');
  });
  return app;
}

async function onBoth(run: (send: Send, to: string) => Promise<void>): Promise<void> {
  const network = new InProcessNetwork();
  network.connect('http://in-process', echoApi());
  await run(network.send, 'http://in-process');
  await withSockets(run);
}

async function withSockets(run: (send: Send, to: string, server: HttpServer) => Promise<void>): Promise<void> {
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, app: echoApi() }, { clock: nodeClock });
  const send = httpSend({ timeoutMs: 5000 }, { clock: nodeClock });
  try {
    await run(send, server.url, server);
  } finally {
    send.close();
    await server.close();
  }
}

const chunkPath = `/v1/chunks/copies%3D3/${'ab'.repeat(32)}`;

function message(to: string, method: Message['method'], path: string, body: readonly Uint8Array[] = [], headers: Record<string, string> = {}): Message {
  return { to, method, path, headers, body };
}

function codeOf(got: Answer): string {
  return fromProblemAnswer(got, 'node').code;
}

test('GET answers all parts of a body, with cluster and protocol in the headers', async () => {
  await onBoth(async (send, to) => {
    const got = await send(message(to, 'GET', chunkPath), never);

    assert.is(got.status, 200);
    assert.is(totalBytes(got.body), 100_003);
    assert.is(got.headers['x-chunk'], 'ab'.repeat(32));
    assert.is(got.headers['offshore-cluster'], 'c1');
    assert.is(got.headers['offshore-protocol'], '1');
  });
});

test('HEAD reaches its own handler where the table has one', async () => {
  await onBoth(async (send, to) => {
    const got = await send(message(to, 'HEAD', chunkPath), never);

    assert.is(got.headers['x-head'], 'yes');
    assert.is(got.headers['content-length'], '100003');
    assert.is(totalBytes(got.body), 0);
  });
});

test('PUT reads a body of many pieces', async () => {
  await onBoth(async (send, to) => {
    const body = [new Uint8Array(1_000_000).fill(1), new Uint8Array(999_999).fill(2)];

    const got = await send(message(to, 'PUT', chunkPath, body), never);

    assert.is(got.status, 201);
    assert.is(Buffer.compare(concatBytes(got.body), concatBytes(body)), 0);
  });
});

test('a body over the bound is refused', async () => {
  await onBoth(async (send, to) => {
    const got = await send(message(to, 'PUT', chunkPath, [new Uint8Array(bodyMax + 1)]), never);

    assert.is(got.status, 413);
    assert.is(codeOf(got), 'body-too-large');
  });
});

test('JSON of the wrong shape names field and problem', async () => {
  await onBoth(async (send, to) => {
    const got = await send(message(to, 'POST', '/v1/chunks/touch', [Buffer.from('{"stamp":"x"}')]), never);
    const broken = await send(message(to, 'POST', '/v1/chunks/touch', [Buffer.from('{')]), never);
    const error = fromProblemAnswer(got, 'node');

    assert.is(error.code, 'bad-request');
    assert.is(error.details['field'], 'stamp');
    assert.is(error.details['problem'], 'must be a number');
    assert.is(codeOf(broken), 'bad-request');
  });
});

test('unknown paths and wrong methods have their own codes', async () => {
  await onBoth(async (send, to) => {
    assert.is(codeOf(await send(message(to, 'GET', '/nowhere'), never)), 'no-such-route');
    assert.is(codeOf(await send(message(to, 'POST', chunkPath), never)), 'method-not-allowed');
    assert.is(codeOf(await send(message(to, 'DELETE', chunkPath), never)), 'method-not-allowed');
  });
});

test('a request for another cluster or protocol is refused', async () => {
  await onBoth(async (send, to) => {
    assert.is(codeOf(await send(message(to, 'GET', chunkPath, [], { 'offshore-cluster': 'c2' }), never)), 'wrong-cluster');
    assert.is(codeOf(await send(message(to, 'GET', chunkPath, [], { 'offshore-protocol': '9' }), never)), 'version-unsupported');
  });
});

test('an unexpected error is internal; only a failed assertion asks the process to end', async () => {
  await onBoth(async (send, to) => {
    bugs.length = 0;
    assert.is(codeOf(await send(message(to, 'GET', '/readyz'), never)), 'internal');
    assert.is(bugs.length, 0);
    assert.is(codeOf(await send(message(to, 'GET', '/healthz'), never)), 'internal');
    assert.is(bugs.length, 1);
  });
});

test('a peer that hangs up in the middle of a body disturbs nobody', async () => {
  await withSockets(async (send, to, server) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`PUT ${chunkPath} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf`);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();

    assert.is((await send(message(to, 'GET', chunkPath), never)).status, 200);
  });
});

test('bytes that are no HTTP get a problem and the connection ends', async () => {
  await withSockets(async (_, __, server) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('\0 nonsense\r\n\r\n');
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);

    assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 400 [^]*"code":"bad-request"/);
  });
});

test('closing a server lets an answer under way go out and refuses what comes later', async () => {
  const app = createApi({ log: silentLog, clock: nodeClock, metrics: noMetrics, cluster: () => undefined, onBug: () => {} });
  let arrived = (): void => {};
  let release = (): void => {};
  const waiting = new Promise<void>((resolve) => (arrived = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  mount(app, 'version', async (c) => {
    arrived();
    await released;
    return answerJson(c, {});
  });
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, app }, { clock: nodeClock });
  const send = httpSend({ timeoutMs: 5000 }, { clock: nodeClock });
  const underWay = send(message(server.url, 'GET', '/version'), never);
  await waiting;

  const closed = server.close();
  const later = await send(message(server.url, 'GET', '/version'), never).then(() => 'ok', (error: { code: string }) => error.code);
  release();

  assert.is((await underWay).status, 200);
  assert.is(later, 'unreachable');
  await closed;
  send.close();
});

test.run();
