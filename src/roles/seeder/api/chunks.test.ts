// The chunk routes as a client sees them: status codes, ranges, and what is checked before anything is stored or said to be held.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes } from '../../../base/bytes.ts';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8, encodeUtf8 } from '../../../base/utf8.ts';
import { formatCrcs, headerNames } from '../../../protocol/headers.ts';
import { fromProblemAnswer } from '../../../protocol/problem.ts';
import { encodePack } from '../../../protocol/seeder-api.ts';
import type { Answer, Message } from '../../../protocol/send.ts';
import { bodyOf, keyOf, layoutOf, nameBytes, never, SeederWorld, toStore, type Body, type WorldSeeder } from '../../../../test/support/seeder-world.ts';

const body = bodyOf('the bytes of a chunk');
const known = { [headerNames.layout]: '10', [headerNames.stamp]: '12' };

interface Desk {
  readonly world: SeederWorld;
  readonly seeder: WorldSeeder;
  ask(method: Message['method'], path: string, headers?: Record<string, string>, parts?: readonly Uint8Array[]): Promise<Answer>;
}

function deskOf(options: { readonly totalBytes?: number; readonly now?: readonly number[] } = {}): Desk {
  const world = new SeederWorld(layoutOf({ version: 10, now: options.now ?? [1] }));
  const seeder = world.seeder(1, options);
  return { world, seeder, ask: (method, path, headers = {}, parts = []) => world.network.send({ to: 'http://s1', method, path, headers, body: parts }, never) };
}

function pathOf(each: Body, query = ''): string {
  return `/v1/chunks/copies%3D3/${each.chunk}${query}`;
}

function problemOf(answer: Answer): string {
  return `${answer.status} ${fromProblemAnswer(answer, 's1').code}`;
}

function json(answer: Answer): unknown {
  return JSON.parse(decodeUtf8(concatBytes(answer.body)) ?? '');
}

test('PUT answers 201 with who holds the chunk, GET the same bytes', async () => {
  const desk = deskOf();

  const put = await desk.ask('PUT', pathOf(body), known, [body.bytes]);
  const got = await desk.ask('GET', pathOf(body));

  assert.is(put.status, 201);
  assert.equal(json(put), { chunk: body.chunk, seeders: ['s1'] });
  assert.is(got.status, 200);
  assert.equal(new Uint8Array(concatBytes(got.body)), body.bytes);
});

test('HEAD tells length, checksums and stamp without the bytes', async () => {
  const desk = deskOf();
  await desk.ask('PUT', pathOf(body), known, [body.bytes]);

  const head = await desk.ask('HEAD', pathOf(body));

  assert.is(head.status, 200);
  assert.is(head.headers[headerNames.contentLength], String(body.bytes.length));
  assert.is(head.headers[headerNames.crcs], formatCrcs(body.blockCrcs));
  assert.is(head.headers[headerNames.stamp], '12');
  assert.equal(head.body, []);
});

test('a range answers 206 with its part, a wrong one 416, one that is no range the whole', async () => {
  const desk = deskOf();
  await desk.ask('PUT', pathOf(body), known, [body.bytes]);
  const range = (text: string): Promise<Answer> => desk.ask('GET', pathOf(body), { [headerNames.range]: text });

  const part = await range('bytes=4-8');
  assert.is(part.status, 206);
  assert.is(part.headers[headerNames.contentRange], `bytes 4-8/${body.bytes.length}`);
  assert.equal(new Uint8Array(concatBytes(part.body)), body.bytes.slice(4, 9));
  assert.equal(new Uint8Array(concatBytes((await range('bytes=-3')).body)), body.bytes.slice(-3));
  const beyond = await range('bytes=900-');
  assert.is(beyond.status, 416);
  assert.is(beyond.headers[headerNames.contentRange], `bytes */${body.bytes.length}`);
  assert.is((await range('lines=1-2')).status, 200);
});

