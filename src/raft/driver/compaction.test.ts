// How far the log is forgotten.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex } from '../../base/ids.ts';
import { compactionPoint } from './compaction.ts';

const index = (value: number): LogIndex => value as LogIndex;
const base = { boundary: index(0), applied: index(5000), keepAfter: undefined, tail: { entries: 1000, bytes: 1e6 }, indexWithTail: () => index(0) };

test('a tail of entries stays', () => assert.is(compactionPoint(base), 4000));

test('a tail of bytes stays when it is shorter', () => assert.is(compactionPoint({ ...base, indexWithTail: () => index(4500) }), 4500));

test('what is not applied stays, however long', () => assert.is(compactionPoint({ ...base, indexWithTail: () => index(9000) }), 5000));

test('a state being fetched keeps the log after it (P14)', () => assert.is(compactionPoint({ ...base, keepAfter: index(2000) }), 2000));

test('a small gain is not worth a write', () => assert.is(compactionPoint({ ...base, boundary: index(3950) }), undefined));

test('nothing applied since means nothing to do', () => assert.is(compactionPoint({ ...base, boundary: index(5000) }), undefined));

test.run();
