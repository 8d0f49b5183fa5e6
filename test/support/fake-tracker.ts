// The trackers of a fake cluster: one shared namespace, layout and session table behind the real routes, without Raft.
// It keeps the rules that clients depend on (exactly once, stamps, pages) and checks what clients promise (durable before published).

import { createHash } from 'node:crypto';
import { assert, unreachable } from '../../src/base/assert.ts';
import { fromBase64, toBase64 } from '../../src/base/base64.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { ChunkId, ClusterId, ContentId, Incarnation, LogIndex, NodeName, PageId, SeederId, SessionId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import { decodeUtf8 } from '../../src/base/utf8.ts';
import type { Sha256 } from '../../src/model/chunk.ts';
import { listsOf, type ClassLayout, type Layout, type PartitionLists, type SeederInfo } from '../../src/model/layout.ts';
import { contentIdOf, encodePage, pageIdOf, type ManifestEntry } from '../../src/model/manifest.ts';
import type { Operation, Outcome } from '../../src/model/operation.ts';
import { classCode, parseStorageClass, widthOf, type ClassCode } from '../../src/model/storage-class.ts';
import type { Message } from '../../src/protocol/send.ts';
import type { BatchAnswer, BatchRequest, CloseSessionRequest, ClusterStatus, LayoutAnswer, ListAnswer, ManifestAnswer, WireOperation } from '../../src/protocol/tracker-api.ts';
import { MemoryNamespace, type StoredContent } from './memory-namespace.ts';

export interface FakeContent extends StoredContent {
  readonly body: { readonly kind: 'inline'; readonly bytes: Uint8Array } | {
    readonly kind: 'chunked'; readonly chunkBytes: number; readonly storageClass: string; readonly pages: readonly (readonly ManifestEntry[])[];
  };
}

interface FakeSession {
  firstUnacked: number;
  readonly outcomes: Map<number, Outcome>;
  /** First sequence and length of every batch remembered. */
  readonly ranges: Map<number, number>;
}

type Publish = Extract<Operation, { kind: 'publish' }>;

export const fakeClusterId = 'c1'.repeat(32) as ClusterId;
const partitionCount = 16;

