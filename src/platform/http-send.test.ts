// The Send port over real sockets on 127.0.0.1: what it answers, and which code each kind of failure gets.

import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes, totalBytes } from '../base/bytes.ts';
import { isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Message } from '../protocol/send.ts';
import { httpSend } from './http-send.ts';
import { nodeClock } from './node-clock.ts';

const never = new AbortController().signal;

async function withServer(listener: Parameters<typeof createServer>[1] & object, run: (to: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function get(to: string, path = '/'): Message {
  return { to, method: 'GET', path, headers: {}, body: [] };
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return 'ok';
  } catch (error) {
    return isOffshoreError(error) ? error.code : String(error);
  }
}

test('a body in several parts arrives whole and an answer with a length is one part', async () => {
  const send = httpSend({}, { clock: nodeClock });
  await withServer((request, answer) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      answer.writeHead(201, { 'x-length': request.headers['content-length'], 'content-length': body.length });
      answer.end(body);
    });
  }, async (to) => {
    const body = [new Uint8Array(300_000).fill(1), new Uint8Array(700_000).fill(2), new Uint8Array(1).fill(3)];

    const answer = await send({ to, method: 'PUT', path: '/x', headers: {}, body }, never);

    assert.is(answer.status, 201);
    assert.is(answer.headers['x-length'], '1000001');
    assert.is(answer.body.length, 1);
    assert.is(Buffer.compare(concatBytes(answer.body), concatBytes(body)), 0);
  });
  send.close();
});

test('bytes over a SharedArrayBuffer are sent as they are', async () => {
  const send = httpSend({}, { clock: nodeClock });
  await withServer((request, answer) => {
    let sum = 0;
    request.on('data', (part: Buffer) => (sum += part.reduce((a, b) => a + b, 0)));
    request.on('end', () => answer.end(String(sum)));
  }, async (to) => {
    const shared = new Uint8Array(new SharedArrayBuffer(200_000)).fill(2);

    const answer = await send({ to, method: 'PUT', path: '/', headers: {}, body: [shared] }, never);

    assert.is(Buffer.from(concatBytes(answer.body)).toString(), '400000');
  });
  send.close();
});

test('connections are kept and used again', async () => {
  const send = httpSend({}, { clock: nodeClock });
  const ports = new Set<number | undefined>();
  await withServer((request, answer) => {
    ports.add(request.socket.remotePort);
    answer.end('x');
  }, async (to) => {
    for (let i = 0; i < 5; i += 1) await send(get(to), never);

    assert.is(ports.size, 1);
  });
  send.close();
});

test('a HEAD answer has a length and no body', async () => {
  const send = httpSend({}, { clock: nodeClock });
  await withServer((_, answer) => answer.writeHead(200, { 'content-length': 4096 }).end(), async (to) => {
    const answer = await send({ ...get(to), method: 'HEAD' }, never);

    assert.is(answer.headers['content-length'], '4096');
    assert.is(totalBytes(answer.body), 0);
  });
  send.close();
});

test('a refused connection is unreachable', async () => {
  const send = httpSend({}, { clock: nodeClock });
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));

  assert.is(await codeOf(send(get(`http://127.0.0.1:${port}`), never)), 'unreachable');
});

test('a connection that breaks in the middle of an answer is unreachable', async () => {
  const send = httpSend({}, { clock: nodeClock });
  await withServer((_, answer) => {
    answer.writeHead(200, { 'content-length': 1000 });
    answer.write('half', () => answer.destroy());
  }, async (to) => {
    assert.is(await codeOf(send(get(to), never)), 'unreachable');
  });
});

test('no answer before the deadline is a timeout', async () => {
  const send = httpSend({ timeoutMs: 50 }, { clock: nodeClock });
  await withServer(() => {}, async (to) => {
    assert.is(await codeOf(send(get(to), never)), 'timeout');
  });
});

test('an abort ends a message that waits for its answer', async () => {
  const send = httpSend({}, { clock: nodeClock });
  const controller = new AbortController();
  await withServer(() => controller.abort(), async (to) => {
    assert.is(await codeOf(send(get(to), controller.signal)), 'aborted');
    assert.is(await codeOf(send(get(to), controller.signal)), 'aborted');
  });
});

test('an answer that says it is larger than the bound is refused unread', async () => {
  const send = httpSend({}, { clock: nodeClock });
  await withServer((_, answer) => answer.writeHead(200, { 'content-length': limits.answerBytesMax + 1 }).write('x'), async (to) => {
    assert.is(await codeOf(send(get(to), never)), 'bad-answer');
  });
});

test('a base URL or path that HTTP cannot carry is a bad request', async () => {
  const send = httpSend({}, { clock: nodeClock });

  assert.is(await codeOf(send(get('https://127.0.0.1:1'), never)), 'bad-request');
  assert.is(await codeOf(send(get('http://127.0.0.1:1', '/a b'), never)), 'bad-request');
});

test.run();
