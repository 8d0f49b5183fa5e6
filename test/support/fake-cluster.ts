// A whole cluster behind the Send port, in one object, without Raft, disks or sockets: the client's tests run against it.
// Nodes can be killed, slowed, made to lose answers or to give wrong bytes, by script and never by chance.

import { assert } from '../../src/base/assert.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { NodeName, SeederId } from '../../src/base/ids.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import type { Clock } from '../../src/base/clock.ts';
import { headerNames, jsonType, protocolVersion } from '../../src/protocol/headers.ts';
import { toProblemAnswer } from '../../src/protocol/problem.ts';
import type { Answer, Message, Send } from '../../src/protocol/send.ts';
import { FakeSeeder } from './fake-seeder.ts';
import { FakeTracker, fakeClusterId } from './fake-tracker.ts';

export interface FakeClusterOptions {
  readonly trackers?: number;
  readonly seeders?: number;
}

/** Sees every message before its node; calls `deliver` for the real answer, or not. Undefined: not concerned. */
export type Interceptor = (message: Message, deliver: () => Promise<Answer>, signal: AbortSignal) => Promise<Answer> | undefined;

export interface SeenMessage {
  readonly to: string;
  readonly route: string;
  readonly bytes: number;
}

export class FakeCluster {
  readonly tracker: FakeTracker;
  readonly seeders: ReadonlyMap<string, FakeSeeder>;
  readonly trackerUrls: readonly string[];
  readonly seen: SeenMessage[] = [];
  readonly #clock: Clock;
  readonly #dead = new Set<string>();
  readonly #hung = new Set<string>();
  readonly #slowMs = new Map<string, number>();
  readonly #interceptors: Interceptor[] = [];
  #leader: string | undefined;

