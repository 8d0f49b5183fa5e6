// Frames: what is written is read, whatever way the bytes are cut; what is damaged is noticed and never becomes a message.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes } from '../../base/bytes.ts';
import { DecodeError } from '../../base/codec.ts';
import { makeMessage } from '../core/message.ts';
import type { Message } from '../core/types.ts';
import { FrameReader } from './frame-reader.ts';
import { encodeFrame, laneOf, type Frame } from './wire.ts';

const id = fc.integer({ min: 1, max: 1000 });
const number = fc.nat(Number.MAX_SAFE_INTEGER);
const bytes = fc.uint8Array({ maxLength: 60 });
const ids = fc.uniqueArray(id, { maxLength: 4 }).map((list) => list.sort((left, right) => left - right));
const confState = fc.record({ voters: ids, votersOutgoing: ids, learners: ids, learnersNext: ids, autoLeave: fc.boolean() });
const snapshot = fc.record({ meta: fc.record({ index: number, term: number, confState }), data: bytes });
const entryParts = fc.array(fc.record({ term: number, type: fc.constantFrom('normal' as const, 'conf-change' as const, 'conf-change-v2' as const), data: bytes }), { maxLength: 5 });

const message: fc.Arbitrary<Message> = fc.record({
  type: fc.constantFrom('MsgApp' as const, 'MsgAppResp' as const, 'MsgVote' as const, 'MsgSnap' as const, 'MsgHeartbeat' as const, 'MsgReadIndex' as const),
  from: id, to: id, term: number, logTerm: number, index: number, commit: number, vote: id, rejectHint: number,
  reject: fc.boolean(), context: bytes, snapshot: fc.option(snapshot, { nil: undefined }),
  entries: fc.tuple(fc.nat(2 ** 40), entryParts).map(([first, parts]) => parts.map((part, at) => ({ index: first + at, ...part }))),
  responses: fc.constant([]),
});
const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 9, arbitrary: message.map((inner): Frame => ({ kind: 'message', message: inner })) },
  { weight: 1, arbitrary: fc.constantFrom('ample' as const, 'low' as const, 'critical' as const).map((floor): Frame => ({ kind: 'floor', floor })) },
);

test('frames come out as they went in, wherever the stream is cut', () => {
  fc.assert(fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, cuts) => {
    const stream = concatBytes(frames.map(encodeFrame));
    const places = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((left, right) => left - right);
    const reader = new FrameReader();
    let at = 0;
    const found: Frame[] = [];
    for (const place of places) {
      for (const read of reader.push(stream.subarray(at, place))) found.push(read.frame);
      at = place;
    }
    assert.equal(found, frames.map(plain));
  }), { numRuns: 300 });
});

/** fast-check makes objects without a prototype, which never equal ours. */
function plain(sent: Frame): Frame {
  return structuredClone(sent);
}

test('a flipped bit never becomes a message and never crashes', () => {
  fc.assert(fc.property(frame, fc.nat(), (sent, where) => {
    const stream = encodeFrame(sent).slice();
    const bit = where % (stream.length * 8);
    stream[bit >> 3] = (stream[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      // A longer length leaves the reader waiting for bytes; it must not show anything meanwhile.
      assert.is(new FrameReader().push(stream).length, 0);
    } catch (error) {
      assert.ok(error instanceof DecodeError);
    }
  }), { numRuns: 1000 });
});

test('bytes from a stranger are refused or waited for, never an accident', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
    try {
      assert.is(new FrameReader().push(noise).length, 0);
    } catch (error) {
      assert.ok(error instanceof DecodeError);
    }
  }), { numRuns: 1000 });
});

test('a message of the local threads does not travel', () => {
  const local: Message = {
    type: 'MsgStorageAppend', from: 1, to: 2, term: 1, logTerm: 1, index: 1, commit: 1, vote: 0, entries: [], reject: false, rejectHint: 0,
    snapshot: undefined, context: new Uint8Array(0), responses: [],
  };
  assert.throws(() => new FrameReader().push(encodeFrame({ kind: 'message', message: local })), (error: unknown) => error instanceof DecodeError);
});

test('only entries and states take the bulk lane', () => {
  fc.assert(fc.property(message, (sent) => assert.is(laneOf(sent), sent.type === 'MsgSnap' || (sent.type === 'MsgApp' && sent.entries.length > 0) ? 'bulk' : 'control')));
});

test('reads travel with the heartbeats, not behind entries', () => {
  const entries = [{ index: 0, term: 0, type: 'normal' as const, data: new Uint8Array(8) }];
  assert.equal([laneOf(makeMessage('MsgReadIndex', { entries })), laneOf(makeMessage('MsgReadIndexResp', { entries }))], ['control', 'control']);
  assert.equal([laneOf(makeMessage('MsgApp', { entries })), laneOf(makeMessage('MsgApp', {}))], ['bulk', 'control']);
});

test.run();
