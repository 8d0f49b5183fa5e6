import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogIndex } from '../../base/ids.ts';
import { judgeStates, type PeerMarks } from './state-comparison.ts';

const marks = (...pairs: readonly (readonly [number, string])[]): PeerMarks['marks'] => pairs.map(([index, hash]) => ({ index: index as LogIndex, hash }));

test('states that hash alike at the newest common index are equal, whatever lies beyond it', () => {
  const peers = [{ name: 'b', marks: marks([4, 'x'], [5, 'y']) }, { name: 'c', marks: marks([5, 'y'], [6, 'z'], [9, 'later']) }];
  assert.equal(judgeStates(marks([5, 'y'], [6, 'z'], [7, 'own']), peers, 3), { kind: 'equal' });
});

test('a tracker that differs from a majority at one index is wrong', () => {
  const peers = [{ name: 'b', marks: marks([7, 'good']) }, { name: 'c', marks: marks([7, 'good'], [8, 'more']) }];
  assert.equal(judgeStates(marks([7, 'bad']), peers, 3), { kind: 'wrong', index: 7 });
});

test('one peer that differs is named and does not stop this tracker', () => {
  const peers = [{ name: 'b', marks: marks([7, 'good']) }, { name: 'c', marks: marks([7, 'bad']) }];
  assert.equal(judgeStates(marks([7, 'good']), peers, 3), { kind: 'peer-differs', peer: 'c', index: 7 });
});

test('two peers that differ from each other are no majority', () => {
  const peers = [{ name: 'b', marks: marks([7, 'one']) }, { name: 'c', marks: marks([7, 'two']) }];
  assert.is(judgeStates(marks([7, 'three']), peers, 3).kind, 'peer-differs');
});

test('without a common index nothing is concluded', () => {
  assert.equal(judgeStates(marks([7, 'x']), [{ name: 'b', marks: marks([8, 'y']) }], 3), { kind: 'alone' });
});

test.run();
