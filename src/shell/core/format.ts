// How values look: sizes, modes, times, widths, columns, and names made safe for a terminal.
// Pure text in, text out; whether something is a terminal, its width and its zone come as arguments.

import { eastAsianWidth } from 'get-east-asian-width';
import { toHex } from '../../base/bytes.ts';
import type { NodeKind } from '../../model/node-info.ts';

export type SizeStyle = 'exact' | 'binary' | 'si';

/** GNU's human sizes: rounded up, one decimal below ten. `1.5K`, `12M`. */
export function formatSize(bytes: number, style: SizeStyle): string {
  const base = style === 'si' ? 1000 : 1024;
  if (style === 'exact' || bytes < base) return String(bytes);
  const units = style === 'si' ? 'kMGTPE' : 'KMGTPE';
  let value = bytes;
  let unit = -1;
  do {
    value /= base;
    unit += 1;
  } while (roundUp(value) >= base && unit < units.length - 1);
  const rounded = roundUp(value);
  return `${rounded < 10 ? rounded.toFixed(1) : rounded.toFixed(0)}${units.charAt(unit)}`;
}

function roundUp(value: number): number {
  // The product may carry a last-bit error upwards (1.1 * 10 = 11.000000000000002), which is no reason to round.
  return value < 10 && Math.ceil(value * 10 - 1e-9) < 100 ? Math.ceil(value * 10 - 1e-9) / 10 : Math.ceil(value - 1e-9);
}

/** `10`, `4K`, `1.5MiB`, `2GB`: bytes; undefined when it is none of these. `K` is 1,024, `KB` 1,000, as in coreutils. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(?:([kKMGTP])(iB|B)?)?$/.exec(text);
  if (match === null) return undefined;
  const base = match[3] === 'B' ? 1000 : 1024;
  const power = match[2] === undefined ? 0 : 'KMGTP'.indexOf(match[2].toUpperCase()) + 1;
  const bytes = Math.round(Number(match[1]) * base ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `-rwxr-xr-x`. */
export function formatMode(kind: NodeKind, mode: number): string {
  const letters = { file: '-', directory: 'd', symlink: 'l' };
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const runs = (bits & 1) !== 0;
    const last = (mode & special) !== 0 ? (runs ? letter : letter.toUpperCase()) : runs ? 'x' : '-';
    return `${(bits & 4) !== 0 ? 'r' : '-'}${(bits & 2) !== 0 ? 'w' : '-'}${last}`;
  };
  return letters[kind] + triple(6, 0o4000, 's') + triple(3, 0o2000, 's') + triple(0, 0o1000, 't');
}

export type TimeStyle = 'long-iso' | 'full-iso' | 'iso' | 'locale' | 'unix';

export const timeStyles: readonly TimeStyle[] = ['long-iso', 'full-iso', 'iso', 'locale', 'unix'];

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Minutes east of Greenwich at a moment. */
export type ZoneOffset = (wallMs: number) => number;

