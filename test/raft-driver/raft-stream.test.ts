// Raft's streams on sockets: addresses that strangers gave harm nobody, and a refused call leaves no socket behind.

import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../src/base/ids.ts';
import { nodeClock } from '../../src/platform/node-clock.ts';
import { nodeRaftDial, RaftStreamServer } from '../../src/platform/raft-stream.ts';
import type { Hello } from '../../src/raft/driver/stream.ts';

const hello: Hello = {
  protocol: 1, cluster: 'c' as ClusterId, from: 1 as NodeId, fromName: 'a' as NodeName, fromUrl: 'http://a', incarnation: 'i'.repeat(32) as Incarnation, to: 2 as NodeId, lane: 'control',
};

for (const url of ['ftp://x', 'file:///etc/passwd', 'data:,x', 'javascript:0', 'http://[', '', 'http://127.0.0.1:0']) {
  test(`an address like "${url}" makes a dial fail, nothing more`, async () => {
    const result = await nodeRaftDial({ clock: nodeClock })({ url, hello }, new AbortController().signal);
    assert.is(result.kind, 'failed');
  });
}

test('a header that cannot be sent makes a dial fail, nothing more', async () => {
  const dial = nodeRaftDial({ clock: nodeClock, headers: () => ({ 'x-bad': 'line\nbreak' }) });
  assert.is((await dial({ url: 'http://127.0.0.1:1', hello }, new AbortController().signal)).kind, 'failed');
});

test('the socket of a refused call is closed even if the caller keeps its end open', async () => {
  const streams = new RaftStreamServer({
    judge: () => ({ kind: 'reject', code: 'wrong-cluster' }),
    accept: () => { throw new Error('nobody was welcome'); },
  }, { clock: nodeClock });
  const server = createServer();
  const closed = new Promise<void>((resolve) => server.on('upgrade', (request, socket, head) => {
    socket.on('close', () => resolve());
    assert.ok(streams.handleUpgrade(request, socket, head));
  }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let caller: Socket | undefined;
  try {
    caller = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    caller.on('error', () => undefined);
    caller.resume();
    caller.write('GET /raft/v1/stream HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: offshore-raft/1\r\n\r\n');
    await closed;
  } finally {
    mustExist(caller, 'it called').destroy();
    server.close();
  }
});

test.run();
