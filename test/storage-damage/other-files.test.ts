// Damage to what names LevelDB's files: CURRENT and the MANIFEST, and files that are gone. LevelDB may refuse on its own; together
// with our checks a store either opens with everything in it or not at all.

import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffshoreError } from '../../src/base/errors.ts';
import { randomInt, seededRng } from '../../src/base/rng.ts';
import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { checkedOpen } from '../../src/storage/kv/check-level-files.ts';
import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { flipBitInFile } from '../support/level-damage.ts';
import { withTempFolder } from '../support/temp-folder.ts';

const rows = 50;

function keyOf(n: number): Uint8Array {
  return Uint8Array.of(1, n);
}

/** A store with rows in a table and rows in the log. */
async function writeRows(folder: string): Promise<void> {
  const kv = await openGuardedKv(openLevelKv, folder);
  for (let n = 0; n < rows; n += 1) {
    await kv.write([{ kind: 'put', key: keyOf(n), value: keyOf(n) }], 'synced');
    if (n === rows / 2) await kv.flush();
  }
  await kv.close();
}

async function opensWholeOrNotAt(folder: string, what: string): Promise<'whole' | 'refused'> {
  try {
    const kv = await openGuardedKv(checkedOpen(openLevelKv, nodeFileIo()), folder);
    const entries = await kv.page({}, { entries: rows + 1 });
    await kv.close();
    assert.equal(entries.map(({ key }) => key), Array.from({ length: rows }, (_, n) => keyOf(n)), what);
    return 'whole';
  } catch (error) {
    assert.instance(error, OffshoreError, what);
    return 'refused';
  }
}

test('a flipped bit in CURRENT or the MANIFEST never costs a row', () =>
  withTempFolder(async (folder) => {
    await writeRows(`${folder}/state`);
    const rng = seededRng(3);
    for (const name of (await readdir(`${folder}/state`)).filter((each) => /^(CURRENT|MANIFEST-\d+)$/.test(each))) {
      const { length } = await readFile(`${folder}/state/${name}`);
      for (let trial = 0; trial < 15; trial += 1) {
        const copy = `${folder}/${name}-${trial}`;
        await cp(`${folder}/state`, copy, { recursive: true });
        const offset = randomInt(rng, 0, length - 1);
        await flipBitInFile(`${copy}/${name}`, offset, randomInt(rng, 0, 7));
        await opensWholeOrNotAt(copy, `${name} at ${offset} of ${length}`);
      }
    }
  }));

test('a missing table, CURRENT or MANIFEST refuses the open', () =>
  withTempFolder(async (folder) => {
    await writeRows(`${folder}/state`);
    for (const name of (await readdir(`${folder}/state`)).filter((each) => /^(CURRENT|MANIFEST-\d+|\d+\.ldb)$/.test(each))) {
      const copy = `${folder}/without-${name}`;
      await cp(`${folder}/state`, copy, { recursive: true });
      await rm(`${copy}/${name}`);
      assert.is(await opensWholeOrNotAt(copy, name), 'refused', name);
    }
  }));

test.run();