  constructor(options: FakeClusterOptions, deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
    const names = Array.from({ length: options.seeders ?? 3 }, (_, i) => `seeder-${i + 1}`);
    this.tracker = new FakeTracker(
      names.map((name) => ({ name, url: urlOf(name), zone: `zone-${name}` })),
      (classText, chunk, list) => list.filter((id) => this.#seederById(id)?.holds(classText, chunk) === true).length,
    );
    this.seeders = new Map(names.map((name) => [name, new FakeSeeder(name, { tracker: this.tracker, peer: (id) => this.#livingPeer(id) })]));
    this.trackerUrls = Array.from({ length: options.trackers ?? 3 }, (_, i) => urlOf(`tracker-${i + 1}`));
    this.#leader = this.trackerUrls[0];
  }

  readonly send: Send = (message, signal) => this.#route(message, signal);

  seeder(name: string): FakeSeeder {
    const found = this.seeders.get(name);
    assert(found !== undefined, `there is a seeder ${name}`);
    return found;
  }

  /** SIGKILL: what was asked and not answered yet fails too. */
  kill(name: string): void {
    this.#dead.add(urlOf(name));
    if (this.#leader === urlOf(name)) this.#leader = undefined;
  }

  revive(name: string): void {
    this.#dead.delete(urlOf(name));
    this.#hung.delete(urlOf(name));
  }

  /** SIGSTOP: connections open, no answer ever comes. */
  hang(name: string): void {
    this.#hung.add(urlOf(name));
  }

  slow(name: string, ms: number): void {
    this.#slowMs.set(urlOf(name), ms);
  }

  elect(name: string | undefined): void {
    this.#leader = name === undefined ? undefined : urlOf(name);
  }

  intercept(interceptor: Interceptor): void {
    this.#interceptors.push(interceptor);
  }

  /** The next `times` requests of this route take effect, and their answers are lost. */
  loseAnswers(route: string, times: number): void {
    let left = times;
    this.intercept((message, deliver) => {
      if (left === 0 || routeOf(message) !== route) return undefined;
      return deliver().then((answer) => {
        if (left === 0 || answer.status >= 400) return answer;
        left -= 1;
        throw new OffshoreError('unreachable', { node: message.to, reason: 'answer lost' });
      });
    });
  }

  count(route: string): number {
    return this.seen.filter((message) => message.route === route).length;
  }

  async #route(message: Message, signal: AbortSignal): Promise<Answer> {
    this.seen.push({ to: message.to, route: routeOf(message), bytes: message.body.reduce((sum, part) => sum + part.length, 0) });
    const deliver = async (): Promise<Answer> => {
      await this.#pass(message, signal);
      const answer = await this.#answer(message);
      if (this.#dead.has(message.to)) throw new OffshoreError('unreachable', { node: message.to });
      return answer;
    };
    for (const interceptor of this.#interceptors) {
      const answer = interceptor(message, deliver, signal);
      if (answer !== undefined) return answer;
    }
    return deliver();
  }

  /** The way there: dead nodes refuse, hung ones never answer, slow ones take their time; every message takes a turn of the loop. */
  async #pass(message: Message, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new OffshoreError('aborted', { node: message.to });
    if (this.#dead.has(message.to)) throw new OffshoreError('unreachable', { node: message.to, reason: 'ECONNREFUSED' });
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new OffshoreError('aborted', { node: message.to })), { once: true });
      if (this.#hung.has(message.to)) return;
      const slowMs = this.#slowMs.get(message.to);
      if (slowMs === undefined) setImmediate(resolve);
      else this.#clock.schedule(slowMs, resolve);
    });
    if (this.#dead.has(message.to)) throw new OffshoreError('unreachable', { node: message.to });
  }

  async #answer(message: Message): Promise<Answer> {
    try {
      assert(message.headers[headerNames.protocol] === String(protocolVersion), 'every request names the protocol');
      const cluster = message.headers[headerNames.cluster];
      if (cluster !== undefined && cluster !== fakeClusterId) throw new OffshoreError('wrong-cluster', { expected: fakeClusterId, got: cluster });
      const url = new URL(message.path, message.to);
      if (url.pathname === '/healthz') return json({ ok: true });
      const seeder = [...this.seeders.values()].find((each) => urlOf(each.name) === message.to);
      if (seeder !== undefined) return await seeder.answer(message, url);
      return json(this.#trackerAnswer(message, url));
    } catch (error) {
      if (error instanceof OffshoreError) return toProblemAnswer(error);
      throw error;
    }
  }

  #trackerAnswer(message: Message, url: URL): unknown {
    if (!this.trackerUrls.includes(message.to)) throw new OffshoreError('unreachable', { node: message.to });
    if (url.pathname === '/v1/status') return this.#status();
    if (this.#leader === undefined) throw new OffshoreError('no-leader', {});
    if (message.method !== 'POST') return this.tracker.read(url);
    if (this.#leader !== message.to) throw new OffshoreError('not-leader', { leader: this.#leader });
    switch (url.pathname) {
      case '/v1/batch': return this.tracker.batch(message);
      case '/v1/sessions': return this.tracker.registerSession();
      case '/v1/sessions/close': return this.tracker.closeSession(message);
      default: throw new OffshoreError('no-such-route', { path: url.pathname });
    }
  }

  #status(): unknown {
    const nameOf = (url: string): NodeName => new URL(url).hostname as NodeName;
    const leader = this.#leader === undefined ? undefined : nameOf(this.#leader);
    return this.tracker.status(leader, this.trackerUrls.map((url) => ({ name: nameOf(url), url, role: url === this.#leader ? 'leader' : 'follower' })));
  }

  #seederById(id: SeederId): FakeSeeder | undefined {
    const info = this.tracker.layout.seeders.find((seeder) => seeder.id === id);
    return info === undefined ? undefined : this.seeders.get(info.name);
  }

  #livingPeer(id: SeederId): FakeSeeder | undefined {
    const found = this.#seederById(id);
    return found === undefined || this.#dead.has(urlOf(found.name)) || this.#hung.has(urlOf(found.name)) ? undefined : found;
  }
}

export function urlOf(name: string): string {
  return `http://${name}`;
}

/** `PUT /v1/chunks`, `POST /v1/batch`: the method and the path without ids and query. */
export function routeOf(message: Pick<Message, 'method' | 'path'>): string {
  const path = message.path.split('?')[0] ?? '';
  return `${message.method} ${path.replace(/^\/v1\/chunks\/[^/]+\/[0-9a-f]{64}$/, '/v1/chunks')}`;
}

function json(value: unknown): Answer {
  return { status: 200, headers: { [headerNames.contentType]: jsonType, [headerNames.cluster]: fakeClusterId }, body: [encodeUtf8(JSON.stringify(value))] };
}
