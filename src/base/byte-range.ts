// One byte range of a body (RFC 9110, 14.1.2 and 14.2). Several ranges, or another unit, count as no range at all.

/** `start` inclusive, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** `whole`: there is no range to honour. `unsatisfiable`: answer 416. */
export type RangeAnswer = ByteRange | 'whole' | 'unsatisfiable';

export function parseRange(header: string | undefined, bytes: number): RangeAnswer {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return 'whole';
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '' && last === '') return 'whole';
  if (first === '') return suffix(Number(last), bytes);
  const start = Number(first);
  const end = last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== '' && Number(last) < start) return 'whole';
  return start < bytes ? { start, end } : 'unsatisfiable';
}

function suffix(length: number, bytes: number): RangeAnswer {
  if (length === 0 || bytes === 0) return 'unsatisfiable';
  return { start: Math.max(0, bytes - length), end: bytes };
}

/** `bytes 0-99/200`. */
export function formatContentRange(range: ByteRange, bytes: number): string {
  return `bytes ${range.start}-${range.end - 1}/${bytes}`;
}
