// Base of every command, and the only importer of clipanion: options in, helpers for operands, output and errors.
// Commands parse, call the client, print; what they decide belongs in core/. Nothing here ends the process.

import { Cli, Command, Option } from 'clipanion';
import { mustExist } from '../base/assert.ts';
import { OffshoreError } from '../base/errors.ts';
import type { RemoteFiles } from '../client/remote-files.ts';
import type { Outcome } from '../model/operation.ts';
import { globMark, type CommandRun } from './command-run.ts';
import type { OperandSide } from './core/complete.ts';
import { escapeControls, paint, toJson, type Paint } from './core/format.ts';
import { unescapeGlob } from './core/glob.ts';
import { resolveRemote } from './core/remote-path.ts';
import { exitStatus, isAbort, quoteName, toFailure, UsageProblem } from './failure.ts';
import { expandGlob } from './glob-walk.ts';
import { resolveLocal } from './local-files.ts';
import { BrokenPipe } from './sink.ts';
import { localTree, remoteTree } from './trees.ts';

export { Option };

export type Category = 'Session' | 'Look' | 'Change' | 'Transfer' | 'Cluster';

export interface CommandUsage {
  readonly category: Category;
  readonly description: string;
  readonly details?: string;
  readonly examples?: readonly (readonly [string, string])[];
}

/** An operand as typed, and the absolute path it means. */
export interface Operand {
  readonly typed: string;
  readonly path: string;
}

export interface ShellCommandClass {
  new(): ShellCommand;
  /** Name first, then aliases. */
  readonly names: readonly string[];
  readonly help: CommandUsage;
  /** Which tree TAB looks into for its operands. */
  readonly side: OperandSide;
  /** `-h` means human-readable sizes here, not help. */
  readonly humanShort: boolean;
  /** One-letter options that take a value and may have it glued on: `-n5`. */
  readonly shorts: string;
  /** Option that a bare number sets: `head -5`. */
  readonly digits: string | undefined;
}

export abstract class ShellCommand extends Command {
  static readonly names: readonly string[] = [];
  static readonly side: OperandSide = 'remote';
  static readonly humanShort: boolean = false;
  static readonly shorts: string = '';
  static readonly digits: string | undefined = undefined;

