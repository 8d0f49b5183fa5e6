// TAB: what the word under the cursor can become, and how the choice is written back with the quoting the user began.
// Decides what to ask for; the names themselves come from outside (completion-source.ts). Never throws on any text.

import { expandWord, literalOf } from './expand.ts';
import type { Token, Word } from './syntax.ts';
import { tokenize } from './tokenize.ts';

/** Which world the operands of a command live in. `put` and `get` take both; `any` offers both. */
export type OperandSide = 'remote' | 'local' | 'put' | 'get' | 'command' | 'none';

export type CompletionRequest =
  | { readonly kind: 'command'; readonly typed: string; readonly replace: Replacement }
  | { readonly kind: 'option'; readonly command: string; readonly typed: string; readonly replace: Replacement }
  | { readonly kind: 'operand'; readonly command: string; readonly index: number; readonly typed: string; readonly replace: Replacement }
  | { readonly kind: 'local-file'; readonly typed: string; readonly replace: Replacement }
  | { readonly kind: 'variable'; readonly typed: string; readonly replace: Replacement };

/** The part of the line that a candidate replaces, and the quote that stands open in it. */
export interface Replacement {
  readonly start: number;
  readonly openQuote: '' | '\'' | '"';
}

/** What the text before the cursor asks for. Names in `lookup` are the shell's variables. */
export function requestCompletion(before: string, lookup: (name: string) => string | undefined): CompletionRequest {
  const { tokens, openQuote } = tokenize(before);
  const last = tokens.at(-1);
  const isInWord = last?.kind === 'word' && last.end >= before.length && (openQuote !== '' || !/[\s]$/.test(before) || before.endsWith('\\ '));
  const current = isInWord && last?.kind === 'word' ? last.word : undefined;
  const earlier = current === undefined ? tokens : tokens.slice(0, -1);
  const start = current?.start ?? before.length;
  const replace: Replacement = { start, openQuote };
  const variable = openQuote === '\'' ? null : /\$([A-Za-z_][A-Za-z0-9_]*)?$/.exec(before.slice(start));
  if (variable !== null) return { kind: 'variable', typed: variable[1] ?? '', replace: { start: before.length - (variable[1] ?? '').length, openQuote } };
  const typed = current === undefined ? '' : typedText(current, lookup);
  const previous = earlier.at(-1);
  if (previous?.kind === 'operator' && (previous.operator === '>' || previous.operator === '>>' || previous.operator === '<')) return { kind: 'local-file', typed, replace };
  const words = wordsOfCommand(earlier);
  const [command, ...rest] = words.map((word) => typedText(word, lookup));
  if (command === undefined) return { kind: 'command', typed, replace };
  if (typed.startsWith('-') && !rest.includes('--')) return { kind: 'option', command, typed, replace };
  const index = rest.filter((word) => !word.startsWith('-') || word === '-').length;
  return { kind: 'operand', command, index, typed, replace };
}

/** The sides to look at for one operand, best first. */
export function sidesOf(side: OperandSide, index: number): readonly ('remote' | 'local')[] {
  switch (side) {
    case 'remote': return ['remote'];
    case 'local': return ['local'];
    case 'put': return index === 0 ? ['local'] : ['remote', 'local'];
    case 'get': return index === 0 ? ['remote'] : ['local', 'remote'];
    case 'command':
    case 'none': return [];
  }
}

/** A typed path as the directory to list and the beginning of the name: `a/b` is (`a/`, `b`). */
export function splitTyped(typed: string): { readonly directory: string; readonly prefix: string } {
  const at = typed.lastIndexOf('/') + 1;
  return { directory: typed.slice(0, at), prefix: typed.slice(at) };
}

/** A candidate as it must stand in the line. A directory keeps its quote open, so that typing may go on. */
export function quoteCandidate(text: string, replace: Replacement, end: 'open' | 'closed'): string {
  switch (replace.openQuote) {
    case '\'': {
      const body = `'${text.replace(/'/g, '\'\\\'\'')}`;
      return end === 'closed' ? `${body}'` : body;
    }
    case '"': {
      const body = `"${text.replace(/["\\$]/g, '\\$&')}`;
      return end === 'closed' ? `${body}"` : body;
    }
    case '': return text.replace(/[\s"'\\$&;|<>*?[\]{}#!~`()]/g, '\\$&');
  }
}

/** The longest beginning that all share, by code points. */
export function commonPrefix(texts: readonly string[]): string {
  const [first, ...others] = texts;
  if (first === undefined) return '';
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same += 1;
    length = same;
  }
  const lastCode = first.charCodeAt(length - 1);
  return first.slice(0, lastCode >= 0xd800 && lastCode <= 0xdbff ? length - 1 : length);
}

function typedText(word: Word, lookup: (name: string) => string | undefined): string {
  const expanded = expandWord(word, lookup);
  const only = expanded.kind === 'ok' && expanded.arguments.length === 1 ? expanded.arguments[0] : undefined;
  return only?.kind === 'literal' ? only.text : literalOf(word, lookup);
}

/** Words of the command the cursor is in: those after the last operator that starts one; targets of redirections left out. */
function wordsOfCommand(tokens: readonly Token[]): Word[] {
  let words: Word[] = [];
  let isTarget = false;
  for (const token of tokens) {
    if (token.kind === 'word') {
      if (!isTarget) words.push(token.word);
      isTarget = false;
    } else {
      isTarget = token.operator === '>' || token.operator === '>>' || token.operator === '<';
      if (!isTarget) words = [];
    }
  }
  return words;
}
