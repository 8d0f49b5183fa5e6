import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes } from '../../../base/bytes.ts';
import {
  chainKey, chainRowsKept, checkChain, decodeChainRow, encodeChainRow, foundingRows, linkOf, nextRow, type ChainCheck, type ChainRow,
} from './batch-chain.ts';

/** The rows after `batches` batches of which those in `lost` did not reach the disk. */
function rowsAfter(batches: number, lost: ReadonlySet<number>): readonly ChainRow[] {
  const rows = new Map(foundingRows().map((row) => [row.n, row]));
  let last = rows.get(chainRowsKept) as ChainRow;
  for (let i = 1; i <= batches; i += 1) {
    last = nextRow(last, [{ kind: 'delete', key: Uint8Array.of(i & 255) }]);
    if (lost.has(i)) continue;
    rows.set(last.n, last);
    rows.delete(last.n - chainRowsKept);
  }
  return [...rows.values()].sort((left, right) => left.n - right.n);
}

function check(batches: number, ...lost: readonly number[]): ChainCheck {
  return checkChain(rowsAfter(batches, new Set(lost)));
}

test('a chain without loss is whole, from its founding on', () => {
  for (const batches of [0, 1, 2, chainRowsKept - 1, chainRowsKept, chainRowsKept + 1, 3 * chainRowsKept]) {
    const found = check(batches);
    assert.ok(found.kind === 'whole' && found.last.n === chainRowsKept + batches);
  }
});

test('a chain that lost its newest batches only is whole, and older', () => {
  const found = check(10, 8, 9, 10);
  assert.ok(found.kind === 'whole' && found.last.n === chainRowsKept + 7);
});

test('any lost batch before the last is found, however many came after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 3500 }), fc.uniqueArray(fc.nat({ max: 3400 }), { minLength: 1, maxLength: 40 }), (batches, picks) => {
      const lost = picks.map((pick) => 1 + (pick % (batches - 1)));
      assert.is(check(batches, ...lost).kind, 'broken');
    }),
    { numRuns: 60 },
  );
});

test('a batch lost together with those one and two windows later is found', () => {
  assert.is(check(3 * chainRowsKept, 5, 5 + chainRowsKept, 5 + 2 * chainRowsKept).kind, 'broken');
});

test('the reason tells a row left over from rows missing', () => {
  assert.equal(check(2000, 5), { kind: 'broken', atN: 6, reason: 'row-left-over' });
  assert.equal(check(20, 19), { kind: 'broken', atN: 20, reason: 'row-left-over' });
  const withoutOne = rowsAfter(20, new Set()).filter((row) => row.n !== chainRowsKept);
  assert.equal(checkChain(withoutOne), { kind: 'broken', atN: chainRowsKept, reason: 'rows-missing' });
});

test('rows of two histories do not link', () => {
  const rows = [...rowsAfter(20, new Set())];
  const other = rows[10] as ChainRow;
  rows[10] = { ...other, batchCrc: other.batchCrc ^ 1 };
  assert.equal(checkChain(rows), { kind: 'broken', atN: (rows[11] as ChainRow).n, reason: 'link-mismatch' });
});

test('a row is read back, and its key sorts by number', () => {
  const row = { n: 2 ** 40, batchCrc: 1, previousLink: 2 };
  assert.equal(decodeChainRow(encodeChainRow(row)), row);
  assert.not.equal(linkOf(row), linkOf({ ...row, n: row.n + 1 }));
  assert.ok(compareBytes(chainKey(255), chainKey(256)) < 0);
});

test.run();
