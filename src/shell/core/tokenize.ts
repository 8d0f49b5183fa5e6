// Lexer of the shell's language: quotes, escapes, comments, operators, variables, with positions.
// Owns the rules inside a word; never looks anything up. Grammar after POSIX 2.3, without control flow and substitution.

import type { Operator, Piece, SyntaxProblem, Token, Word } from './syntax.ts';

export interface TokenizeResult {
  readonly tokens: readonly Token[];
  readonly problem?: SyntaxProblem;
  /** How the last word stood open at the end of the text; TAB needs it to quote its answer. */
  readonly openQuote: '' | '\'' | '"';
}

/** Reads the whole text; on a problem the tokens before it are still returned (the open word included). */
export function tokenize(text: string): TokenizeResult {
  const lexer = new Lexer(text);
  lexer.run();
  return { tokens: lexer.tokens, openQuote: lexer.openQuote, ...(lexer.problem === undefined ? {} : { problem: lexer.problem }) };
}

const forbidden = /[\0\x01]/;
const nameStart = /[A-Za-z_]/;
const nameRest = /[A-Za-z0-9_]/;

class Lexer {
  readonly tokens: Token[] = [];
  problem: SyntaxProblem | undefined;
  openQuote: '' | '\'' | '"' = '';
  readonly #text: string;
  #at = 0;
  #pieces: Piece[] = [];
  #wordStart = -1;
  #hasWord = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    const bad = forbidden.exec(this.#text);
    if (bad !== null) return this.#wrong('control characters NUL and \\x01 are not allowed', bad.index);
    while (this.#at < this.#text.length && this.problem === undefined) this.#next();
    this.#endWord();
  }

  #next(): void {
    const char = this.#text.charAt(this.#at);
    if (char === ' ' || char === '\t' || char === '\r') {
      this.#endWord();
      this.#at += 1;
    } else if (char === '#' && !this.#hasWord) {
      this.#skipComment();
    } else if (char === '\n' || char === ';' || char === '|' || char === '&' || char === '>' || char === '<') {
      this.#operator(char);
    } else {
      this.#wordPart(char);
    }
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #operator(char: string): void {
    const rest = this.#text.slice(this.#at, this.#at + 2);
    if (char === '&' && rest !== '&&') {
      return this.#wrong('background jobs (&) are not supported: use ; or && between commands', this.#at);
    }
    if (rest === '<<') return this.#wrong('here documents (<<) are not supported', this.#at);
    if ((char === '>' || char === '<') && this.#isDigitsWord()) {
      return this.#wrong('redirection of numbered streams is not supported: only >, >> and < are', this.#wordStart);
    }
    this.#endWord();
    const operator = (rest === '&&' || rest === '||' || rest === '>>' ? rest : char) as Operator;
    this.tokens.push({ kind: 'operator', operator, start: this.#at, end: this.#at + operator.length });
    this.#at += operator.length;
  }

  #isDigitsWord(): boolean {
    const only = this.#pieces.length === 1 ? this.#pieces[0] : undefined;
    return this.#hasWord && only?.kind === 'text' && !only.quoted && /^[0-9]$/.test(only.text);
  }