test('what is not held is chunk-missing; what is damaged is chunk-corrupt, and missing from then on', async () => {
  const desk = deskOf();
  assert.is(problemOf(await desk.ask('GET', pathOf(body))), '404 chunk-missing');
  assert.is((await desk.ask('HEAD', pathOf(body))).status, 404);
  await desk.seeder.store.put([toStore(body, 3)]);
  desk.seeder.store.flipBit(keyOf(body), 2);

  assert.is(problemOf(await desk.ask('GET', pathOf(body))), '500 chunk-corrupt');
  assert.is(problemOf(await desk.ask('GET', pathOf(body))), '404 chunk-missing');
});

test('bytes that are not what their name says are refused and not stored', async () => {
  const desk = deskOf();

  const wrong = bodyOf('other bytes');
  assert.is(problemOf(await desk.ask('PUT', pathOf(body), known, [wrong.bytes])), '422 chunk-mismatch');
  assert.is(problemOf(await desk.ask('POST', '/v1/chunks/pack?class=copies%3D3', known, encodePack([{ chunk: body.chunk, bytes: wrong.bytes }]))), '422 chunk-mismatch');
  assert.is((await desk.seeder.store.space()).chunks, 0);
});

test('checksums instead of the name are taken only from a coordinator', async () => {
  const desk = deskOf();
  const wrong = bodyOf('other bytes');
  const crcs = { ...known, [headerNames.crcs]: formatCrcs(wrong.blockCrcs) };

  assert.is(problemOf(await desk.ask('PUT', pathOf(body), crcs, [wrong.bytes])), '422 chunk-mismatch', 'a client that asks to be relayed for');
  const relay = { ...known, [headerNames.relay]: 'none' };
  assert.is(problemOf(await desk.ask('PUT', pathOf(body), { ...relay, [headerNames.crcs]: formatCrcs(body.blockCrcs) }, [wrong.bytes])), '422 chunk-mismatch', 'a relay that broke on the way');
  assert.is(problemOf(await desk.ask('PUT', pathOf(body), { ...relay, [headerNames.crcs]: '12' }, [body.bytes])), '400 bad-request');
  assert.is((await desk.ask('PUT', pathOf(body), { ...relay, [headerNames.crcs]: formatCrcs(body.blockCrcs) }, [body.bytes])).status, 201);
});

test('each block of a relay has its own checksum', async () => {
  const desk = deskOf();
  const large = nameBytes(Uint8Array.from({ length: 3 * limits.blockBytes + 5 }, (_, i) => i % 251));
  const relay = { ...known, [headerNames.relay]: 'none', [headerNames.crcs]: formatCrcs(large.blockCrcs) };
  const broken = large.bytes.slice();
  broken[2 * limits.blockBytes + 1] = 0xff;

  assert.is(problemOf(await desk.ask('PUT', pathOf(large), relay, [broken])), '422 chunk-mismatch');
  assert.is((await desk.ask('PUT', pathOf(large), relay, [large.bytes])).status, 201);
});

test('malformed requests are refused by their field', async () => {
  const desk = deskOf();
  const put = (path: string, headers: Record<string, string> = known, parts: readonly Uint8Array[] = [body.bytes]): Promise<Answer> => desk.ask('PUT', path, headers, parts);

  const field = (answer: Answer): unknown => fromProblemAnswer(answer, 's1').details['field'];
  assert.is(field(await put('/v1/chunks/copies%3D3/abc')), 'chunk');
  assert.is(field(await put(`/v1/chunks/copies%3D3/${body.chunk.toUpperCase()}`)), 'chunk');
  assert.is(field(await put(`/v1/chunks/copies%3D99/${body.chunk}`)), 'class');
  assert.is(field(await put(pathOf(body), { [headerNames.stamp]: '12' })), headerNames.layout);
  assert.is(field(await put(pathOf(body), { ...known, [headerNames.stamp]: '-1' })), headerNames.stamp);
  assert.is(field(await put(pathOf(body), { ...known, [headerNames.relay]: 'some' })), headerNames.relay);
  assert.is(field(await put(pathOf(body), known, [])), 'body');
  for (const shard of ['1', '256', '-1', '0.5', 'x']) assert.is(field(await put(pathOf(body, `?shard=${shard}`))), 'shard', shard);
  assert.is(field(await desk.ask('POST', '/v1/chunks/pack?class=copies%3D3', known, [encodeUtf8('no pack')])), 'body');
  assert.is((await desk.seeder.store.space()).chunks, 0);
});

