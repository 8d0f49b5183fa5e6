// Routes of the chunk store: PUT, GET, HEAD, touch, pack. There is no route that deletes (`architecture.md` 6).
// Every byte is checked before it is stored: SHA-256 against the name, or the CRCs of a relay from a coordinator that did that.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { crc32 } from 'node:zlib';
import { formatContentRange, parseRange } from '../../../base/byte-range.ts';
import { DecodeError } from '../../../base/codec.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { ChunkId, LogIndex, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ChunkHasher } from '../../../client/chunk-hasher.ts';
import { parseChunkId, type ChunkKey } from '../../../model/chunk.ts';
import { classCode, fromClassCode, parseStorageClass, widthOf, type ClassCode } from '../../../model/storage-class.ts';
import { bytesType, formatCrcs, headerNames, parseCrcs } from '../../../protocol/headers.ts';
import { decodePack, type PackedChunk, type StoredChunk, type TouchAnswer } from '../../../protocol/seeder-api.ts';
import type { ChunkToStore } from '../../../storage/chunks/chunk-store.ts';
import { answer, answerJson, mount, readBody, readJson } from '../../http/exchange.ts';
import type { WriteRequest } from '../coordinator.ts';
import { standingOf } from '../layout-view.ts';
import type { Station } from '../station.ts';

export interface ChunkApiDeps {
  /** Throws `starting` until the store is open. */
  readonly station: () => Pick<Station, 'store' | 'coordinator' | 'layout'>;
  readonly hasher: ChunkHasher;
  readonly self: () => SeederId;
}

const touchSchema = v.object({
  storageClass: v.string(),
  stamp: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  shard: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255)),
  chunks: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(limits.touchChunksMax)),
});

export function mountChunkApi(app: Hono, deps: ChunkApiDeps): void {
  mount(app, 'touch', (c, signal) => touchChunks(c, deps, signal));
  mount(app, 'pack', (c, signal) => storePack(c, deps, signal));
  mount(app, 'putChunk', (c, signal) => putChunk(c, deps, signal));
  mount(app, 'getChunk', (c) => getChunk(c, deps));
  mount(app, 'headChunk', (c) => headChunk(c, deps));
}

async function putChunk(c: Context, deps: ChunkApiDeps, signal: AbortSignal): Promise<Response> {
  const key = parseKey(c);
  const request = parseWriteRequest(c, key.classCode);
  const bytes = await readBody(c, limits.chunkBytesMax, signal);
  if (bytes.length === 0) throw new OffshoreError('bad-request', { field: 'body', problem: 'a chunk has at least one byte' });
  // Only a coordinator has hashed already what it relays; whoever asks to be relayed for has its bytes compared with their name.
  const relayed = relayOf(c) === 'none' ? c.req.header(headerNames.crcs) : undefined;
  const blockCrcs = await verifiedCrcs(bytes, key.chunk, relayed, deps.hasher);
  const stored = await write([{ key, parts: [bytes], blockCrcs, stamp: request.stamp }], c, request, deps, signal);
  return answerJson(c, stored[0], 201);
}

async function storePack(c: Context, deps: ChunkApiDeps, signal: AbortSignal): Promise<Response> {
  const code = parseClass(c.req.query('class'));
  const request = parseWriteRequest(c, code);
  const packed = parsePack(await readBody(c, limits.packBytesMax + limits.packChunksMax * 48, signal));
  const chunks = await Promise.all(packed.map(async (each): Promise<ChunkToStore> => {
    const key: ChunkKey = { classCode: code, chunk: each.chunk, shard: 0 };
    return { key, parts: [each.bytes], blockCrcs: await verifiedCrcs(each.bytes, each.chunk, undefined, deps.hasher), stamp: request.stamp };
  }));
  return answerJson(c, { stored: await write(chunks, c, request, deps, signal) });
}

function write(chunks: readonly ChunkToStore[], c: Context, request: WriteRequest, deps: ChunkApiDeps, signal: AbortSignal): Promise<readonly StoredChunk[]> {
  const { coordinator } = deps.station();
  return relayOf(c) === 'all' ? coordinator.storeAndRelay(chunks, request, signal) : coordinator.storeHere(chunks, request, signal);
}

function relayOf(c: Context): 'all' | 'none' {
  const relay = c.req.header(headerNames.relay) ?? 'all';
  if (relay !== 'all' && relay !== 'none') throw new OffshoreError('bad-request', { field: headerNames.relay, problem: 'is `all` or `none`' });
  return relay;
}