  #wordPart(char: string): void {
    this.#beginWord();
    switch (char) {
      case '\'': return this.#singleQuoted();
      case '"': return this.#doubleQuoted();
      case '\\': return this.#escaped();
      case '$': return this.#dollar({ quoted: false });
      default:
        this.#push(char, { quoted: false });
        this.#at += 1;
    }
  }

  #singleQuoted(): void {
    const start = this.#at;
    const end = this.#text.indexOf('\'', start + 1);
    this.#push(this.#text.slice(start + 1, end < 0 ? undefined : end), { quoted: true });
    this.#at = end < 0 ? this.#text.length : end + 1;
    if (end < 0) this.#incomplete('missing closing \'', start, '\'');
  }

  #doubleQuoted(): void {
    const start = this.#at;
    this.#push('', { quoted: true });
    this.#at += 1;
    while (this.#at < this.#text.length && this.problem === undefined) {
      const char = this.#text.charAt(this.#at);
      if (char === '"') {
        this.#at += 1;
        return;
      }
      if (char === '$') this.#dollar({ quoted: true });
      else if (char === '\\') this.#escapedInQuotes();
      else {
        this.#push(char, { quoted: true });
        this.#at += 1;
      }
    }
    if (this.problem === undefined) this.#incomplete('missing closing "', start, '"');
  }

  /** Inside double quotes a backslash quotes only `"`, `\`, `$` and a newline (POSIX 2.2.3). */
  #escapedInQuotes(): void {
    const next = this.#text.charAt(this.#at + 1);
    if (next === '\n') this.#at += 2;
    else if (next === '"' || next === '\\' || next === '$') {
      this.#push(next, { quoted: true });
      this.#at += 2;
    } else {
      this.#push('\\', { quoted: true });
      this.#at += 1;
    }
  }

  #escaped(): void {
    const next = this.#text.charAt(this.#at + 1);
    if (next === '') {
      this.#at += 1;
      this.#incomplete('a backslash at the end quotes nothing', this.#at - 1, '');
    } else if (next === '\n') {
      this.#at += 2;
      // A continuation alone is no word.
      if (this.#pieces.length === 0) this.#hasWord = false;
    } else {
      this.#push(next, { quoted: true });
      this.#at += 2;
    }
  }

  #dollar(context: { readonly quoted: boolean }): void {
    const start = this.#at;
    const next = this.#text.charAt(start + 1);
    if (next === '?') {
      this.#pieces.push({ kind: 'variable', name: '?' });
      this.#at += 2;
    } else if (nameStart.test(next)) {
      let end = start + 2;
      while (nameRest.test(this.#text.charAt(end))) end += 1;
      this.#pieces.push({ kind: 'variable', name: this.#text.slice(start + 1, end) });
      this.#at = end;
    } else if (next === '{') {
      this.#braced();
    } else if (next === '(') {
      this.#wrong('command substitution $(…) is not supported', start);
    } else {
      this.#push('$', context);
      this.#at += 1;
    }
  }

  #braced(): void {
    const start = this.#at;
    const end = this.#text.indexOf('}', start);
    if (end < 0) {
      this.#at = this.#text.length;
      return this.#incomplete('missing closing }', start, '');
    }
    const match = /^([A-Za-z_][A-Za-z0-9_]*|\?)(?::-([^]*))?$/.exec(this.#text.slice(start + 2, end));
    if (match === null) return this.#wrong('bad substitution: only ${NAME} and ${NAME:-default} are supported', start);
    this.#pieces.push({ kind: 'variable', name: match[1] ?? '', ...(match[2] === undefined ? {} : { fallback: match[2] }) });
    this.#at = end + 1;
  }

  #beginWord(): void {
    if (this.#hasWord) return;
    this.#hasWord = true;
    this.#wordStart = this.#at;
  }

  #push(text: string, options: { readonly quoted: boolean }): void {
    const last = this.#pieces.at(-1);
    if (last?.kind === 'text' && last.quoted === options.quoted) {
      this.#pieces[this.#pieces.length - 1] = { kind: 'text', text: last.text + text, quoted: options.quoted };
    } else {
      this.#pieces.push({ kind: 'text', text, quoted: options.quoted });
    }
  }

  #endWord(): void {
    if (!this.#hasWord) return;
    const word: Word = { pieces: this.#pieces, start: this.#wordStart, end: this.#at };
    this.tokens.push({ kind: 'word', word, start: word.start, end: word.end });
    this.#pieces = [];
    this.#hasWord = false;
  }

  #wrong(message: string, at: number): void {
    this.problem = { kind: 'wrong', message, at };
  }

  #incomplete(message: string, at: number, quote: '' | '\'' | '"'): void {
    this.problem = { kind: 'incomplete', message, at };
    this.openQuote = quote;
  }
}