export function formatTime(wallMs: number, options: { readonly style: TimeStyle; readonly zone: ZoneOffset; readonly nowMs: number }): string {
  const offset = options.zone(wallMs);
  const at = civil(wallMs + offset * 60_000);
  const date = `${String(at.year).padStart(4, '0')}-${two(at.month)}-${two(at.day)}`;
  const clock = `${two(at.hour)}:${two(at.minute)}`;
  switch (options.style) {
    case 'unix': return String(Math.floor(wallMs / 1000));
    case 'iso': return `${date}T${clock}:${two(at.second)}${zoneText(offset, ':')}`;
    case 'full-iso': return `${date} ${clock}:${two(at.second)}.${String(at.milli).padStart(3, '0')} ${zoneText(offset, '')}`;
    case 'locale': {
      const isRecent = Math.abs(options.nowMs - wallMs) < 182 * 86_400_000;
      return `${months[at.month - 1] ?? ''} ${String(at.day).padStart(2)} ${isRecent ? clock : String(at.year).padStart(5)}`;
    }
    case 'long-iso': return `${date} ${clock}`;
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function zoneText(offset: number, colon: string): string {
  const size = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${colon}${two(size % 60)}`;
}

/** Calendar of a count of milliseconds (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days). */
function civil(ms: number): Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'milli', number>> {
  const days = Math.floor(ms / 86_400_000);
  const rest = ms - days * 86_400_000;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600_000),
    minute: Math.floor(rest / 60_000) % 60,
    second: Math.floor(rest / 1000) % 60,
    milli: Math.floor(rest) % 1000,
  };
}

/** `85 ms`, `3.2 s`, `4:05`, `1:02:03`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `300`, `1.5s`, `200ms`, `2m`, `1h`, `3d`: milliseconds; a bare number is seconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? 's'] ?? 1000;
  return Math.round(Number(match[1]) * unit);
}

// Control characters, and the Unicode controls that reorder or hide text (Trojan Source, CVE-2021-42574).
const unsafe = /[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text that cannot steer a terminal: every control character becomes `\x1b` or `\u202e`. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (char) => {
    const code = char.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** JSON that is harmless on a terminal: JSON.stringify leaves DEL, C1 and reordering controls as they are. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Columns that a text takes; it must hold no control characters. */
export function displayWidth(text: string): number {
  // Nearly every name is plain ASCII.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) {
    if (!zeroWidth.test(char)) width += eastAsianWidth(char.codePointAt(0) ?? 0);
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** The text cut to a width, with `…` where something is missing. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let taken = '';
  let used = 0;
  for (const char of text) {
    const wide = displayWidth(char);
    if (used + wide > width - 1) break;
    taken += char;
    used += wide;
  }
  return width > 0 ? `${taken}…` : '';
}

/** Rows of columns filled downwards, as `ls` prints them. `shown` may carry colour; `text` decides the width. */
export function toColumns(items: readonly { readonly text: string; readonly shown: string }[], width: number): string[] {
  if (items.length === 0) return [];
  const widths = items.map((item) => displayWidth(item.text));
  const narrowest = Math.max(1, Math.min(...widths.slice(0, 1000)) + 2);
  for (let count = Math.min(items.length, Math.max(1, Math.floor(width / narrowest)), 200); count > 1; count -= 1) {
    const rows = Math.ceil(items.length / count);
    const sizes = columnWidths(widths, rows);
    if (sizes.reduce((sum, size) => sum + size + 2, -2) <= width) return layColumns(items, widths, { rows, sizes });
  }
  return items.map((item) => item.shown);
}

function columnWidths(widths: readonly number[], rows: number): number[] {
  const sizes: number[] = [];
  widths.forEach((width, i) => {
    const column = Math.floor(i / rows);
    sizes[column] = Math.max(sizes[column] ?? 0, width);
  });
  return sizes;
}

function layColumns(
  items: readonly { readonly shown: string }[], widths: readonly number[], grid: { readonly rows: number; readonly sizes: readonly number[] },
): string[] {
  return Array.from({ length: grid.rows }, (_, row) => {
    let line = '';
    grid.sizes.forEach((size, column) => {
      const at = column * grid.rows + row;
      const item = items[at];
      if (item === undefined) return;
      const isLast = column === grid.sizes.length - 1 || (column + 1) * grid.rows + row >= items.length;
      line += item.shown + (isLast ? '' : ' '.repeat(size + 2 - (widths[at] ?? 0)));
    });
    return line;
  });
}

/** Cells under each other, two spaces apart; numbers to the right. */
export function toTable(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const widths = align.map((_, column) => Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? ''))));
  return rows.map((row) => align.map((side, column) => {
    const cell = row[column] ?? '';
    if (side === 'right') return padStart(cell, widths[column] ?? 0);
    return column === align.length - 1 ? cell : padEnd(cell, widths[column] ?? 0);
  }).join('  ').trimEnd());
}

/** Lines `00000000  68 65 …  |he…|`, as `hexdump -C`. */
export function hexDump(bytes: Uint8Array, firstOffset: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const pairs = toHex(row).match(/../g) ?? [];
    const hex = `${pairs.slice(0, 8).join(' ').padEnd(23)}  ${pairs.slice(8).join(' ').padEnd(23)}`;
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${(firstOffset + at).toString(16).padStart(8, '0')}  ${hex}  |${text}|`);
  }
  return lines;
}

export type Paint = 'bold' | 'green' | 'bold-green' | 'bold-blue' | 'cyan' | 'red' | 'yellow' | 'dim';

const paints: Readonly<Record<Paint, string>> = {
  'bold': '1', 'green': '32', 'bold-green': '1;32', 'bold-blue': '1;34', 'cyan': '36', 'red': '31', 'yellow': '33', 'dim': '2',
};

export function paint(text: string, style: Paint): string {
  return `\x1b[${paints[style]}m${text}\x1b[0m`;
}
