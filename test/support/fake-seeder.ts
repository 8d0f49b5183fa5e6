// One seeder of a fake cluster: chunks in a map behind the real routes, coordinator relay included.
// Like a real one it verifies what it stores, answers `layout-changed` by list and never relays to itself.

import { assert } from '../../src/base/assert.ts';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { ChunkId, LogIndex, NodeName, SeederId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/base/utf8.ts';
import { classCode, minDurable, parseStorageClass, type StorageClass } from '../../src/model/storage-class.ts';
import { bytesType, headerNames, jsonType } from '../../src/protocol/headers.ts';
import { decodePack, type PackedChunk, type StoredChunk, type TouchRequest } from '../../src/protocol/seeder-api.ts';
import type { Answer, Message } from '../../src/protocol/send.ts';
import { fakeClusterId, nodeSha256, type FakeTracker } from './fake-tracker.ts';

interface Held {
  readonly bytes: Uint8Array;
  stamp: LogIndex;
}

export class FakeSeeder {
  readonly name: string;
  readonly #tracker: FakeTracker;
  readonly #peer: (id: SeederId) => FakeSeeder | undefined;
  readonly #held = new Map<string, Held>();
  /** Chunk bodies are given out with their first byte changed, as by a broken cable between here and the reader. */
  lies = false;
  /** Puts and packs are refused with `disk-full`. */
  full = false;
  putBytes = 0;

  constructor(name: string, deps: { readonly tracker: FakeTracker; readonly peer: (id: SeederId) => FakeSeeder | undefined }) {
    this.name = name;
    this.#tracker = deps.tracker;
    this.#peer = deps.peer;
  }

  holds(classText: string, chunk: ChunkId): boolean {
    return this.#held.has(`${classText}/${chunk}`);
  }

  drop(chunk: ChunkId): void {
    for (const key of this.#held.keys()) if (key.endsWith(chunk)) this.#held.delete(key);
  }

  dropAll(): void {
    this.#held.clear();
  }

  async answer(message: Message, url: URL): Promise<Answer> {
    if (url.pathname === '/v1/chunks/touch') return json(200, this.#touch(message));
    if (url.pathname === '/v1/chunks/pack') return json(200, { stored: this.#pack(message, url) });
    const [, classText, chunk] = /^\/v1\/chunks\/([^/]+)\/([0-9a-f]{64})$/.exec(url.pathname) ?? [];
    if (classText === undefined || chunk === undefined) throw new OffshoreError('no-such-route', { path: url.pathname });
    return this.#chunk(message, decodeURIComponent(classText), chunk as ChunkId);
  }

  store(classText: string, chunk: PackedChunk, stamp: LogIndex): void {
    if (this.full) throw new OffshoreError('disk-full', { node: this.name });
    const key = `${classText}/${chunk.chunk}`;
    this.#held.set(key, { bytes: chunk.bytes.slice(), stamp: Math.max(stamp, this.#held.get(key)?.stamp ?? 0) as LogIndex });
  }

  #chunk(message: Message, classText: string, chunk: ChunkId): Answer {
    if (message.method === 'PUT') return json(201, this.#write(message, classText, [{ chunk, bytes: concatBytes(message.body) }])[0]);
    const held = this.#held.get(`${classText}/${chunk}`);
    if (held === undefined) throw new OffshoreError('chunk-missing', { chunk });
    const headers = { [headerNames.contentType]: bytesType, [headerNames.contentLength]: String(held.bytes.length) };
    if (message.method === 'HEAD') return { status: 200, headers, body: [] };
    const bytes = held.bytes.slice();
    if (this.lies) bytes[0] = (bytes[0] ?? 0) ^ 1;
    return { status: 200, headers, body: [bytes] };
  }

  #pack(message: Message, url: URL): readonly StoredChunk[] {
    const body = concatBytes(message.body);
    assert(body.length <= limits.packBytesMax, 'a pack keeps to its bound');
    return this.#write(message, url.searchParams.get('class') ?? '', decodePack(body));
  }

  #write(message: Message, classText: string, chunks: readonly PackedChunk[]): readonly StoredChunk[] {
    const stamp = indexOf(message, headerNames.stamp);
    const storageClass = mustParseClass(classText);
    assert(message.headers[headerNames.crcs] === undefined, 'a client sends no checksums: the seeder must compare SHA-256 itself');
    this.putBytes += chunks.reduce((sum, each) => sum + each.bytes.length, 0);
    for (const each of chunks) {
      if (toHex(nodeSha256([each.bytes])) !== each.chunk) throw new OffshoreError('chunk-mismatch', { expected: each.chunk });
    }
    const lists = chunks.map((each) => this.#listFor(storageClass, each.chunk, message));
    return chunks.map((each, i): StoredChunk => {
      this.store(classText, each, stamp);
      const holders = [this.name];
      const list = lists[i] ?? [];
      for (const id of list) {
        const peer = this.#peer(id);
        if (peer === undefined || peer === this || peer.full) continue;
        peer.store(classText, each, stamp);
        holders.push(peer.name);
      }
      const min = minDurable(storageClass, list.length);
      if (holders.length < min) throw new OffshoreError('too-few-copies', { chunk: each.chunk, reached: holders.length, needed: min });
      return { chunk: each.chunk, seeders: holders as NodeName[] };
    });
  }

  #touch(message: Message): { readonly held: readonly boolean[] } {
    const request = JSON.parse(decodeUtf8(concatBytes(message.body)) ?? '') as TouchRequest;
    const storageClass = mustParseClass(request.storageClass);
    assert(request.chunks.length > 0 && request.chunks.length <= limits.touchChunksMax, 'a touch names some chunks and not too many');
    for (const chunk of request.chunks) this.#listFor(storageClass, chunk, message);
    return {
      held: request.chunks.map((chunk) => {
        const held = this.#held.get(`${request.storageClass}/${chunk}`);
        if (held !== undefined) held.stamp = Math.max(held.stamp, request.stamp) as LogIndex;
        return held !== undefined;
      }),
    };
  }

  /** The list of the chunk when the client knows it as it is now; throws `layout-changed` otherwise, as the real role does. */
  #listFor(storageClass: StorageClass, chunk: ChunkId, message: Message): readonly SeederId[] {
    const known = indexOf(message, headerNames.layout);
    const lists = this.#tracker.listsOf(classCode(storageClass), chunk);
    if (lists === undefined || lists.since > known || !lists.now.includes(this.#tracker.idOf(this.name))) {
      throw new OffshoreError('layout-changed', { chunk, layout: this.#tracker.layout.version });
    }
    return lists.now;
  }
}

function mustParseClass(text: string): StorageClass {
  const parsed = parseStorageClass(text);
  if (parsed === undefined) throw new OffshoreError('bad-request', { class: text });
  return parsed;
}

function indexOf(message: Message, name: string): LogIndex {
  const text = message.headers[name] ?? '';
  assert(/^\d+$/.test(text), `chunk requests carry ${name}`);
  return Number(text) as LogIndex;
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { [headerNames.contentType]: jsonType, [headerNames.cluster]: fakeClusterId }, body: [encodeUtf8(JSON.stringify(value))] };
}
