// What one running command is given: its streams, its signal, its name as typed, and the shell around it.

import type { Argument } from './core/expand.ts';
import type { Input } from './input.ts';
import type { ShellSession } from './session.ts';
import type { Sink } from './sink.ts';

export interface CommandRun {
  readonly name: string;
  readonly session: ShellSession;
  readonly stdin: Input;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signal: AbortSignal;
  readonly operationId: string;
  /** Errors as JSON lines: `--json` was given. */
  readonly errors: 'text' | 'json';
  readonly interpreter: InterpreterPort;
}

/** The interpreter as commands see it (`time`, `source`, `help`). */
export interface InterpreterPort {
  readonly depth: number;
  runArguments(words: readonly Argument[], run: CommandStreams): Promise<number>;
  runText(text: string, run: CommandStreams): Promise<number>;
}

export type CommandStreams = Pick<CommandRun, 'stdin' | 'stdout' | 'stderr' | 'signal'>;

/** Marks an argument that is a pattern on its way through the option parser; no typed text can hold this character. */
export const globMark = '\x01';

export function toArgv(words: readonly Argument[]): string[] {
  return words.map((word) => (word.kind === 'glob' ? `${globMark}${word.pattern}` : word.text));
}

export function fromArgv(argv: readonly string[]): Argument[] {
  return argv.map((text) => (text.startsWith(globMark) ? { kind: 'glob', pattern: text.slice(globMark.length) } : { kind: 'literal', text }));
}
