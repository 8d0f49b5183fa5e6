// Questions about the cluster itself: layout, seeders, settings, totals, sessions, uploads, changes, the state hash.

import { mustExist } from '../../base/assert.ts';
import { toHex } from '../../base/bytes.ts';
import type { LogIndex, SeederId, SessionId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { ClassLayout, Layout, SeederInfo } from '../../model/layout.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import { readHex, readU32, readU64, u16, u64 } from './core/key.ts';
import { changeTable } from './core/records-change.ts';
import { seederTable, sessionTable } from './core/records-cluster.ts';
import { allocatorsFact, clockFact, countsFact, feedFact, foundedFact, layoutFact, settingsFact } from './core/records-facts.ts';
import { hashTable } from './core/records-local.ts';
import { classTable, partitionTable, uploadTable } from './core/records-data.ts';
import { standingTable } from './core/records-names.ts';
import { rootIno } from './core/resolve.ts';
import { rangeCount } from './core/state-hash.ts';
import type { Table } from './core/tables.ts';
import { bodyAfter, bodyBehind, mustBeFounded, type PinnedView } from './pinned-view.ts';
import type { Change, ChangesPage, ClassTotals, ClusterFacts, SessionInfo, StateHash, Totals } from './query-types.ts';

export async function totals(view: PinnedView): Promise<Totals> {
  mustBeFounded(view);
  const root = mustExist(view.get(standingTable, rootIno)?.tally, 'the root has a tally');
  const counts = mustExist(view.get(countsFact, 'only'), 'a founded state has counts');
  const classes = mustExist(view.get(layoutFact, 'only'), 'a founded state has a layout').classes.map((classCode): ClassTotals => {
    const row = mustExist(view.get(classTable, classCode), 'a listed class has a row');
    return { classCode, ...row };
  });
  return {
    tree: { bytes: root.treeBytes, inodes: root.treeInodes }, classes, sessions: counts.sessions, uploads: counts.uploads,
    feedEvents: mustExist(view.get(feedFact, 'only'), 'a founded state has a feed').events,
  };
}

export async function layout(view: PinnedView): Promise<Layout> {
  mustBeFounded(view);
  const fact = mustExist(view.get(layoutFact, 'only'), 'a founded state has a layout');
  const classes: ClassLayout[] = [];
  for (const classCode of fact.classes) classes.push(await classLayout(view, classCode));
  return { version: fact.version, seeders: seeders(view), classes };
}

async function classLayout(view: PinnedView, classCode: ClassCode): Promise<ClassLayout> {
  const { partitions } = mustExist(view.get(classTable, classCode), 'a listed class has a row');
  const prefix = u16(classCode);
  const to = bodyAfter(prefix);
  const rows = await view.scan(partitionTable, { from: prefix, ...(to === undefined ? {} : { to }) }, partitions);
  return { classCode, partitions: rows.map((each) => each.row) };
}

export function layoutVersion(view: PinnedView): LogIndex {
  mustBeFounded(view);
  return mustExist(view.get(layoutFact, 'only'), 'a founded state has a layout').version;
}

/** Removed ones included: history and old lists may name them. */
export function seeders(view: PinnedView): readonly SeederInfo[] {
  mustBeFounded(view);
  const { seeder } = mustExist(view.get(allocatorsFact, 'only'), 'a founded state has allocators');
  return Array.from({ length: seeder - 1 }, (_, i) => mustExist(view.get(seederTable, (i + 1) as SeederId), 'seeder numbers have no gap'));
}

export function seeder(view: PinnedView, id: SeederId): SeederInfo | undefined {
  mustBeFounded(view);
  const row = view.get(seederTable, id);
  // A number that is too large for the key names another row.
  return row?.id === id ? row : undefined;
}

export function facts(view: PinnedView): ClusterFacts | undefined {
  const founded = view.get(foundedFact, 'only');
  if (founded === undefined) return undefined;
  return { ...founded, settings: mustExist(view.get(settingsFact, 'only'), 'a founded state has settings') };
}

export async function changes(view: PinnedView, after: LogIndex, limit: number): Promise<ChangesPage> {
  mustBeFounded(view);
  const wanted = Math.max(1, Math.min(limit, limits.listPageMax));
  const rows = (await view.scan(changeTable, { from: u64(after + 1) }, wanted + 1)).map(({ body, row }): Change => {
    const { records: _records, ...shown } = row;
    return { index: readU64(body, 0) as LogIndex, position: readU32(body, 8), ...shown };
  });
  const last = rows.at(-1);
  if (last === undefined || rows.length <= wanted) return { changes: rows, index: Math.max(after, view.index) as LogIndex };
  const whole = rows.filter((row) => row.index < last.index);
  const before = whole.at(-1);
  if (before !== undefined) return { changes: whole, index: before.index };
  // One entry alone is longer than the page asked for: give all of it.
  const end = await view.scan(changeTable, { from: u64(last.index), to: u64(last.index + 1) }, limits.entryCommandsMax);
  return { changes: end.map(({ body, row: { records: _records, ...shown } }) => ({ index: last.index, position: readU32(body, 8), ...shown })), index: last.index };
}

export async function sessionsDue(view: PinnedView, limit: number): Promise<readonly SessionInfo[]> {
  mustBeFounded(view);
  const age = view.get(clockFact, 'only') ?? 0;
  const due = await scanWhere(view, sessionTable, limit, (row) => row.used + limits.sessionAgeMsMax <= age);
  return due.map(({ body, row }) => ({ session: readU64(body, 0) as SessionId, user: row.user, usedAge: row.used }));
}

export async function sessionsIdle(view: PinnedView, limit: number): Promise<readonly SessionInfo[]> {
  mustBeFounded(view);
  const age = view.get(clockFact, 'only') ?? 0;
  const idle = await scanWhere(view, sessionTable, limits.sessionsMax, (row) => row.used + limits.sessionIdleMsMin <= age);
  const sessions = idle.map(({ body, row }) => ({ session: readU64(body, 0) as SessionId, user: row.user, usedAge: row.used }));
  return sessions.sort((left, right) => left.usedAge - right.usedAge).slice(0, limit);
}

export async function uploadsDue(view: PinnedView, limit: number): Promise<readonly string[]> {
  mustBeFounded(view);
  const age = view.get(clockFact, 'only') ?? 0;
  const due = await scanWhere(view, uploadTable, limit, (row) => row.state === 'closed' || row.renewed + limits.uploadLeaseMs <= age);
  return due.map(({ body }) => readHex(body, 0, 16));
}

/** Looks through a whole table that is bounded itself (sessions, uploads). */
async function scanWhere<K, V>(view: PinnedView, table: Table<K, V>, limit: number, due: (row: V) => boolean): Promise<{ readonly body: string; readonly row: V }[]> {
  const found: { readonly body: string; readonly row: V }[] = [];
  let from = '';
  for (;;) {
    const rows = await view.scan(table, { from }, limits.listPageMax);
    found.push(...rows.filter(({ row }) => due(row)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limits.listPageMax || found.length >= limit) return found.slice(0, limit);
    from = bodyBehind(last.body);
  }
}

export async function stateHash(view: PinnedView): Promise<StateHash> {
  const rows = await view.getMany(hashTable, Array.from({ length: rangeCount }, (_, range) => range));
  return { index: view.index, ranges: rows.map((row) => (row === undefined ? '0'.repeat(32) : toHex(row))) };
}
