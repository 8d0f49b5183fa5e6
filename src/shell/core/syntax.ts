// What a shell line means before anything is looked up: words made of pieces, commands, pipelines, steps.
// Plain data with positions (UTF-16 offsets into the text), shared by the parser, the interpreter and TAB.

export type Piece =
  /** `quoted` text is never a pattern and never splits. */
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `$NAME`, `${NAME}`, `${NAME:-fallback}`; name `?` is the last status. */
  | { readonly kind: 'variable'; readonly name: string; readonly fallback?: string };

export interface Word {
  readonly pieces: readonly Piece[];
  readonly start: number;
  readonly end: number;
}

export interface Redirect {
  readonly kind: 'read' | 'write' | 'append';
  readonly target: Word;
}

export interface SimpleCommand {
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

export interface Pipeline {
  readonly commands: readonly SimpleCommand[];
}

/** A pipeline and how it depends on the status before it. */
export interface Step {
  readonly join: 'always' | 'and' | 'or';
  readonly pipeline: Pipeline;
}

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly start: number; readonly end: number }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly start: number; readonly end: number };

export type Operator = ';' | '\n' | '&&' | '||' | '|' | '>' | '>>' | '<';

/** Why a text cannot run: it only lacks its end (ask for another line), or it is wrong. */
export type SyntaxProblem =
  | { readonly kind: 'incomplete'; readonly message: string; readonly at: number }
  | { readonly kind: 'wrong'; readonly message: string; readonly at: number };

export type ParseResult =
  | { readonly kind: 'ok'; readonly steps: readonly Step[] }
  | { readonly kind: 'problem'; readonly problem: SyntaxProblem };
