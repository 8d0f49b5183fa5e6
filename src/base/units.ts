// Sizes and durations as people write them: `64K`, `1.5GiB`, `10MB`, `250ms`, `5m`. Parsing only; showing them is the shell's.

/** Powers of 1024 for `K`, `KiB`; powers of 1000 for `KB`: as GNU coreutils read them. */
const sizePrefixes = ['', 'k', 'm', 'g', 't', 'p'];

/** A whole number of bytes; undefined when the text is no size, or more than 2^53. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp]?)(i?b)?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', prefix = '', ending = ''] = match;
  if (prefix === '' && ending.length === 2) return undefined;
  const base = prefix !== '' && ending.toLowerCase() === 'b' ? 1000 : 1024;
  const bytes = Math.round(Number(digits) * base ** sizePrefixes.indexOf(prefix.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; a bare number is seconds. Undefined when the text is no duration. */
export function parseMillis(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * (durationUnits[match[2] ?? 's'] ?? 0));
  return Number.isSafeInteger(ms) ? ms : undefined;
}