/** Block CRCs of a body that was shown to be what its name says. */
async function verifiedCrcs(bytes: Uint8Array, chunk: ChunkId, relayed: string | undefined, hasher: ChunkHasher): Promise<Uint32Array> {
  if (relayed === undefined) {
    const hashed = await hasher.hash(bytes);
    if (hashed.chunk !== chunk) throw new OffshoreError('chunk-mismatch', { expected: chunk, actual: hashed.chunk });
    return hashed.blockCrcs;
  }
  const expected = parseCrcs(relayed);
  const blocks = Math.ceil(bytes.length / limits.blockBytes);
  if (expected === undefined || expected.length !== blocks) throw new OffshoreError('bad-request', { field: headerNames.crcs, problem: 'one CRC-32 of 8 hex digits a block' });
  for (let block = 0; block < blocks; block += 1) {
    const actual = crc32(bytes.subarray(block * limits.blockBytes, (block + 1) * limits.blockBytes));
    if (actual !== expected[block]) throw new OffshoreError('chunk-mismatch', { expected: chunk, block });
  }
  return expected;
}

async function getChunk(c: Context, deps: ChunkApiDeps): Promise<Response> {
  const key = parseKey(c);
  const info = deps.station().store.lookup(key);
  if (info === undefined) throw new OffshoreError('chunk-missing', { chunk: key.chunk });
  const range = parseRange(c.req.header(headerNames.range), info.bytes);
  if (range === 'unsatisfiable') {
    return answer(c, { status: 416, headers: { [headerNames.contentRange]: `bytes */${info.bytes}` }, body: [] });
  }
  const headers = { [headerNames.contentType]: bytesType, 'accept-ranges': 'bytes' };
  if (range === 'whole') return answer(c, { status: 200, headers, body: [await deps.station().store.read(key)] });
  const body = await deps.station().store.read(key, range);
  return answer(c, { status: 206, headers: { ...headers, [headerNames.contentRange]: formatContentRange(range, info.bytes) }, body: [body] });
}

async function headChunk(c: Context, deps: ChunkApiDeps): Promise<Response> {
  const key = parseKey(c);
  const info = deps.station().store.lookup(key);
  if (info === undefined) throw new OffshoreError('chunk-missing', { chunk: key.chunk });
  const headers = {
    [headerNames.contentType]: bytesType, [headerNames.contentLength]: String(info.bytes),
    [headerNames.crcs]: formatCrcs(info.blockCrcs), [headerNames.stamp]: String(info.stamp),
  };
  return answer(c, { status: 200, headers, body: [] });
}

async function touchChunks(c: Context, deps: ChunkApiDeps, signal: AbortSignal): Promise<Response> {
  const request = await readJson(c, touchSchema, limits.jsonBodyBytesMax, signal);
  const code = parseClass(request.storageClass);
  const stamp = request.stamp as LogIndex;
  const known = parseIndex(c, headerNames.layout);
  const shard = mustBeShard(code, request.shard);
  const keys = request.chunks.map((text) => ({ classCode: code, chunk: mustParseChunk(text), shard }));
  const layout = await deps.station().layout.atLeast(known, signal);
  // A touch answered for a list that has moved on would count a copy that nobody keeps.
  for (const key of keys) {
    if (standingOf(layout, deps.self(), key, known).kind === 'changed') throw new OffshoreError('layout-changed', { chunk: key.chunk, layout: layout.version });
  }
  const body: TouchAnswer = { held: await deps.station().store.touch(keys, stamp) };
  return answerJson(c, body);
}

function parsePack(body: Uint8Array): PackedChunk[] {
  try {
    return decodePack(body);
  } catch (error) {
    if (error instanceof DecodeError) throw new OffshoreError('bad-request', { field: 'body', problem: error.message }, { cause: error });
    throw error;
  }
}

function parseKey(c: Context): ChunkKey {
  const key = { classCode: parseClass(c.req.param('class')), chunk: mustParseChunk(c.req.param('chunk') ?? '') };
  return { ...key, shard: mustBeShard(key.classCode, Number(c.req.query('shard') ?? '0')) };
}

/** Copies are all shard 0; anything else would be stored beside what the feed and the other seeders speak of. */
function mustBeShard(code: ClassCode, shard: number): number {
  const storageClass = fromClassCode(code);
  const shards = storageClass.kind === 'copies' ? 1 : widthOf(storageClass);
  if (!Number.isInteger(shard) || shard < 0 || shard >= shards) throw new OffshoreError('bad-request', { field: 'shard', problem: `is a number below ${shards}` });
  return shard;
}

function parseClass(text: string | undefined): ClassCode {
  const parsed = parseStorageClass(text ?? '');
  if (parsed === undefined) throw new OffshoreError('bad-request', { field: 'class', problem: 'is like copies=3 or ec=4+2' });
  return classCode(parsed);
}

function mustParseChunk(text: string): ChunkId {
  const chunk = parseChunkId(text);
  if (chunk === undefined) throw new OffshoreError('bad-request', { field: 'chunk', problem: 'is 64 lower-case hex digits' });
  return chunk;
}

function parseWriteRequest(c: Context, code: ClassCode): WriteRequest {
  return { classCode: code, known: parseIndex(c, headerNames.layout), stamp: parseIndex(c, headerNames.stamp) };
}

function parseIndex(c: Context, header: string): LogIndex {
  const text = c.req.header(header) ?? '';
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw new OffshoreError('bad-request', { field: header, problem: 'is an index of the log' });
  return value as LogIndex;
}
