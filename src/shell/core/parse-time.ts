// Times as people write them: ISO dates with or without a zone, `@seconds`, `now`, `10 min ago`.

import type { ZoneOffset } from './format.ts';

/** Milliseconds since 1970; a time without a zone is local. Undefined when it is no time. */
export function parseTime(text: string, world: { readonly nowMs: number; readonly zone: ZoneOffset }): number | undefined {
  const trimmed = text.trim();
  if (trimmed === 'now') return Math.floor(world.nowMs);
  const seconds = /^@(-?\d{1,12})(?:\.(\d{1,3}))?$/.exec(trimmed);
  if (seconds !== null) return Number(seconds[1]) * 1000 + Number((seconds[2] ?? '').padEnd(3, '0'));
  return parseAgo(trimmed, world.nowMs) ?? parseIso(trimmed, world.zone);
}

function parseAgo(text: string, nowMs: number): number | undefined {
  const match = /^(\d{1,9}) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?) ago$/.exec(text);
  if (match === null) return undefined;
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[match[2]?.charAt(0) ?? ''] ?? 1000;
  return Math.floor(nowMs - Number(match[1]) * unit);
}

function parseIso(text: string, zone: ZoneOffset): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60) return undefined;
  const milli = Number((match[7] ?? '').padEnd(3, '0'));
  const asUtc = (daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + milli;
  const offset = match[8] === undefined ? zone(asUtc - zone(asUtc) * 60_000) : toOffset(match[8]);
  return asUtc - offset * 60_000;
}

function toOffset(text: string): number {
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -minutes : minutes;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 (Howard Hinnant, days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}
