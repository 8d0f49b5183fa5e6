// Shows in a trace that acknowledgements leave after the sync that covers them. For each write of something named, and each answer
// that speaks of it: write, then a sync of the same file that began after the write, then the answer. It must be able to say no.

import { FrameReader } from '../../src/raft/driver/frame-reader.ts';
import type { Frame } from '../../src/raft/driver/wire.ts';
import type { TracedCall } from './strace.ts';

const writeCalls: ReadonlySet<string> = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg']);
const readCalls: ReadonlySet<string> = new Set(['read', 'readv', 'recvfrom', 'recvmsg']);
const syncCalls: ReadonlySet<string> = new Set(['fdatasync', 'fsync']);

export function isWriteTo(call: TracedCall, file: RegExp): boolean {
  return writeCalls.has(call.name) && file.test(call.target);
}

/** The write of `named` bytes to a file, and the first sync of that file which covers it. */
export interface Durable {
  readonly write: TracedCall;
  readonly sync: TracedCall;
}

/** Throws when there is no such write, or no successful sync that began after it. */
export function durableWrite(calls: readonly TracedCall[], file: RegExp, named: string): Durable {
  const write = calls.find((call) => isWriteTo(call, file) && call.bytes.includes(named));
  if (write === undefined) throw new Error(`nothing of that name was written to ${file}`);
  const writtenAt = write.end;
  const sync = calls.find((call) => syncCalls.has(call.name) && call.target === write.target && writtenAt !== undefined && call.begin > writtenAt && call.outcome === 'ok');
  if (sync === undefined) throw new Error(`${write.target} was written and never synced`);
  return { write, sync };
}

/** The answer to the request whose first bytes contain `request`; on the same connection, the next HTTP status line. */
export function answerTo(calls: readonly TracedCall[], request: string, after = -1): TracedCall {
  const asked = calls.find((call) => call.begin > after && readCalls.has(call.name) && call.target.startsWith('TCP') && call.bytes.includes(request));
  if (asked === undefined) throw new Error(`no request ${request}`);
  const answer = calls.find((call) => call.begin > asked.begin && writeCalls.has(call.name) && call.target === asked.target && call.bytes.startsWith('HTTP/1.1 '));
  if (answer === undefined) throw new Error(`no answer to ${request}`);
  return answer;
}

export function statusOf(answer: TracedCall): number {
  return Number(answer.bytes.slice(9, 12));
}

/** Throws when the acknowledgement began before the sync had ended. */
export function mustFollow(acknowledgement: TracedCall, { write, sync }: Durable): void {
  if (sync.end === undefined || acknowledgement.begin <= sync.end) {
    throw new Error(`acknowledged on line ${acknowledgement.begin}, before the sync of ${write.target} ended on line ${sync.end}`);
  }
}

export interface SentFrame {
  readonly call: TracedCall;
  readonly frame: Frame;
}

/** Raft frames that were sent; streams that were cut into by the beginning of the trace are read from their first whole frame. */
export function sentFrames(calls: readonly TracedCall[]): readonly SentFrame[] {
  const readers = new Map<string, FrameReader>();
  return calls.filter((call) => writeCalls.has(call.name) && call.target.startsWith('TCP') && !call.bytes.startsWith('HTTP/')).flatMap((call) => {
    const reader = readers.get(call.target) ?? new FrameReader();
    readers.set(call.target, reader);
    try {
      return reader.push(Uint8Array.from(call.bytes, (char) => char.charCodeAt(0))).map(({ frame }) => ({ call, frame }));
    } catch {
      // Something else, or a frame longer than the strings of the trace.
      readers.delete(call.target);
      return [];
    }
  });
}

/** The first acceptance of entry `index`, as a follower sends it. */
export function acceptance(calls: readonly TracedCall[], index: number): TracedCall {
  const sent = sentFrames(calls).find(({ frame }) => frame.kind === 'message' && frame.message.type === 'MsgAppResp' && !frame.message.reject && frame.message.index >= index);
  if (sent === undefined) throw new Error(`no acceptance of entry ${index}`);
  return sent.call;
}
