import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBytes, parseMillis } from './units.ts';

test('sizes: K and KiB are 1024, KB is 1000, no unit is bytes', () => {
  const cases: readonly [string, number | undefined][] = [
    ['0', 0], ['17', 17], ['17B', 17], ['1K', 1024], ['1k', 1024], ['1KiB', 1024], ['1KB', 1000], ['1.5G', 1_610_612_736], ['10 MB', 10_000_000],
    ['', undefined], ['K', undefined], ['-1', undefined], ['1iB', undefined], ['1X', undefined], ['1e3', undefined], ['99999999P', undefined],
  ];
  for (const [text, bytes] of cases) assert.is(parseBytes(text), bytes, text);
});

test('durations: a bare number is seconds', () => {
  const cases: readonly [string, number | undefined][] = [
    ['1', 1000], ['250ms', 250], ['1.5s', 1500], ['5m', 300_000], ['2h', 7_200_000], ['7d', 604_800_000], ['', undefined], ['5M', undefined], ['-1s', undefined],
  ];
  for (const [text, ms] of cases) assert.is(parseMillis(text), ms, text);
});

test.run();
