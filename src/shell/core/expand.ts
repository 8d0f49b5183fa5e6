// From a word to arguments: variables, then braces, then "is it a pattern". Matching names is not done here (glob-walk.ts).
// A variable's value is taken as it is: it neither splits nor globs (zsh's way), so names with spaces survive.

import { limits } from '../../base/limits.ts';
import { escapeGlob } from './glob.ts';
import type { Word } from './syntax.ts';

/** A literal goes to the command as it is; a glob is matched by the command, which knows the side its operands are on. */
export type Argument =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'glob'; readonly pattern: string };

export type ExpandResult = { readonly kind: 'ok'; readonly arguments: readonly Argument[] } | { readonly kind: 'too-many' };

/** One character of a word and whether quoting took its meaning away. */
interface Unit {
  readonly char: string;
  readonly quoted: boolean;
}

export function expandWord(word: Word, lookup: (name: string) => string | undefined): ExpandResult {
  const units = substitute(word, lookup);
  if (units === undefined) return { kind: 'ok', arguments: [] };
  const variants = expandBraces(units);
  if (variants === undefined) return { kind: 'too-many' };
  return { kind: 'ok', arguments: variants.map(toArgument) };
}

/** The text of a word where no pattern may stand: a redirection's target, an assignment's value. */
export function literalOf(word: Word, lookup: (name: string) => string | undefined): string {
  return (substitute(word, lookup) ?? []).map((unit) => unit.char).join('');
}

/** Undefined when the word was nothing but unset variables: such a word disappears. */
function substitute(word: Word, lookup: (name: string) => string | undefined): Unit[] | undefined {
  const units: Unit[] = [];
  let isQuoted = false;
  for (const piece of word.pieces) {
    if (piece.kind === 'text') {
      isQuoted ||= piece.quoted;
      for (const char of piece.text) units.push({ char, quoted: piece.quoted });
    } else {
      const value = lookup(piece.name);
      const text = value === undefined || value === '' ? piece.fallback ?? '' : value;
      for (const char of text) units.push({ char, quoted: true });
    }
  }
  return units.length === 0 && !isQuoted ? undefined : units;
}

/** `{a,b}` into one variant each, left to right and nested; undefined past the bound. */
function expandBraces(units: readonly Unit[]): (readonly Unit[])[] | undefined {
  const done: (readonly Unit[])[] = [];
  const waiting: (readonly Unit[])[] = [units];
  let steps = 0;
  while (waiting.length > 0) {
    const variant = waiting.pop() ?? [];
    const group = firstGroup(variant);
    steps += 1;
    if (steps > limits.shellWordsMax || done.length + waiting.length > limits.shellWordsMax) return undefined;
    if (group === undefined) {
      done.push(variant);
    } else {
      const before = variant.slice(0, group.start);
      const after = variant.slice(group.end);
      for (let i = group.parts.length - 1; i >= 0; i -= 1) waiting.push([...before, ...(group.parts[i] ?? []), ...after]);
    }
  }
  return done;
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly (readonly Unit[])[];
}

/** The first `{…,…}` with a comma of its own; `{}` and `{a}` are text, as in bash. */
function firstGroup(units: readonly Unit[]): Group | undefined {
  // One pass with a stack: an unmatched `{` costs nothing, so that a line of braces stays linear.
  const open: { readonly start: number; readonly commas: number[] }[] = [];
  let best: Group | undefined;
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at];
    if (unit === undefined || unit.quoted) continue;
    if (unit.char === '{') open.push({ start: at, commas: [] });
    else if (unit.char === ',') open.at(-1)?.commas.push(at);
    else if (unit.char === '}') {
      const group = open.pop();
      if (group !== undefined && group.commas.length > 0 && (best === undefined || group.start < best.start)) {
        best = { start: group.start, end: at + 1, parts: cut(units, group.start + 1, at, group.commas) };
      }
      if (open.length === 0 && best !== undefined) return best;
    }
  }
  return best;
}

function cut(units: readonly Unit[], start: number, end: number, commas: readonly number[]): (readonly Unit[])[] {
  const parts: (readonly Unit[])[] = [];
  let from = start;
  for (const comma of [...commas, end]) {
    parts.push(units.slice(from, comma));
    from = comma + 1;
  }
  return parts;
}

function toArgument(units: readonly Unit[]): Argument {
  const text = units.map((unit) => unit.char).join('');
  // An option is never a pattern: `-name *.txt` is written with quotes, but `--x=*` must reach the option parser as text.
  if (text.startsWith('-') || !isPattern(units)) return { kind: 'literal', text };
  return { kind: 'glob', pattern: units.map((unit) => (unit.quoted ? escapeGlob(unit.char) : unit.char === '\\' ? '\\\\' : unit.char)).join('') };
}

function isPattern(units: readonly Unit[]): boolean {
  let openAt = -1;
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at];
    if (unit === undefined || unit.quoted) continue;
    if (unit.char === '*' || unit.char === '?') return true;
    if (unit.char === '[' && openAt < 0) openAt = at;
    if (unit.char === ']' && openAt >= 0 && at > openAt + 1) return true;
  }
  return false;
}
