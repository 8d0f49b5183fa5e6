// No input, of a user or of a peer, crashes a node (S9): every route of both roles gets garbage, and answers with a code of the table.

import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isErrorCode } from '../../src/base/error-codes.ts';
import { limits } from '../../src/base/limits.ts';
import { seededRng, randomInt, type Rng } from '../../src/base/rng.ts';
import { routes } from '../../src/protocol/routes.ts';
import { LiveCluster } from './live-cluster.ts';

const seed = Number(process.env['OFFSHORE_TEST_SEED'] ?? 20_261_123);
let cluster: LiveCluster;

test.before(async () => {
  cluster = await LiveCluster.up();
  await cluster.must(['put', '-', '/canary'], { stdin: 'still here' });
});

test.after(async () => {
  await cluster.down();
});

/** After whatever was sent, all six processes are the same ones and serve. */
async function mustBeUnharmed(): Promise<void> {
  const status = await cluster.cluster('status');
  assert.is(status.code, 0, status.stdout);
  assert.is((await cluster.must(['cat', '/canary'])).stdout, 'still here');
}

test('random bytes and broken JSON into every route are answered with a code of the table', async () => {
  const rng = seededRng(seed);
  for (const node of ['tracker-1', 'tracker-2', 'seeder-1', 'seeder-2']) {
    for (const [name, route] of Object.entries(routes)) {
      for (let round = 0; round < 6; round += 1) {
        const path = route.pattern.replace(/:(\w+)/g, () => encodeURIComponent(garbageText(rng)));
        const answer = await send(cluster.url(node), { method: route.method, path: `${path}${garbageQuery(rng)}`, body: route.method === 'PUT' || route.method === 'POST' ? garbageBody(rng) : undefined, headers: garbageHeaders(rng) });
        if (answer.status < 400 || route.method === 'HEAD') continue;
        const { error } = JSON.parse(answer.body.toString()) as { error: { code: string } };
        assert.ok(isErrorCode(error.code), `${name}: ${answer.body.toString()}`);
        assert.is.not(error.code, 'internal', `${node} ${route.method} ${path}: ${answer.body.toString()}`);
      }
    }
  }
  await mustBeUnharmed();
});

test('what is no HTTP at all ends its own connection and nothing else', async () => {
  const rng = seededRng(seed + 1);
  for (const node of ['tracker-1', 'tracker-3', 'seeder-3']) {
    for (let round = 0; round < 40; round += 1) await sendRaw(cluster.url(node), randomBytes(randomInt(rng, 1, 3000)));
    await sendRaw(cluster.url(node), Buffer.from('GET /raft/v1/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: offshore-raft/1\r\n\r\n\xff\xff\xff\xffgarbage', 'latin1'));
    await sendRaw(cluster.url(node), Buffer.from(`GET / HTTP/1.1\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`));
  }
  await mustBeUnharmed();
});

test('a chunk whose bytes do not match its id is refused and not stored', async () => {
  const { version, headers } = await writeHeaders();
  const wrong = createHash('sha256').update('something else').digest('hex');

  const put = await send(cluster.url('seeder-1'), { method: 'PUT', path: `/v1/chunks/copies=3/${wrong}`, body: Buffer.from('these bytes'), headers });

  assert.is(put.status, 422, `${put.body.toString()} at layout ${version}`);
  assert.match(put.body.toString(), /chunk-mismatch/);
  assert.is((await send(cluster.url('seeder-1'), { method: 'GET', path: `/v1/chunks/copies=3/${wrong}` })).status, 404);
  await mustBeUnharmed();
});

test('a body over the limit is refused by its length, before any of it is read', async () => {
  const { headers } = await writeHeaders();
  const leader = cluster.url(await cluster.leader());
  const cases = [
    { url: cluster.url('seeder-1'), method: 'PUT', path: `/v1/chunks/copies=3/${'0'.repeat(64)}`, bytes: limits.chunkBytesMax + 1 },
    { url: cluster.url('seeder-1'), method: 'POST', path: '/v1/chunks/pack?class=copies%3D3', bytes: 99_999_999_999 },
    { url: leader, method: 'POST', path: '/v1/batch', bytes: limits.jsonBodyBytesMax + 1 },
  ];
  for (const { url, method, path, bytes } of cases) {
    const answer = await sendRaw(url, requestHead(method, path, { ...headers, 'content-length': String(bytes) }), 'answer');
    assert.match(answer, /^HTTP\/1\.1 413 /, path);
    assert.match(answer, /body-too-large/, path);
  }
  await mustBeUnharmed();
});

function requestHead(method: string, path: string, headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: test\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
}

test('there is no way to delete a chunk over HTTP', async () => {
  const answer = await send(cluster.url('seeder-1'), { method: 'DELETE', path: `/v1/chunks/copies=3/${'0'.repeat(64)}` });
  assert.is(answer.status, 405);
});

test('a request that names another cluster is refused', async () => {
  const answer = await send(cluster.url('seeder-1'), { method: 'GET', path: '/v1/status', headers: { 'offshore-cluster': 'f'.repeat(64) } });
  assert.is(answer.status, 409);
  assert.match(answer.body.toString(), /wrong-cluster/);
});

