// What a seeder may believe about its listings after a restart.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRng } from '../../base/rng.ts';
import { MemoryFileIo } from '../../../test/support/memory-file-io.ts';
import { copies3, index } from '../../../test/support/seeder-world.ts';
import { PartitionLedger, type LedgerRow } from './partition-ledger.ts';

const row = (partition: number, change: Partial<LedgerRow> = {}): LedgerRow => ({ classCode: copies3, partition, of: 4, since: index(5), completeAt: index(9), ...change });

test('rows are there again after a power loss, as they were acknowledged', async () => {
  const files = new MemoryFileIo();
  await files.makeFolder('d');
  const ledger = await PartitionLedger.open('d/partitions', files);
  await ledger.replace({ add: [row(0), row(1), row(2)], remove: [] });
  await ledger.replace({ add: [row(2, { since: index(70_000), completeAt: index(70_001) })], remove: [row(0)] });

  files.crash(seededRng(1));
  const again = await PartitionLedger.open('d/partitions', files);

  assert.equal(again.rows(), [row(1), row(2, { since: index(70_000), completeAt: index(70_001) })]);
  assert.is(again.row(row(0)), undefined);
});

test('a row is found by class and partition', async () => {
  const files = new MemoryFileIo();
  await files.makeFolder('d');
  const ledger = await PartitionLedger.open('d/partitions', files);
  await ledger.replace({ add: [row(3)], remove: [] });

  assert.equal(ledger.row({ classCode: copies3, partition: 3 }), row(3));
  assert.is(ledger.row({ classCode: copies3, partition: 2 }), undefined);
});

test('a damaged ledger is an empty one, wherever the bit flipped', async () => {
  const files = new MemoryFileIo();
  await files.makeFolder('d');
  await (await PartitionLedger.open('d/partitions', files)).replace({ add: [row(0), row(1)], remove: [] });
  const bytes = (await files.readFile('d/partitions'))?.length ?? 0;
  for (let at = 0; at < bytes; at += 1) {
    files.flipBit('d/partitions', at);
    assert.equal((await PartitionLedger.open('d/partitions', files)).rows(), [], `byte ${at}`);
    files.flipBit('d/partitions', at);
  }
  assert.is((await PartitionLedger.open('d/partitions', files)).rows().length, 2);
});

test('an absent ledger is an empty one', async () => {
  assert.equal((await PartitionLedger.open('d/partitions', new MemoryFileIo())).rows(), []);
});

test.run();