  json = Option.Boolean('--json', false, { description: 'Print JSON lines; errors too, on stderr' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print nothing but errors' });
  verbose = Option.Counter('-v,--verbose', 0, { description: 'Say what is done' });
  color = Option.String('--color', { description: 'auto, always or never' });
  timeout = Option.String('--timeout', { description: 'Give up after so long: 30s, 5m' });

  #run: CommandRun | undefined;
  #failures = 0;
  #lastExit = 0;
  #isPartial = false;

  bind(run: CommandRun): void {
    this.#run = run;
  }

  protected get run(): CommandRun {
    return mustExist(this.#run, 'a command is bound before it runs');
  }

  protected get session(): CommandRun['session'] {
    return this.run.session;
  }

  protected get signal(): AbortSignal {
    return this.run.signal;
  }

  protected remote(): Promise<RemoteFiles> {
    return this.session.remote();
  }

  // --- operands ---

  /** Absolute remote path of what was typed. */
  protected remotePath(typed: string): string {
    return resolveRemote(this.session.cwd, typed);
  }

  protected localPath(typed: string): string {
    return resolveLocal(this.session.localCwd, typed, this.session.lookup('HOME'));
  }

  /** Remote operands with patterns matched; a pattern that matches nothing is an error of its own. */
  protected async remoteOperands(given: readonly string[]): Promise<Operand[]> {
    const operands: Operand[] = [];
    for (const typed of await this.#matched(given, 'remote')) {
      await this.attempt(`cannot access ${quoteName(typed)}`, typed, async () => { operands.push({ typed, path: this.remotePath(typed) }); });
    }
    return operands;
  }

  protected async localOperands(given: readonly string[]): Promise<Operand[]> {
    return (await this.#matched(given, 'local')).map((typed) => ({ typed, path: this.localPath(typed) }));
  }

  async #matched(given: readonly string[], side: 'remote' | 'local'): Promise<string[]> {
    const typed: string[] = [];
    for (const text of given) {
      if (!text.startsWith(globMark)) {
        typed.push(text);
        continue;
      }
      const pattern = text.slice(globMark.length);
      const isOneShot = this.session.options.mode === 'one-shot';
      if (isOneShot && side === 'local') {
        // The caller's shell has matched local names already; what it left is a name.
        typed.push(pattern);
        continue;
      }
      const tree = side === 'local'
        ? localTree(this.session.localCwd, this.session.lookup('HOME'))
        : remoteTree(await this.remote(), this.session.cwd, this.signal);
      const names = await expandGlob(pattern, tree, this.signal);
      if (names.length > 0) for (const name of names) typed.push(name);
      else if (this.session.failGlob === 'off' || isOneShot) typed.push(unescapeGlob(pattern));
      else await this.fail(`no matches found: ${escapeControls(unescapeGlob(pattern))}`, { path: unescapeGlob(pattern), exit: exitStatus.failed });
    }
    return typed;
  }

  /** Text of a word that is never matched, pattern or not. */
  protected literal(text: string): string {
    return text.startsWith(globMark) ? unescapeGlob(text.slice(globMark.length)) : text;
  }

  /** An operand that must be one name: a pattern that matches exactly one is fine. */
  protected async oneRemote(given: string): Promise<Operand> {
    const operands = await this.remoteOperands([given]);
    const [only] = operands;
    if (operands.length > 1) throw new UsageProblem(`${quoteName(unescapeGlob(given.slice(globMark.length)))} matches more than one name`);
    if (only === undefined) throw new AlreadyReported();
    return only;
  }

  // --- output ---

  protected async print(text: string | Uint8Array): Promise<void> {
    await this.run.stdout.write(text);
  }

  protected async line(text: string): Promise<void> {
    await this.run.stdout.write(`${text}\n`);
  }

  protected async jsonLine(value: unknown): Promise<void> {
    await this.run.stdout.write(`${toJson(value)}\n`);
  }

  /** A name as it may stand on this output: raw into pipes and files, harmless on a terminal. */
  protected safe(name: string): string {
    return this.run.stdout.isTerminal ? escapeControls(name) : name;
  }

  protected paint(text: string, style: Paint): string {
    return this.usesColour ? paint(text, style) : text;
  }

  protected get usesColour(): boolean {
    const wish = this.color ?? this.session.options.colour;
    if (wish === 'always') return true;
    if (wish === 'never' || (this.session.lookup('NO_COLOR') ?? '') !== '') return false;
    if ((this.session.lookup('FORCE_COLOR') ?? '0') !== '0') return true;
    return this.run.stdout.isTerminal && this.session.lookup('TERM') !== 'dumb';
  }

  /** Says something beside the data: stderr, not under -q. */
  protected async note(text: string): Promise<void> {
    if (this.quiet) return;
    await this.run.stdout.flush();
    await this.run.stderr.write(`${escapeControls(text)}\n`);
    await this.run.stderr.flush();
  }

  // --- errors ---

  /** Reports and counts a failure that does not end the command. */
  protected async fail(message: string, details: { readonly path?: string; readonly code?: string; readonly exit?: number; readonly hint?: string } = {}): Promise<void> {
    this.#failures += 1;
    this.#lastExit = details.exit ?? exitStatus.failed;
    await this.beforeMessage();
    await reportError(this.run, { message, code: details.code ?? 'failed', exit: this.#lastExit, ...details });
  }

  /** Runs `call`; what it throws is reported as `<what>: <reason>` and counted. An interrupt goes on up. */
  protected async attempt(what: string, path: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      await this.failWith(what, path, error);
    }
  }

  /** Clears the way for a message: progress bars leave the screen. */
  protected async beforeMessage(): Promise<void> {}

  protected async failWith(what: string, path: string, error: unknown): Promise<void> {
    if (error instanceof AlreadyReported) return;
    if (error instanceof BrokenPipe || this.signal.aborted || isAbort(error)) throw error;
    const failure = toFailure(error);
    await this.fail(`${what}: ${escapeControls(failure.text)}`, { path, code: failure.code, exit: failure.exit, ...(failure.hint === undefined ? {} : { hint: failure.hint }) });
  }

  /** Exit status: that of the failure when there was one operand, 1 when some of several failed. */
  protected statusFor(operands: number): number {
    if (this.#failures === 0) return exitStatus.ok;
    if (this.#isPartial) return exitStatus.failed;
    return operands === 1 && this.#failures === 1 ? this.#lastExit : exitStatus.failed;
  }

  /** From here on a failure is one of many (a tree is walked): the status is 1, not the failure's own. */
  protected beginMany(): void {
    this.#isPartial = true;
  }

  /** Every operand in turn; each failure is told as `<what> 'operand': reason`. */
  protected async each(operands: readonly Operand[], what: string, call: (operand: Operand) => Promise<void>): Promise<number> {
    for (const operand of operands) {
      this.signal.throwIfAborted();
      await this.attempt(`${what} ${quoteName(operand.typed)}`, operand.path, () => call(operand));
    }
    return this.statusFor(operands.length);
  }

  /** Asks on the terminal (or takes the next line of a script); anything but y or yes is no. */
  protected async confirm(question: string): Promise<boolean> {
    await this.beforeMessage();
    await this.run.stdout.flush();
    const prompt = escapeControls(`offshore: ${this.run.name}: ${question} `);
    if (!this.session.options.stdin.isTerminal) {
      await this.run.stderr.write(prompt);
      await this.run.stderr.flush();
    }
    const answer = await this.session.options.stdin.nextLine({ prompt, signal: this.signal });
    return /^\s*y(es)?\s*$/i.test(answer ?? '');
  }
}

/** Ends a command whose failure was told already; `statusFor` knows the status. */
export class AlreadyReported extends Error {
  override readonly name = 'AlreadyReported';
}

/** The outcome of an operation that must have worked. */
export function mustOk(outcome: Outcome | undefined): Extract<Outcome, { ok: true }> {
  if (outcome === undefined) throw new OffshoreError('bad-answer', {});
  if (!outcome.ok) throw new OffshoreError(outcome.code, outcome.details);
  return outcome;
}

/** `offshore: rm: message` or its JSON form, on stderr, after everything already printed. */
export async function reportError(
  run: Pick<CommandRun, 'name' | 'stdout' | 'stderr' | 'errors'>,
  error: { readonly message: string; readonly code: string; readonly exit: number; readonly path?: string; readonly hint?: string },
): Promise<void> {
  await run.stdout.flush().catch(() => undefined);
  const text = run.errors === 'json'
    ? toJson({ type: 'error', command: run.name, ...(error.path === undefined ? {} : { path: error.path }), code: error.code, message: error.message, exit: error.exit })
    : `offshore: ${run.name === '' ? '' : `${escapeControls(run.name)}: `}${escapeControls(error.message)}${error.hint === undefined ? '' : `\n  ${escapeControls(error.hint)}`}`;
  await run.stderr.write(`${text}\n`);
  await run.stderr.flush();
}

const clis = new Map<ShellCommandClass, Cli>();

/** One Cli a class: a Cli of sixty commands takes 24 ms a line, one of one takes 0.3. */
function cliOf(commandClass: ShellCommandClass): Cli {
  const known = clis.get(commandClass);
  if (known !== undefined) return known;
  const cli = new Cli({ binaryName: '', enableColors: false });
  cli.register(Object.assign(commandClass, { paths: commandClass.names.map((name) => [name]), usage: {} }));
  clis.set(commandClass, cli);
  return cli;
}

export type Parsed = { readonly kind: 'run'; readonly command: ShellCommand } | { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string };

/** Options and operands into a command. `argv[0]` is one of the class's names; patterns carry their mark. */
export function parseCommand(commandClass: ShellCommandClass, argv: readonly string[]): Parsed {
  try {
    const command = cliOf(commandClass).process([...argv]);
    if (command.help || !(command instanceof ShellCommand)) return { kind: 'help' };
    unmarkOptions(command);
    return { kind: 'run', command };
  } catch (error) {
    return { kind: 'wrong', message: usageMessage(error) };
  }
}

/** An option's value is never a pattern; lists of operands keep their marks until the command matches them. */
function unmarkOptions(command: ShellCommand): void {
  for (const [key, value] of Object.entries(command)) {
    if (typeof value === 'string' && value.startsWith(globMark) && !key.endsWith('Operand')) {
      Object.assign(command, { [key]: unescapeGlob(value.slice(globMark.length)) });
    }
  }
}

function usageMessage(error: unknown): string {
  const first = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  const text = first.replace(/^(Unknown Syntax Error|Usage Error|Ambiguous Syntax Error): /, '').replaceAll(globMark, '').replace(/\.$/, '');
  return escapeControls(text.charAt(0).toLowerCase() + text.slice(1));
}

/** `Usage: ls [options] …` with every option and the examples. */
export function usageOf(commandClass: ShellCommandClass): string {
  const cli = cliOf(commandClass);
  const definition = cli.definitions().find((each) => commandClass.names.some((name) => each.path.trim() === name));
  const usage = commandClass.help;
  const aliases = commandClass.names.slice(1);
  const lines = [
    `Usage: ${definition?.usage.trim() ?? commandClass.names[0] ?? ''}`,
    usage.description,
    ...(aliases.length === 0 ? [] : [`Also called: ${aliases.join(', ')}`]),
    ...(usage.details === undefined ? [] : ['', usage.details.trim()]),
    '', 'Options:', ...optionLines(definition?.options ?? [], commandClass),
    ...(usage.examples === undefined ? [] : ['', 'Examples:', ...usage.examples.map(([what, line]) => `  ${line.padEnd(34)} ${what}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function optionLines(options: readonly { readonly definition: string; readonly description?: string }[], commandClass: ShellCommandClass): string[] {
  return options.map((option) => {
    const name = commandClass.humanShort ? option.definition.replace(/^--human-readable/, '-h,--human-readable') : option.definition;
    return `  ${name.padEnd(26)} ${option.description ?? ''}`.trimEnd();
  });
}

/** Option names of a command, for TAB. */
export function optionNames(commandClass: ShellCommandClass): string[] {
  const definition = cliOf(commandClass).definitions()[0];
  const names = (definition?.options ?? []).flatMap((option) => option.definition.split(' ')[0]?.split(',') ?? []);
  return [...new Set([...names, '--help'])].sort();
}