test('names that the file system does not allow are refused by the tracker', async () => {
  const leader = cluster.url(await cluster.leader());
  for (const path of ['relative', '/a/../b', '/a/./b', '/a//b', `/${'x'.repeat(256)}`, '/nul\0byte', '', '/', `/${'a/'.repeat(3000)}b`]) {
    const body = JSON.stringify({ operationId: '0'.repeat(32), operations: [{ kind: 'make-directory', path, mode: 0o755, parents: 'must-exist' }] });
    const answer = await send(leader, { method: 'POST', path: '/v1/batch', body: Buffer.from(body), headers: { 'content-type': 'application/json' } });
    const outcome = answer.status === 200 ? (JSON.parse(answer.body.toString()) as { outcomes: { ok: boolean }[] }).outcomes[0] : { ok: false };
    assert.is(outcome?.ok, false, `${JSON.stringify(path.slice(0, 40))}: ${answer.body.toString()}`);
  }
  await mustBeUnharmed();
});

/** Headers with which a chunk would be taken, were its bytes right. */
async function writeHeaders(): Promise<{ readonly version: number; readonly headers: Readonly<Record<string, string>> }> {
  const answer = await send(cluster.url(await cluster.leader()), { method: 'GET', path: '/v1/layout?class=copies%3D3' });
  const { version, index } = JSON.parse(answer.body.toString()) as { version: number; index: number };
  return { version, headers: { 'offshore-layout': String(version), 'offshore-stamp': String(index), 'offshore-relay': 'all' } };
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function send(base: string, { method, path, body, headers }: Request): Promise<{ readonly status: number; readonly body: Buffer }> {
  const { hostname, port } = new URL(base);
  return new Promise((settle, reject) => {
    const asked = request({ hostname, port, method, path, headers: { ...(body === undefined ? {} : { 'content-length': String(body.length) }), ...headers }, agent: false }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => settle({ status: incoming.statusCode ?? 0, body: Buffer.concat(parts) }));
      incoming.on('error', reject);
    });
    let answered = false;
    asked.on('response', () => { answered = true; });
    // A server that refuses early may close while the body is still being written: the answer is what counts.
    asked.on('error', (error) => { if (!answered) reject(error); });
    asked.setTimeout(20_000, () => asked.destroy(new Error(`${method} ${path}: no answer`)));
    if (body === undefined) asked.end();
    else asked.end(body);
  });
}

/** Sends bytes and hangs up: at once, or when something came back. */
function sendRaw(base: string, bytes: Buffer, until: 'sent' | 'answer' = 'sent'): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((settle) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, () => {
      if (until === 'sent') setTimeout(() => socket.destroy(), 5);
    }));
    socket.on('data', (part) => {
      answer += part.toString();
      if (until === 'answer' && answer.includes('}')) socket.destroy();
    });
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => settle(answer));
  });
}

const nastyTexts = ['', '..', '%00', '🦀', '\u202e', '__proto__', 'constructor', '-1', '1e309', '99999999999999999999', 'copies=0', 'ec=99+99', 'A'.repeat(2000), "' or 1=1", '/etc/passwd', '0'.repeat(64)];

function pick<T>(rng: Rng, from: readonly T[]): T {
  return from[randomInt(rng, 0, from.length - 1)] as T;
}

function garbageText(rng: Rng): string {
  return rng() < 0.3 ? Array.from({ length: randomInt(rng, 1, 40) }, () => String.fromCharCode(randomInt(rng, 1, 255))).join('') : pick(rng, nastyTexts);
}

function garbageQuery(rng: Rng): string {
  const names = ['path', 'after', 'limit', 'known', 'class', 'partition', 'seeder', 'prefix', 'version', 'page', 'pages', 'follow', 'shard', 'ask'];
  const count = randomInt(rng, 0, 4);
  return count === 0 ? '' : `?${Array.from({ length: count }, () => `${pick(rng, names)}=${encodeURIComponent(garbageText(rng))}`).join('&')}`;
}

function garbageHeaders(rng: Rng): Record<string, string> {
  const names = ['offshore-layout', 'offshore-stamp', 'offshore-relay', 'offshore-crcs', 'range', 'content-type'];
  const values = ['0', '-1', 'x', '999999999999999999999', 'all', 'none', 'bytes=5-1', 'bytes=0-', 'bytes=-0', 'zz'.repeat(8), 'application/json'];
  return Object.fromEntries(Array.from({ length: randomInt(rng, 0, 4) }, () => [pick(rng, names), pick(rng, values)]));
}

function garbageBody(rng: Rng): Buffer {
  const json = [
    '{', '[]', 'null', '"text"', '{"operations":[]}', '{"operationId":"x","operations":[{"kind":"make-directory"}]}', '{"__proto__":{"kind":1}}', `${'['.repeat(20_000)}`,
    `{"operationId":"${'0'.repeat(32)}","operations":[{"kind":"publish","path":"/x","content":{"kind":"inline","base64":"!!!"},"attributes":{},"parents":"make"}]}`,
    `{"operationId":"${'0'.repeat(32)}","operations":[{"kind":"remove","path":"/nothing-here","what":"tree"}]}`,
    `{"session":{"id":9e15,"firstSequence":0,"firstUnacked":0},"operationId":"${'0'.repeat(32)}","operations":[{"kind":"symlink","path":"/s","target":""}]}`,
    '{"storageClass":"copies=3","stamp":0,"shard":0,"chunks":["zz"]}', '{"seeder":1,"incarnation":"00"}', '{"name":"x","incarnation":"","url":"ftp://x","zone":"","host":"","capacityBytes":-1}',
  ];
  return rng() < 0.4 ? randomBytes(randomInt(rng, 0, 5000)) : Buffer.from(pick(rng, json));
}

test.run();