export const nodeSha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export class FakeTracker {
  readonly namespace = new MemoryNamespace<FakeContent>();
  readonly #sessions = new Map<SessionId, FakeSession>();
  readonly #uploads = new Map<string, Map<PageId, readonly ManifestEntry[]>>();
  readonly #condemned = new Map<ChunkId, number>();
  readonly #durableAt: (classText: string, chunk: ChunkId, list: readonly SeederId[]) => number;
  #layout: Layout;
  /** How many batches ran at least one operation, and every operation that ran, in order. */
  batches = 0;
  readonly ran: Operation[] = [];
  /** The next publishes and stages are refused with `reupload`, as after a condemnation. */
  reuploads = 0;

  constructor(seeders: readonly { readonly name: string; readonly url: string; readonly zone: string }[], durableAt: (classText: string, chunk: ChunkId, list: readonly SeederId[]) => number) {
    this.#durableAt = durableAt;
    const infos = seeders.map((seeder, i): SeederInfo => ({
      id: (i + 1) as SeederId, name: seeder.name as NodeName, incarnation: '0'.repeat(32) as Incarnation, url: seeder.url, zone: seeder.zone,
      host: seeder.name, capacityBytes: 1e12, state: 'up',
    }));
    this.#layout = { version: this.namespace.bump(), seeders: infos, classes: [] };
  }

  get layout(): Layout {
    return this.#layout;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  forgetSessions(): void {
    this.#sessions.clear();
  }

  /** Every partition of every class gets this list; what was there stays readable in `before`. */
  move(now: readonly string[]): void {
    const ids = now.map((name) => this.idOf(name));
    const since = this.namespace.bump();
    const classes = this.#layout.classes.map((each) => ({
      ...each,
      partitions: each.partitions.map((lists): PartitionLists => ({ now: ids, since, before: [...new Set([...lists.before, ...lists.now])] })),
    }));
    this.#layout = { ...this.#layout, version: since, classes };
  }

  condemn(chunk: ChunkId): void {
    this.#condemned.set(chunk, this.namespace.bump());
  }

  idOf(name: string): SeederId {
    const found = this.#layout.seeders.find((seeder) => seeder.name === name);
    assert(found !== undefined, `there is a seeder ${name}`);
    return found.id;
  }

  listsOf(code: ClassCode, chunk: ChunkId): PartitionLists | undefined {
    return listsOf(this.#layout, code, chunk);
  }

  /** Body of the answer to a read; throws what the route would. */
  read(url: URL): unknown {
    const path = url.searchParams.get('path') ?? '/';
    const index = this.namespace.index;
    switch (url.pathname) {
      case '/v1/node': {
        const follow = url.searchParams.get('follow') ?? 'final-symlink';
        assert(follow === 'never' || follow === 'final-symlink', 'follow is one of two words');
        const node = this.namespace.stat(path, follow);
        const newFileClass = this.namespace.newFileClass(path) ?? 'copies=3';
        return { index, node, ...(node.kind === 'directory' ? { newFileClass } : {}) };
      }
      case '/v1/list': return this.#list(path, url);
      case '/v1/manifest': return this.#manifest(path, url);
      case '/v1/usage': return { index, ...this.namespace.usage(path) };
      case '/v1/layout': return this.#layoutAnswer(url);
      case '/v1/contents': return { index, matches: this.#contents(url.searchParams.get('prefix') ?? '') };
      default: throw new OffshoreError('no-such-route', { path: url.pathname });
    }
  }

  registerSession(): { readonly session: SessionId } {
    const session = this.namespace.bump() as number as SessionId;
    this.#sessions.set(session, { firstUnacked: 1, outcomes: new Map(), ranges: new Map() });
    return { session };
  }

  closeSession(message: Message): object {
    const { session } = JSON.parse(decodeUtf8(concatBytes(message.body)) ?? '') as CloseSessionRequest;
    this.#sessions.delete(session);
    return {};
  }

  batch(message: Message): BatchAnswer {
    const request = JSON.parse(decodeUtf8(concatBytes(message.body)) ?? '') as BatchRequest;
    assert(/^[0-9a-f]{32}$/.test(request.operationId), 'an operation id has 32 hex digits');
    if (request.operations.length > limits.entryCommandsMax) throw new OffshoreError('body-too-large');
    this.batches += 1;
    const session = request.session === undefined ? undefined : this.#sessions.get(request.session.id);
    if (session !== undefined && request.session !== undefined) makeRoom(session, request.session, request.operations.length);
    const outcomes = request.operations.map((wire, i) => {
      if (request.session === undefined) return this.#run(fromWire(wire));
      return this.#once(session, request.session.firstSequence + i, fromWire(wire));
    });
    return { index: this.namespace.index, outcomes };
  }

  status(leader: NodeName | undefined, trackers: ClusterStatus['trackers']): ClusterStatus {
    return {
      cluster: fakeClusterId, index: this.namespace.index, ...(leader === undefined ? {} : { leader }), trackers,
      seeders: this.#layout.seeders.map(({ name, url, zone, state }) => ({ name, url, zone, state })),
      classes: [], ...this.namespace.usage('/'),
    };
  }

  #once(session: FakeSession | undefined, sequence: number, operation: Operation): Outcome {
    if (session === undefined) return { ok: false, code: 'outcome-unknown', details: {} };
    const known = session.outcomes.get(sequence);
    if (known !== undefined) return known;
    if (sequence < session.firstUnacked) return { ok: false, code: 'outcome-unknown', details: { sequence } };
    const outcome = this.#run(operation);
    session.outcomes.set(sequence, outcome);
    return outcome;
  }

  #run(operation: Operation): Outcome {
    this.ran.push(operation);
    switch (operation.kind) {
      case 'open-upload': return this.#openUpload(operation.upload);
      case 'stage': return this.#stage(operation);
      case 'close-upload': {
        this.#uploads.delete(operation.upload);
        return { ok: true, index: this.namespace.bump() };
      }
      default: return this.namespace.apply(operation, (publish) => this.#contentOf(publish));
    }
  }

  #openUpload(upload: string): Outcome {
    if (!this.#uploads.has(upload)) this.#uploads.set(upload, new Map());
    return { ok: true, index: this.namespace.bump() };
  }

  #stage(operation: Extract<Operation, { kind: 'stage' }>): Outcome {
    const pages = this.#uploads.get(operation.upload);
    if (pages === undefined) return { ok: false, code: 'reupload', details: { upload: operation.upload } };
    try {
      this.#checkChunks(operation.entries, operation.storageClass, operation.stamp);
    } catch (error) {
      if (error instanceof OffshoreError) return { ok: false, code: error.code, details: error.details };
      throw error;
    }
    const page = pageIdOf(encodePage(operation.entries), nodeSha256);
    pages.set(page, operation.entries);
    return { ok: true, index: this.namespace.bump(), page };
  }

  #contentOf(operation: Publish): FakeContent {
    const { content } = operation;
    if (content.kind === 'inline') {
      const contentId = inlineContentId(content.bytes);
      return { bytes: content.bytes.length, contentId, body: { kind: 'inline', bytes: content.bytes } };
    }
    const pages = content.pages.map((page) => {
      if (page.kind === 'carried') {
        this.#checkChunks(page.entries, content.storageClass, content.stamp);
        return page.entries;
      }
      const staged = this.#uploads.get(content.upload ?? '')?.get(page.page);
      if (staged === undefined) throw new OffshoreError('reupload', { page: page.page });
      return staged;
    });
    const entries = pages.flat();
    assert(entries.reduce((sum, entry) => sum + entry.bytes, 0) === content.bytes, 'the pages of a file add up to its length');
    const contentId: ContentId = contentIdOf({ bytes: content.bytes, chunkBytes: content.chunkBytes, entries }, nodeSha256);
    assert(contentId === content.contentId, 'the content id is that of the pages');
    return {
      bytes: content.bytes, contentId, storageClass: content.storageClass,
      body: { kind: 'chunked', chunkBytes: content.chunkBytes, storageClass: content.storageClass, pages },
    };
  }

  #checkChunks(entries: readonly ManifestEntry[], classText: string, stamp: LogIndex): void {
    const parsed = parseStorageClass(classText);
    if (parsed === undefined) throw new OffshoreError('bad-request', { class: classText });
    if (this.reuploads > 0) {
      this.reuploads -= 1;
      throw new OffshoreError('reupload', {});
    }
    for (const entry of entries) {
      if (entry.kind === 'hole') continue;
      const lists = this.listsOf(classCode(parsed), entry.chunk);
      assert(lists !== undefined, 'chunks are published for a class with a layout');
      if (lists.since > stamp || (this.#condemned.get(entry.chunk) ?? -1) >= stamp) throw new OffshoreError('reupload', { chunk: entry.chunk });
      this.#condemned.delete(entry.chunk);
      const durable = this.#durableAt(classText, entry.chunk, lists.now);
      assert(durable >= Math.min(2, lists.now.length), `a published chunk is durable on enough seeders, not ${durable}`);
    }
  }

  #list(path: string, url: URL): ListAnswer {
    const after = url.searchParams.get('after') ?? '';
    const limit = Number(url.searchParams.get('limit') ?? limits.listPageDefault);
    const { directory, entries } = this.namespace.list(path);
    const rest = after === '' ? entries : entries.slice(entries.findIndex((entry) => entry.name === after) + 1);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return { index: this.namespace.index, directory, entries: page, ...(rest.length > page.length && last !== undefined ? { next: last.name } : {}) };
  }

  #manifest(path: string, url: URL): ManifestAnswer {
    const { node, content } = this.namespace.content(path);
    const version = url.searchParams.get('version');
    if (version !== null && Number(version) !== node.version) throw new OffshoreError('changed', { path });
    const { body } = content;
    switch (body.kind) {
      case 'inline': return { index: this.namespace.index, node, content: { kind: 'inline', base64: toBase64(body.bytes) } };
      case 'chunked': {
        const firstPage = Number(url.searchParams.get('page') ?? 0);
        const pages = body.pages.slice(firstPage, firstPage + Number(url.searchParams.get('pages') ?? 1));
        const { chunkBytes, storageClass } = body;
        return { index: this.namespace.index, node, content: { kind: 'chunked', chunkBytes, storageClass, pageCount: body.pages.length, firstPage, pages } };
      }
      default: return unreachable(body);
    }
  }

  #layoutAnswer(url: URL): LayoutAnswer {
    const wanted = url.searchParams.get('class');
    if (wanted !== null) this.#ensureClass(wanted);
    const known = Number(url.searchParams.get('known') ?? -1);
    const { version } = this.#layout;
    return { index: this.namespace.index, cluster: fakeClusterId, version, ...(known === version ? {} : { layout: this.#layout }) };
  }

  #ensureClass(text: string): void {
    const parsed = parseStorageClass(text);
    if (parsed === undefined) throw new OffshoreError('bad-request', { class: text });
    const code = classCode(parsed);
    if (this.#layout.classes.some((each) => each.classCode === code)) return;
    const since = this.namespace.bump();
    const ids = this.#layout.seeders.map((seeder) => seeder.id);
    const width = Math.min(widthOf(parsed), ids.length);
    const made: ClassLayout = {
      classCode: code,
      partitions: Array.from({ length: partitionCount }, (_, i): PartitionLists => ({
        now: Array.from({ length: width }, (_, k) => ids[(i + k) % ids.length] as SeederId), since, before: [],
      })),
    };
    this.#layout = { ...this.#layout, version: since, classes: [...this.#layout.classes, made] };
  }

  #contents(prefix: string): readonly unknown[] {
    return [...this.namespace.files()].filter((file) => file.content.contentId.startsWith(prefix))
      .map(({ path, node, content }) => ({ contentId: content.contentId, path, node }));
  }
}

