// What an honest tracker may send late or twice passes; what it cannot know does not.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeMessage } from '../core/message.ts';
import type { Entry } from '../core/types.ts';
import { agreesWithItself, canBeTrue } from './message-check.ts';

const self = { term: 5, role: 'follower', lastIndex: 10 } as const;
const leader = { ...self, role: 'leader' } as const;
const entry = (index: number, term: number): Entry => ({ index, term, type: 'normal', data: new Uint8Array(0) });

test('commits up to the end of the log can be heard of, later ones cannot', () => {
  assert.ok(canBeTrue(makeMessage('MsgHeartbeat', { term: 5, commit: 10 }), self));
  assert.not.ok(canBeTrue(makeMessage('MsgHeartbeat', { term: 5, commit: 11 }), self));
  assert.not.ok(canBeTrue(makeMessage('MsgHeartbeat', { term: 6, commit: 11 }), self));
});

test('a heartbeat of an old term is answered, whatever it says (P4)', () => {
  assert.ok(canBeTrue(makeMessage('MsgHeartbeat', { term: 4, commit: 11 }), self));
});

test('an append may tell of commits that this tracker lacks', () => {
  assert.ok(canBeTrue(makeMessage('MsgApp', { term: 5, index: 20, logTerm: 5, commit: 1000 }), self));
});

test('nobody acknowledges in this term what its leader never appended', () => {
  assert.ok(canBeTrue(makeMessage('MsgAppResp', { term: 5, index: 10 }), leader));
  assert.not.ok(canBeTrue(makeMessage('MsgAppResp', { term: 5, index: 11 }), leader));
  assert.ok(canBeTrue(makeMessage('MsgAppResp', { term: 7, index: 11 }), leader));
});

test('entries of several terms follow each other without a gap', () => {
  const fields = { term: 5, index: 3, logTerm: 2 };
  assert.ok(agreesWithItself(makeMessage('MsgApp', { ...fields, entries: [entry(4, 2), entry(5, 4), entry(6, 5)] })));
  assert.not.ok(agreesWithItself(makeMessage('MsgApp', { ...fields, entries: [entry(4, 2), entry(6, 4)] })));
  assert.not.ok(agreesWithItself(makeMessage('MsgApp', { ...fields, entries: [entry(4, 4), entry(5, 2)] })));
});

test.run();
