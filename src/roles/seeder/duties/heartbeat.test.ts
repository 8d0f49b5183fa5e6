// What goes into a heartbeat: news at once, the rest in turns, everything when a new leader asks.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import type { Incarnation, SeederId } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { InventoryReport } from '../../../model/feed.ts';
import { classCode } from '../../../model/storage-class.ts';
import type { HeartbeatAnswer, HeartbeatRequest } from '../../../protocol/tracker-api.ts';
import { MemoryChunkStore } from '../../../storage/chunks/memory-chunk-store.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { bodyOf, cluster, codeOf, copies3, index, never, sha256, toStore } from '../../../../test/support/seeder-world.ts';
import { heartbeatSchema } from '../../tracker/api/schemas.ts';
import type { ReportableRow } from './follow-feed.ts';
import { Heartbeat } from './heartbeat.ts';

class Desk {
  readonly store = new MemoryChunkStore({ cluster }, { clock: new ManualClock(), sha256 });
  readonly beats: HeartbeatRequest[] = [];
  rows: ReportableRow[] = [];
  resend: HeartbeatAnswer['resend'] = 'changes';
  fails = false;
  readonly heartbeat = new Heartbeat({ self: () => 1 as SeederId, incarnation: 'i1' as Incarnation }, {
    store: this.store,
    follower: { reportable: () => this.rows },
    trackers: { heartbeat: (request) => {
      if (this.fails) return Promise.reject(new Error('no leader'));
      this.beats.push(request);
      return Promise.resolve({ index: index(1), layout: index(7), resend: this.resend });
    } },
  });

  async reported(): Promise<number[]> {
    await this.heartbeat.round(never);
    return (this.beats.at(-1)?.inventory ?? []).map((report) => report.partition).sort((left, right) => left - right);
  }
}

function rowsOf(count: number, change: Partial<ReportableRow> = {}): ReportableRow[] {
  return Array.from({ length: count }, (_, partition) => ({ classCode: copies3, partition, of: 1024, since: index(3), completeAt: index(4), touchedAt: index(0), ...change }));
}

/** Reports that are sent in their turn, not for news. */
async function afterFirst(desk: Desk): Promise<void> {
  await desk.reported();
}

test('the first beat reports everything, the next ones only what is due in its turn', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(64);

  assert.is((await desk.reported()).length, 64);
  assert.is((await desk.reported()).length, 64 / limits.reportRenewalBeats);
});

test('every report is renewed within so many beats, although nothing changed', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(50);
  await afterFirst(desk);
  const seen = new Set<number>();
  for (let beat = 0; beat < limits.reportRenewalBeats; beat += 1) for (const partition of await desk.reported()) seen.add(partition);

  assert.is(seen.size, 50);
});

test('a change of what is held is news', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(2).map((row) => ({ ...row, of: 2 }));
  await afterFirst(desk);
  for (let i = 0; i < limits.reportRenewalBeats; i += 1) await desk.reported();
  const body = bodyOf('new');
  await desk.store.put([toStore(body, 9)]);

  const partition = body.chunk < '8' ? 0 : 1;
  assert.ok((await desk.reported()).includes(partition));
});

test('an event of the partition is news, even when what is held stays the same: a missing chunk shows in no count', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(1024);
  await afterFirst(desk);
  desk.rows = desk.rows.map((row) => (row.partition === 500 ? { ...row, touchedAt: index(99) } : row));

  assert.ok((await desk.reported()).includes(500));
});

test('a new listing is news: settling wants a report from after it', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(1024);
  await afterFirst(desk);
  desk.rows = rowsOf(1024, { completeAt: index(40) });

  assert.is((await desk.reported()).length, 1024);
});

test('after `full` everything goes out again', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(100);
  await afterFirst(desk);
  desk.resend = 'full';
  await desk.reported();
  desk.resend = 'changes';

  assert.is((await desk.reported()).length, 100);
});

test('a beat that failed acknowledges nothing', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(100);
  desk.fails = true;
  assert.is.not(await codeOf(desk.heartbeat.round(never)), 'ok');
  desk.fails = false;

  assert.is((await desk.reported()).length, 100);
});

test('one beat carries a bounded number of reports, and the rest follows', async () => {
  const desk = new Desk();
  desk.rows = rowsOf(1024).flatMap((row) => [1, 2, 3, 4, 5, 6].map((copies) => ({ ...row, classCode: classCode({ kind: 'copies', copies }) })));
  const seen = new Set<string>();

  for (let beat = 0; beat < 2; beat += 1) {
    await desk.reported();
    assert.ok((desk.beats.at(-1)?.inventory.length ?? 0) <= limits.reportsPerHeartbeat);
    for (const report of desk.beats.at(-1)?.inventory ?? []) seen.add(`${report.classCode}/${report.partition}`);
  }

  assert.is(seen.size, 6 * 1024);
});

test('the largest heartbeat fits the body the tracker reads, and its shape', () => {
  const report: InventoryReport = {
    classCode: 0xffff as never, partition: limits.partitionsMax - 1, index: index(Number.MAX_SAFE_INTEGER), count: Number.MAX_SAFE_INTEGER, digest: 'f'.repeat(32),
    others: Number.MAX_SAFE_INTEGER, deletionsPending: Number.MAX_SAFE_INTEGER,
  };
  const beat = {
    seeder: Number.MAX_SAFE_INTEGER, incarnation: 'f'.repeat(32), freeBytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER, chunkBytes: Number.MAX_SAFE_INTEGER,
    chunks: Number.MAX_SAFE_INTEGER, condition: 'closed', cursor: Number.MAX_SAFE_INTEGER, inventory: Array.from({ length: limits.reportsPerHeartbeat }, () => report),
  };
  const bytes = JSON.stringify(beat).length;

  assert.ok(bytes <= limits.jsonBodyBytesMax, `${bytes} bytes`);
  assert.is(v.safeParse(heartbeatSchema, beat).success, true);
});

test('the answer says which layout is newest', async () => {
  assert.is(await new Desk().heartbeat.round(never), 7);
});

test.run();
