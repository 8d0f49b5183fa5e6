// Flipped bits in LevelDB's tables. LevelDB returns them as data, finds nothing where a key or a filter is hit, and aborts the whole
// process by a native assertion where an index is hit. Hence the trials without our check of the files run in a child (this file again).

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { equalBytes } from '../../src/base/bytes.ts';
import { isOffshoreError } from '../../src/base/errors.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import type { Kv } from '../../src/storage/kv/kv.ts';
import { flipBitInFile, levelFiles } from '../support/level-damage.ts';
import { withTempFolder } from '../support/temp-folder.ts';

type Seen = 'right' | 'refused' | 'absent' | 'wrong' | 'aborted';

/** What one trial saw. */
interface Report {
  readonly trial: number;
  readonly seen: readonly Seen[];
}

const rows = 600;
const trials = 40;
const childMark = 'table-reader';

if (process.argv[2] === childMark) {
  await readDamagedCopies(process.argv[3] as string, Number(process.argv[4]));
} else {
  test('without the check of files no value is wrong, though a row may seem absent and the process may be aborted', () =>
    withTempFolder(async (folder) => {
      await makeDamagedCopies(folder);
      const seen = new Set<Seen>();
      for (let trial = 0; trial < trials; ) {
        const reports = await reportsOfChild(folder, trial);
        for (const report of reports) for (const each of report.seen) seen.add(each);
        trial += reports.length;
        if (trial < trials) seen.add('aborted');
        trial += 1;
      }
      assert.not.ok(seen.has('wrong'));
      assert.ok(seen.has('refused') && seen.has('right'), 'the trials hit values, and not all of them');
    }));

  test('with the check of files every flipped bit refuses the open', () =>
    withTempFolder(async (folder) => {
      await makeDamagedCopies(folder);
      for (let trial = 0; trial < trials; trial += 1) {
        const outcome = await openGuardedKv(checkedOpen(openLevelKv, nodeFileIo()), copyOf(folder, trial)).catch((error: unknown) => error);
        assert.ok(isOffshoreError(outcome, 'state-damaged'), `trial ${trial}: ${String(outcome)}`);
      }
    }));

  test('undamaged files pass the check and hold every row', () =>
    withTempFolder(async (folder) => {
      await writeRows(folder);
      const kv = await openGuardedKv(checkedOpen(openLevelKv, nodeFileIo()), `${folder}/state`);
      assert.equal(new Set(await readRows(kv)), new Set(['right']));
      await kv.close();
    }));

  test.run();
}

async function writeRows(folder: string): Promise<void> {
  const kv = await openGuardedKv(openLevelKv, `${folder}/state`);
  await kv.write(Array.from({ length: rows }, (_, n) => ({ kind: 'put', key: keyOf(n), value: valueOf(n) })), 'synced');
  await kv.flush();
  await kv.close();
}

/** Copies of one store, each with one flipped bit in the table with the rows. */
async function makeDamagedCopies(folder: string): Promise<void> {
  await writeRows(folder);
  const rng = seededRng(9);
  for (let trial = 0; trial < trials; trial += 1) {
    await cp(`${folder}/state`, copyOf(folder, trial), { recursive: true });
    const table = mustExist((await levelFiles(copyOf(folder, trial), 'ldb')).at(-1), 'the rows are in a table');
    await flipBitInFile(table, randomInt(rng, 0, (await readFile(table)).length - 1), randomInt(rng, 0, 7));
  }
}

function copyOf(folder: string, trial: number): string {
  return `${folder}/copy-${trial}`;
}

/** One report per trial from `first` on, fewer when LevelDB aborted the child. */
async function reportsOfChild(folder: string, first: number): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const child = fork(mustExist(process.argv[1], 'this file'), [childMark, folder, String(first)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  child.on('message', (report: Report) => reports.push(report));
  const [code, signal] = (await once(child, 'close')) as readonly unknown[];
  assert.ok(code === 0 || signal === 'SIGABRT', `child ended with ${String(code ?? signal)}`);
  return reports;
}

async function readDamagedCopies(folder: string, first: number): Promise<void> {
  for (let trial = first; trial < trials; trial += 1) {
    const kv = await openGuardedKv(openLevelKv, copyOf(folder, trial)).catch(mustBeDamage);
    const seen = kv === undefined ? (['refused'] as const) : await readRows(kv);
    await kv?.close();
    // Waits until it is sent: the next trial may abort this process.
    await new Promise<void>((resolve) => process.send?.({ trial, seen }, () => resolve()));
  }
  process.disconnect();
}

/** Each row by get and by scan. */
async function readRows(kv: Kv): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (let n = 0; n < rows; n += 1) seen.push(outcomeOf(n, () => kv.get(keyOf(n))));
  const scanned = await kv.page({}, { entries: rows + 1 }).catch(mustBeDamage);
  for (const { key, value } of scanned ?? []) {
    const n = ((key[1] as number) << 8) | (key[2] as number);
    seen.push(outcomeOf(n, () => value));
  }
  return seen;
}

function outcomeOf(n: number, read: () => Uint8Array | undefined): Seen {
  try {
    const value = read();
    if (value === undefined) return 'absent';
    return equalBytes(value, valueOf(n)) ? 'right' : 'wrong';
  } catch (error) {
    mustBeDamage(error);
    return 'refused';
  }
}

function mustBeDamage(error: unknown): undefined {
  assert.ok(isOffshoreError(error, 'state-damaged'), String(error));
}

function keyOf(n: number): Uint8Array {
  return Uint8Array.of(1, n >> 8, n & 255);
}

/** Hard to compress, so that most of the table is value bytes as they are. */
function valueOf(n: number): Uint8Array {
  const rng = seededRng(n);
  return Uint8Array.from({ length: 60 }, () => randomInt(rng, 0, 255));
}