/** As the state machine computes it: one chunk named by its own SHA-256, or none at all. */
export function inlineContentId(bytes: Uint8Array): ContentId {
  const chunk = Buffer.from(nodeSha256([bytes])).toString('hex') as ChunkId;
  const entries: ManifestEntry[] = bytes.length === 0 ? [] : [{ kind: 'chunk', chunk, bytes: bytes.length }];
  return contentIdOf({ bytes: bytes.length, chunkBytes: limits.chunkBytesDefault, entries }, nodeSha256);
}

/** A client that lets its session run full is wrong, so this asserts where a tracker would answer `overloaded`. */
function makeRoom(session: FakeSession, mark: NonNullable<BatchRequest['session']>, count: number): void {
  forget(session, mark.firstUnacked);
  session.ranges.set(mark.firstSequence, count);
  assert(session.ranges.size <= limits.sessionSequencesMax, 'a session remembers 64 batches');
  assert([...session.ranges.values()].reduce((sum, each) => sum + each, 0) <= limits.sessionOutcomesMax, 'a session remembers so many outcomes');
}

function forget(session: FakeSession, firstUnacked: number): void {
  session.firstUnacked = Math.max(session.firstUnacked, firstUnacked);
  for (const sequence of session.outcomes.keys()) if (sequence < session.firstUnacked) session.outcomes.delete(sequence);
  for (const [first, count] of session.ranges) if (first + count <= session.firstUnacked) session.ranges.delete(first);
}

function fromWire(wire: WireOperation): Operation {
  if (wire.kind !== 'publish') return wire;
  const { content } = wire;
  if (content.kind !== 'inline') return { ...wire, content };
  const bytes = fromBase64(content.base64);
  assert(bytes !== undefined, 'inline bytes are base64');
  return { ...wire, content: { kind: 'inline', bytes } };
}
