import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex, Term } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { HealthMemo, type HealthBasis } from './health-memo.ts';

const basis: HealthBasis = { term: 3 as Term, layout: 7 as LogIndex };

function counted() {
  const clock = new ManualClock();
  const memo = new HealthMemo({ clock });
  const at = { computed: 0 };
  const ask = (changed: Partial<HealthBasis> = {}) => memo.read({ ...basis, ...changed }, async () => {
    at.computed += 1;
    return [];
  });
  return { clock, memo, at, ask };
}

test('health is computed once for all who ask within its time', async () => {
  const { clock, at, ask } = counted();
  await Promise.all([ask(), ask()]);
  await clock.advance(limits.healthMemoMs - 1);
  await ask();
  assert.is(at.computed, 1);
  await clock.advance(1);
  await ask();
  assert.is(at.computed, 2);
});

test('another leadership or layout is another health', async () => {
  const { at, ask } = counted();
  await ask();
  await ask({ term: 4 as Term });
  await ask({ term: 4 as Term, layout: 8 as LogIndex });
  assert.is(at.computed, 3);
});

test('a failed computation is not kept', async () => {
  const { memo, at, ask } = counted();
  await memo.read(basis, () => Promise.reject(new Error('closed'))).then(() => assert.unreachable(), () => undefined);
  await ask();
  assert.is(at.computed, 1);
});

test.run();