test('a body over the bound is refused', async () => {
  const desk = deskOf();
  const large = nameBytes(new Uint8Array(limits.chunkBytesMax + 1));

  assert.is(problemOf(await desk.ask('PUT', pathOf(large), known, [large.bytes])), '413 body-too-large');
});

test('a full disk is 507, a closed store 503', async () => {
  assert.is(problemOf(await deskOf({ totalBytes: 2 }).ask('PUT', pathOf(body), known, [body.bytes])), '507 disk-full');
  const closed = deskOf();
  await closed.seeder.store.close();
  assert.is(problemOf(await closed.ask('PUT', pathOf(body), known, [body.bytes])), '503 store-closed');
});

test('a pack answers per chunk, and is stored for each', async () => {
  const desk = deskOf();
  const bodies = [bodyOf('one'), bodyOf('two'), bodyOf('one')];

  const answer = await desk.ask('POST', '/v1/chunks/pack?class=copies%3D3', known, encodePack(bodies));

  assert.is(answer.status, 200);
  assert.equal((json(answer) as { stored: { chunk: string }[] }).stored.map((each) => each.chunk), bodies.map((each) => each.chunk));
  assert.is((await desk.seeder.store.space()).chunks, 2);
});

test('a touch says what is held and renews the stamps of that', async () => {
  const desk = deskOf();
  await desk.seeder.store.put([toStore(body, 3)]);
  const touch = { storageClass: 'copies=3', stamp: 15, shard: 0, chunks: [body.chunk, bodyOf('absent').chunk] };

  const answer = await desk.ask('POST', '/v1/chunks/touch', known, [encodeUtf8(JSON.stringify(touch))]);

  assert.equal(json(answer), { held: [true, false] });
  assert.is(desk.seeder.store.lookup(keyOf(body))?.stamp, 15);
});

test('a touch for a list that moved on, or without this seeder, counts nothing', async () => {
  const touch = [encodeUtf8(JSON.stringify({ storageClass: 'copies=3', stamp: 15, shard: 0, chunks: [body.chunk] }))];
  const elsewhere = deskOf({ now: [2, 3] });
  await elsewhere.seeder.store.put([toStore(body, 3)]);
  assert.is(problemOf(await elsewhere.ask('POST', '/v1/chunks/touch', known, touch)), '409 layout-changed');
  const older = deskOf();
  await older.seeder.store.put([toStore(body, 3)]);
  assert.is(problemOf(await older.ask('POST', '/v1/chunks/touch', { ...known, [headerNames.layout]: '9' }, touch)), '409 layout-changed');

  assert.is(elsewhere.seeder.store.lookup(keyOf(body))?.stamp, 3);
  assert.is(older.seeder.store.lookup(keyOf(body))?.stamp, 3);
});

test('a touch of a chunk of another shard, or of too many, is malformed', async () => {
  const desk = deskOf();
  const touch = (change: object): Promise<Answer> =>
    desk.ask('POST', '/v1/chunks/touch', known, [encodeUtf8(JSON.stringify({ storageClass: 'copies=3', stamp: 15, shard: 0, chunks: [body.chunk], ...change }))]);

  assert.is(problemOf(await touch({ shard: 1 })), '400 bad-request');
  assert.is(problemOf(await touch({ chunks: [] })), '400 bad-request');
  assert.is(problemOf(await touch({ chunks: Array.from({ length: limits.touchChunksMax + 1 }, () => body.chunk) })), '400 bad-request');
  assert.is(problemOf(await touch({ stamp: 1.5 })), '400 bad-request');
});

test('there is no way to delete', async () => {
  const desk = deskOf();
  await desk.seeder.store.put([toStore(body, 3)]);

  assert.is(problemOf(await desk.ask('DELETE', pathOf(body))), '405 method-not-allowed');
  assert.ok(desk.seeder.store.lookup(keyOf(body)) !== undefined);
});

test.run();
