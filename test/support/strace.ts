// Reads what `strace -f -ttt -yy -xx` wrote: system calls of all threads in the order in which they began and ended. The tracer stops
// a thread at both ends of a call, so the order of lines is the order of events: what ends on an earlier line had ended before.

export interface TracedCall {
  readonly thread: number;
  readonly name: string;
  /** What `-yy` says the first argument is: a path, or `TCP:[127.0.0.1:1->127.0.0.1:2]`. */
  readonly target: string;
  /** All strings among the arguments and the result, joined, one character a byte; each at most as long as `-s` says. */
  readonly bytes: string;
  /** Lines of the trace. A call that the trace ends in has no end. */
  readonly begin: number;
  readonly end: number | undefined;
  /** Seconds since 1970. */
  readonly beginTime: number;
  readonly endTime: number | undefined;
  /** The call failed. */
  readonly outcome: 'ok' | 'failed' | 'unfinished';
}

interface Open {
  readonly name: string;
  readonly text: string;
  readonly begin: number;
  readonly beginTime: number;
}

const linePattern = /^(\d+) +(\d+\.\d+) (.*)$/;
const resumedPattern = /^<\.\.\. (\w+) resumed>(.*)$/;
const callPattern = /^(\w+)\((.*)$/;
const unfinished = '<unfinished ...>';

/** In the order of their beginnings. Lines that are no calls (signals, exits) are passed over. */
export function parseTrace(text: string): readonly TracedCall[] {
  const open = new Map<number, Open>();
  const calls: TracedCall[] = [];
  text.split('\n').forEach((line, number) => {
    const [, threadText, timeText, rest] = linePattern.exec(line) ?? [];
    if (threadText === undefined || timeText === undefined || rest === undefined) return;
    const thread = Number(threadText);
    const time = Number(timeText);
    const resumed = resumedPattern.exec(rest);
    const begun = resumed === null ? undefined : open.get(thread);
    if (resumed !== null) {
      open.delete(thread);
      if (begun !== undefined) calls.push(toCall(thread, begun, { text: begun.text + (resumed[2] ?? ''), end: number, endTime: time }));
      return;
    }
    const [, name, args] = callPattern.exec(rest) ?? [];
    if (name === undefined || args === undefined) return;
    const here: Open = { name, text: args, begin: number, beginTime: time };
    if (args.endsWith(unfinished)) open.set(thread, { ...here, text: args.slice(0, -unfinished.length) });
    // Without `-T` a line names only the beginning; the call had ended before the next line was written.
    else calls.push(toCall(thread, here, { text: args, end: number, endTime: time }));
  });
  for (const [thread, each] of open) calls.push(toCall(thread, each, undefined));
  return calls.sort((left, right) => left.begin - right.begin);
}

function toCall(thread: number, open: Open, done: { readonly text: string; readonly end: number; readonly endTime: number } | undefined): TracedCall {
  const text = done?.text ?? open.text;
  return {
    thread, name: open.name, target: unescaped(/^\d+<(.*?)>(?=\s*(?:[,)]|$))/.exec(text)?.[1] ?? ''), bytes: stringsOf(text),
    begin: open.begin, end: done?.end, beginTime: open.beginTime, endTime: done?.endTime,
    outcome: done === undefined ? 'unfinished' : / = -1 /.test(text) ? 'failed' : 'ok',
  };
}

/** `-xx` writes every byte of a string, and of a path, as `\xhh`. */
function stringsOf(text: string): string {
  return [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, escaped = '']) => unescaped(escaped)).join('');
}

function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
