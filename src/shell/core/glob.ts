// Patterns over names: `*`, `?`, `[…]` within one name, `**` over directories. Matching is linear in the name for a given
// pattern (two pointers, no regular expression), so no pattern can hang the shell. A leading dot must be written out.

export type GlobSegment =
  | { readonly kind: 'literal'; readonly name: string }
  | { readonly kind: 'pattern'; readonly tokens: readonly GlobToken[] }
  /** `**`: this directory and everything below it that is not hidden. */
  | { readonly kind: 'deep' };

export type GlobToken =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly { readonly low: number; readonly high: number }[] };

export interface Glob {
  /** `/` or nothing. */
  readonly root: '/' | '';
  readonly segments: readonly GlobSegment[];
  /** The pattern ended in `/`: directories only. */
  readonly only: 'directories' | 'anything';
}

/** Text with every character that means something to a pattern escaped. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]{}]/g, '\\$&');
}

/** The text that a pattern stands for when it is not used as one (`set +o failglob`, an option's value). */
export function unescapeGlob(pattern: string): string {
  return pattern.replace(/\\([^])/g, '$1');
}

export function parseGlob(pattern: string): Glob {
  const names = splitNames(pattern);
  const segments = names.filter((name) => name !== '').map(toSegment);
  return { root: pattern.startsWith('/') ? '/' : '', segments, only: pattern.endsWith('/') ? 'directories' : 'anything' };
}

/** A whole name against a pattern without slashes, hidden names included: what `find -name` does. */
export function matchesName(pattern: string, name: string): boolean {
  return matchTokens(toTokens(pattern), name);
}

/** As `matchesName`, but a hidden name needs a dot in the pattern. */
export function matchesSegment(segment: Extract<GlobSegment, { kind: 'pattern' }>, name: string): boolean {
  const first = segment.tokens[0];
  if (name.startsWith('.') && !(first?.kind === 'char' && first.char === '.')) return false;
  return matchTokens(segment.tokens, name);
}

/** A slash inside a class or after a backslash still ends the name: no file name holds one. */
function splitNames(pattern: string): string[] {
  return pattern.split('/');
}

function toSegment(name: string): GlobSegment {
  if (name === '**') return { kind: 'deep' };
  const tokens = toTokens(name);
  if (tokens.every((token) => token.kind === 'char')) return { kind: 'literal', name: tokens.map((token) => (token.kind === 'char' ? token.char : '')).join('') };
  return { kind: 'pattern', tokens };
}

function toTokens(pattern: string): GlobToken[] {
  const chars = [...pattern];
  const tokens: GlobToken[] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    if (char === '\\' && at + 1 < chars.length) {
      at += 1;
      tokens.push({ kind: 'char', char: chars[at] ?? '' });
    } else if (char === '*') {
      // Stars in a row are one: keeps matching linear.
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') {
      tokens.push({ kind: 'any' });
    } else if (char === '[') {
      const parsed = parseClass(chars, at);
      if (parsed === undefined) tokens.push({ kind: 'char', char });
      else {
        tokens.push(parsed.token);
        at = parsed.end;
      }
    } else {
      tokens.push({ kind: 'char', char });
    }
  }
  return tokens;
}

/** `[abc]`, `[a-z]`, `[!x]`, `[^x]`, `]` first is itself (POSIX 9.3.5); undefined when it never closes: then `[` is text. */
function parseClass(chars: readonly string[], open: number): { readonly token: GlobToken; readonly end: number } | undefined {
  let at = open + 1;
  const negated = chars[at] === '!' || chars[at] === '^';
  if (negated) at += 1;
  const ranges: { low: number; high: number }[] = [];
  for (let isFirst = true; at < chars.length; isFirst = false, at += 1) {
    if (chars[at] === ']' && !isFirst) return { token: { kind: 'class', negated, ranges }, end: at };
    if (chars[at] === '\\' && at + 1 < chars.length) at += 1;
    const low = codeOf(chars[at]);
    let high = low;
    if (chars[at + 1] === '-' && at + 2 < chars.length && chars[at + 2] !== ']') {
      at += chars[at + 2] === '\\' && at + 3 < chars.length ? 3 : 2;
      high = codeOf(chars[at]);
    }
    ranges.push({ low, high });
  }
  return undefined;
}

function codeOf(char: string | undefined): number {
  return char?.codePointAt(0) ?? 0;
}

/** The classic two-pointer match: on a mismatch go back to the last star and let it take one character more. */
function matchTokens(tokens: readonly GlobToken[], name: string): boolean {
  const chars = [...name];
  let token = 0;
  let at = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < chars.length) {
    const here = tokens[token];
    if (here?.kind === 'star') {
      starToken = token;
      starAt = at;
      token += 1;
    } else if (here !== undefined && matchesOne(here, chars[at] ?? '')) {
      token += 1;
      at += 1;
    } else if (starToken >= 0) {
      token = starToken + 1;
      starAt += 1;
      at = starAt;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'star') token += 1;
  return token === tokens.length;
}

function matchesOne(token: GlobToken, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'any') return true;
  if (token.kind === 'star') return false;
  const code = codeOf(char);
  return token.ranges.some((range) => code >= range.low && code <= range.high) !== token.negated;
}
