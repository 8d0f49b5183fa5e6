// The judge of traces must be able to say no.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame } from '../../src/raft/driver/wire.ts';
import { acceptance, answerTo, durableWrite, mustFollow, statusOf } from './ack-order.ts';
import { parseTrace } from './strace.ts';

const client = 'TCP:[127.0.0.1:7101->127.0.0.1:5000]';
const segment = '/d/seeder-1/store/segments/00000000.seg';

function escaped(bytes: string | Uint8Array): string {
  const all = typeof bytes === 'string' ? [...bytes].map((char) => char.charCodeAt(0)) : [...bytes];
  return all.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function text(bytes: string | Uint8Array): string {
  return `"${escaped(bytes)}"`;
}

const request = `10 1.0 read(25<${client}>, ${text('PUT /v1/chunks/x/ab HTTP/1.1')}, 65536) = 28`;
const write = `11 1.1 pwritev(29<${segment}>, [{iov_base=${text('OSR1 the chunk')}, iov_len=14}], 1, 0) = 14`;
const sync = `12 1.2 fdatasync(29<${segment}>) = 0`;
const answer = `10 1.3 writev(25<${client}>, [{iov_base=${text('HTTP/1.1 201 Created')}, iov_len=20}], 1) = 20`;

function judge(...lines: readonly string[]): void {
  const calls = parseTrace(lines.join('\n'));
  mustFollow(answerTo(calls, 'PUT /v1/chunks'), durableWrite(calls, /\.seg$/, 'the chunk'));
}

test('write, sync, answer passes', () => {
  judge(request, write, sync, answer);
  // `-xx` spells paths in hex as well.
  judge(request, write.replace(segment, escaped(segment)), sync.replace(segment, escaped(segment)), answer);
});

test('an answer before the sync fails', () => {
  assert.throws(() => judge(request, write, answer, sync), /before the sync/);
});

test('an answer after the sync began and before it ended fails', () => {
  assert.throws(() => judge(request, write, `12 1.2 fdatasync(29<${segment}> <unfinished ...>`, answer, '12 1.4 <... fdatasync resumed>) = 0'), /before the sync/);
  judge(request, write, `12 1.2 fdatasync(29<${segment}> <unfinished ...>`, '12 1.25 <... fdatasync resumed>) = 0', answer);
});

test('a sync that began before the write had ended does not cover it', () => {
  const [begun, ended] = [`11 1.1 pwritev(29<${segment}>, [{iov_base=${text('the chunk')}, iov_len=9}], 1, 0 <unfinished ...>`, '11 1.25 <... pwritev resumed>) = 9'];
  assert.throws(() => judge(request, begun, sync, ended, answer), /never synced/);
});

test('a sync that failed, of another file, or that the trace ends in, covers nothing', () => {
  assert.throws(() => judge(request, write, `12 1.2 fdatasync(29<${segment}>) = -1 EIO (Input/output error)`, answer), /never synced/);
  assert.throws(() => judge(request, write, '12 1.2 fdatasync(30</d/seeder-1/store/index-1/3.log>) = 0', answer), /never synced/);
  assert.throws(() => judge(request, write, `12 1.2 fdatasync(29<${segment}> <unfinished ...>`, answer), /never synced/);
});

test('no write of that name, no request and no answer are failures, not passes', () => {
  assert.throws(() => judge(request, sync, answer), /nothing of that name/);
  assert.throws(() => judge(write, sync, answer), /no request/);
  assert.throws(() => judge(request, write, sync), /no answer/);
});

test('the answer is the one on the connection of the request', () => {
  const elsewhere = answer.replace('5000', '6000');
  assert.throws(() => judge(request, write, sync, elsewhere), /no answer/);
  assert.is(statusOf(answerTo(parseTrace([request, answer].join('\n')), 'PUT')), 201);
});

test('a Raft acceptance is found among other frames, by its index, whole or in pieces', () => {
  const frame = (type: 'MsgAppResp' | 'MsgHeartbeatResp', index: number): Uint8Array => encodeFrame({ kind: 'message', message: {
    type, from: 2, to: 1, term: 3, logTerm: 0, index, commit: 0, vote: 0, entries: [], reject: false, rejectHint: 0, snapshot: undefined, context: new Uint8Array(), responses: [],
  } as never });
  const peer = 'TCP:[127.0.0.1:6000->127.0.0.1:7001]';
  const split = frame('MsgAppResp', 9);
  const calls = parseTrace([
    `10 1.0 write(37<${peer}>, ${text(frame('MsgHeartbeatResp', 9))}, 22) = 22`,
    `10 1.1 write(37<${peer}>, ${text(frame('MsgAppResp', 8))}, 22) = 22`,
    `10 1.2 write(37<${peer}>, ${text(split.subarray(0, 5))}, 5) = 5`,
    `10 1.3 writev(37<${peer}>, [{iov_base=${text(split.subarray(5))}, iov_len=17}, {iov_base=${text(frame('MsgHeartbeatResp', 0))}, iov_len=22}], 2) = 39`,
  ].join('\n'));

  assert.is(acceptance(calls, 8).begin, 1);
  assert.is(acceptance(calls, 9).begin, 3);
  assert.throws(() => acceptance(calls, 10), /no acceptance/);
});

test.run();
