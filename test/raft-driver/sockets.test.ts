// The driver on what production uses: HTTP on 127.0.0.1, upgraded streams, LevelDB, real time. Three trackers in one process.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sleep } from '../../src/async/sleep.ts';
import { mustExist } from '../../src/base/assert.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import type { NodeName } from '../../src/base/ids.ts';
import { seededRng } from '../../src/base/rng.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { httpSend } from '../../src/platform/http-send.ts';
import { startHttpServer, type HttpServer } from '../../src/platform/http-server.ts';
import { nodeClock } from '../../src/platform/node-clock.ts';
import { drawIncarnation, sha256Of } from '../../src/platform/node-crypto.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { nodeRaftDial, RaftStreamServer } from '../../src/platform/raft-stream.ts';
import { RaftNode } from '../../src/raft/driver/raft-node.ts';
import type { TrackerAddress } from '../../src/raft/driver/members.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { AppendListFolders, type ListResult } from '../support/append-list-machine.ts';
import { withTempFolder } from '../support/temp-folder.ts';

interface Tracker {
  readonly name: string;
  readonly server: HttpServer;
  readonly node: RaftNode<ListResult>;
  readonly folders: AppendListFolders;
  stop(): Promise<void>;
}

const timing = { tickMs: 20, heartbeatTicks: 2, electionTicks: 20 };
const files = nodeFileIo();
const openKv = checkedOpen(openLevelKv, files);

/** Listens first, so that everybody's address is known; the node is put behind it afterwards. */
class Door {
  node: RaftNode<ListResult> | undefined;
  streams: RaftStreamServer | undefined;
  readonly server: Promise<HttpServer>;

  constructor(port: number) {
    this.server = startHttpServer({
      host: '127.0.0.1', port,
      app: { fetch: (request) => this.#answer(request) },
      onUpgrade: (request, socket, head) => {
        if (this.streams?.handleUpgrade(request, socket, head) !== true) socket.destroy();
      },
    }, { clock: nodeClock });
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const answer = await this.node?.handle({ method: request.method, path: url.pathname + url.search });
    if (answer === undefined) return new Response('', { status: 503 });
    return new Response(new Blob(answer.body as Uint8Array<ArrayBuffer>[]), { status: answer.status, headers: { ...answer.headers } });
  }
}

async function boot(door: Door, options: { readonly name: string; readonly folder: string; readonly initial: readonly TrackerAddress[] }): Promise<Tracker> {
  const server = await door.server;
  const send = httpSend({}, { clock: nodeClock });
  const folders = new AppendListFolders(options.folder, { openKv, files });
  const node = await RaftNode.open({ name: options.name as NodeName, url: server.url, initial: options.initial, folder: options.folder, timing, logTail: { entries: 50, bytes: 1e6 } }, {
    clock: nodeClock, rng: seededRng(options.name.charCodeAt(0)), drawIncarnation, sha256: (bytes) => sha256Of([bytes]), defer: (call) => { setImmediate(call); },
    files, openKv, states: folders, send, dial: nodeRaftDial({ clock: nodeClock }),
  });
  const streams = new RaftStreamServer(node.streamOwner, { clock: nodeClock });
  door.node = node;
  door.streams = streams;
  const stop = async (): Promise<void> => {
    await node.stop();
    await streams[Symbol.asyncDispose]();
    await server.close();
    send.close();
  };
  return { name: options.name, server, node, folders, stop };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = nodeClock.monotonicMs() + 15_000;
  while (!condition()) {
    assert.ok(nodeClock.monotonicMs() < endMs, `in time: ${what}`);
    await sleep(5, nodeClock, new AbortController().signal);
  }
}

test('three trackers on sockets and LevelDB elect, commit, lose their leader, and one comes back by a state', () => withTempFolder(async (root) => {
  const names = ['a', 'b', 'c'];
  const doors = new Map(names.map((name) => [name, new Door(0)]));
  const initial: TrackerAddress[] = [];
  for (const [name, door] of doors) initial.push({ name: name as NodeName, url: (await door.server).url });
  const trackers = new Map<string, Tracker>();
  const start = async (name: string): Promise<void> => {
    const tracker = await boot(mustExist(doors.get(name), 'it has a door'), { name, folder: `${root}/${name}`, initial });
    trackers.set(name, tracker);
  };
  try {
    for (const name of names) await start(name);
    const signal = new AbortController().signal;
    await Promise.all([...trackers.values()].map((tracker) => tracker.node.start(signal)));
    const leader = (): Tracker | undefined => [...trackers.values()].find((tracker) => tracker.node.leadership() !== undefined);
    await until(() => leader() !== undefined, 'somebody leads');
    const first = mustExist(leader(), 'somebody leads');
    const acknowledged: string[] = [];
    const append = async (text: string): Promise<void> => {
      for (;;) {
        const tracker = leader();
        const failure = await tracker?.node.propose(encodeUtf8(text), new AbortController().signal).then(() => 'done', (error: unknown) => error);
        if (failure === 'done') return void acknowledged.push(text);
        // On a busy machine leadership may move; an unknown outcome is not counted.
        if (isOffshoreError(failure, 'outcome-unknown')) return;
        await sleep(20, nodeClock, signal);
      }
    };
    await Promise.all(Array.from({ length: 200 }, (_, at) => append(`item ${at}`)));
    await first.stop();
    trackers.delete(first.name);
    await until(() => leader() !== undefined, 'another leads');
    for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: 50 }, (_, at) => append(`more ${round} ${at}`)));
    await until(() => (leader()?.node.status().first ?? 0) > 210, 'the log is compacted');
    doors.set(first.name, new Door(first.server.port));
    await start(first.name);
    const back = mustExist(trackers.get(first.name), 'it is back');
    await back.node.start(signal);
    const lists = async (): Promise<readonly string[]> => Promise.all([...trackers.values()].map(async (tracker) => (await tracker.folders.current?.list() ?? []).join()));
    await until(() => back.node.status().applied >= (leader()?.node.status().applied ?? Infinity), 'it catches up');
    await Promise.all([...trackers.values()].map((tracker) => tracker.node.readBarrier(signal)));
    const [one, two, three] = await lists();
    assert.is(two, one);
    assert.is(three, one);
    assert.equal(acknowledged.filter((text) => !`,${one},`.includes(`,${text},`)), []);
  } finally {
    await Promise.all([...trackers.values()].map((tracker) => tracker.stop()));
    for (const door of doors.values()) await (await door.server).close();
  }
}));

test.run();
