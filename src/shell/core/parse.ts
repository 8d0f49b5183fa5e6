// Parser of the shell's language: tokens to steps. Says whether a text is complete, lacks its end, or is wrong and where.

import type { Operator, ParseResult, Pipeline, Redirect, SimpleCommand, Step, Token, Word } from './syntax.ts';
import { tokenize } from './tokenize.ts';

export function parse(text: string): ParseResult {
  const { tokens, problem } = tokenize(text);
  if (problem !== undefined) return { kind: 'problem', problem };
  const parser = new Parser(tokens, text.length);
  const steps = parser.steps();
  return parser.problem === undefined ? { kind: 'ok', steps } : { kind: 'problem', problem: parser.problem };
}

class Parser {
  problem: Extract<ParseResult, { kind: 'problem' }>['problem'] | undefined;
  readonly #tokens: readonly Token[];
  readonly #textEnd: number;
  #at = 0;

  constructor(tokens: readonly Token[], textEnd: number) {
    this.#tokens = tokens;
    this.#textEnd = textEnd;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    let join: Step['join'] = 'always';
    for (;;) {
      if (join === 'always') this.#skipSeparators();
      if (this.problem !== undefined || this.#at >= this.#tokens.length) return steps;
      const pipeline = this.#pipeline();
      if (pipeline === undefined) return steps;
      steps.push({ join, pipeline });
      const joined = this.#join();
      if (joined === undefined) return steps;
      join = joined;
    }
  }

  /** `;` between commands and any number of newlines; a `;` without a command before it is wrong. */
  #skipSeparators(): void {
    while (this.#operatorHere() === '\n') this.#at += 1;
  }

  #join(): Step['join'] | undefined {
    const operator = this.#operatorHere();
    if (operator === undefined) return undefined;
    const start = this.#tokens[this.#at]?.start ?? this.#textEnd;
    this.#at += 1;
    if (operator === '\n' || operator === ';') return 'always';
    this.#skipSeparators();
    if (this.#at >= this.#tokens.length) {
      this.problem = { kind: 'incomplete', message: `a command is missing after ${operator}`, at: start };
      return undefined;
    }
    return operator === '&&' ? 'and' : 'or';
  }

  #pipeline(): Pipeline | undefined {
    const commands: SimpleCommand[] = [];
    for (;;) {
      const command = this.#command();
      if (command === undefined) return undefined;
      commands.push(command);
      if (this.#operatorHere() !== '|') return { commands };
      const start = this.#tokens[this.#at]?.start ?? this.#textEnd;
      this.#at += 1;
      this.#skipSeparators();
      if (this.#at >= this.#tokens.length) {
        this.problem = { kind: 'incomplete', message: 'a command is missing after |', at: start };
        return undefined;
      }
    }
  }

  #command(): SimpleCommand | undefined {
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind === 'word') {
        words.push(token.word);
        this.#at += 1;
      } else if (token !== undefined && isRedirect(token.operator)) {
        const redirect = this.#redirect(token.operator, token.start);
        if (redirect === undefined) return undefined;
        redirects.push(redirect);
      } else {
        break;
      }
    }
    if (words.length > 0) return { words, redirects };
    const token = this.#tokens[this.#at];
    const at = token?.start ?? this.#textEnd;
    const near = token?.kind === 'operator' && token.operator !== '\n' ? `near ${token.operator}` : 'at the end of the line';
    this.problem = { kind: 'wrong', message: redirects.length > 0 ? 'a redirection needs a command' : `a command is missing ${near}`, at };
    return undefined;
  }

  #redirect(operator: '>' | '>>' | '<', start: number): Redirect | undefined {
    this.#at += 1;
    const target = this.#tokens[this.#at];
    if (target?.kind !== 'word') {
      this.problem = { kind: 'wrong', message: `a file name is missing after ${operator}`, at: start };
      return undefined;
    }
    this.#at += 1;
    return { kind: operator === '<' ? 'read' : operator === '>' ? 'write' : 'append', target: target.word };
  }

  #operatorHere(): Operator | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'operator' ? token.operator : undefined;
  }
}

function isRedirect(operator: Operator): operator is '>' | '>>' | '<' {
  return operator === '>' || operator === '>>' || operator === '<';
}
