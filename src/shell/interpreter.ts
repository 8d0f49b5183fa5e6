// Runs parsed lines: expands words, finds commands, connects pipes and redirections, keeps `$?`. Nothing typed gets past it:
// whatever a command throws becomes a message and a status. Knows commands only through the registry.

import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseCommand, reportError, usageOf, AlreadyReported, type ShellCommand } from './base-command.ts';
import { toArgv, type CommandRun, type CommandStreams, type InterpreterPort } from './command-run.ts';
import { expandWord, literalOf, type Argument } from './core/expand.ts';
import { escapeControls, parseDuration } from './core/format.ts';
import { unescapeGlob } from './core/glob.ts';
import { normalise } from './core/normalise.ts';
import { parse } from './core/parse.ts';
import { suggest } from './core/suggest.ts';
import type { Pipeline, SimpleCommand, Step, Word } from './core/syntax.ts';
import { exitStatus, isAbort, toFailure, UsageProblem } from './failure.ts';
import { ByteInput, pullFrom, type Input } from './input.ts';
import { LocalFileSink, readLocal, resolveLocal } from './local-files.ts';
import { Pipe } from './pipe.ts';
import type { Registry } from './registry.ts';
import { RemoteFileSink } from './remote-sink.ts';
import type { ShellSession } from './session.ts';
import { BrokenPipe } from './sink.ts';

/** A redirection's target with this prefix is a remote file: `> offshore:/path`. */
const remotePrefix = 'offshore:';

export class Interpreter implements InterpreterPort {
  readonly depth: number;
  readonly #session: ShellSession;
  readonly #registry: Registry;

  constructor(session: ShellSession, registry: Registry, depth = 0) {
    this.#session = session;
    this.#registry = registry;
    this.depth = depth;
  }

  /** Runs a whole text; a syntax error runs nothing of it. */
  async runText(text: string, streams: CommandStreams): Promise<number> {
    if (this.depth > limits.sourceDepthMax) return this.#setStatus(await this.#say(streams, 'source: nested too deeply', exitStatus.failed));
    if (text.length > limits.shellLineBytesMax) return this.#setStatus(await this.#say(streams, 'line too long', exitStatus.usage));
    const parsed = parse(text);
    if (parsed.kind === 'problem') {
      return this.#setStatus(await this.#say(streams, `syntax error at ${place(text, parsed.problem.at)}: ${parsed.problem.message}`, exitStatus.usage));
    }
    return this.runSteps(parsed.steps, streams);
  }

  async runSteps(steps: readonly Step[], streams: CommandStreams): Promise<number> {
    for (const [at, step] of steps.entries()) {
      if (streams.signal.aborted) break;
      if (step.join === 'and' && this.#session.lastStatus !== 0) continue;
      if (step.join === 'or' && this.#session.lastStatus === 0) continue;
      this.#setStatus(await this.#runPipeline(step.pipeline, streams));
      if (this.#session.exitStatus !== undefined) break;
      // As POSIX `set -e`: a command whose status && or || looks at does not end the script.
      const isLookedAt = steps[at + 1] !== undefined && steps[at + 1]?.join !== 'always';
      if (this.#session.lastStatus !== 0 && this.#session.failFast === 'on' && !isLookedAt) {
        this.#session.exitStatus = this.#session.lastStatus;
        break;
      }
    }
    return this.#session.lastStatus;
  }

  /** A command given as words, for `time`. */
  runArguments(words: readonly Argument[], streams: CommandStreams): Promise<number> {
    return this.#guard(streams, '', () => this.#runCommand(words, streams));
  }

  #setStatus(status: number): number {
    this.#session.lastStatus = status;
    return status;
  }

  async #runPipeline(pipeline: Pipeline, streams: CommandStreams): Promise<number> {
    const pipes = pipeline.commands.slice(1).map(() => new Pipe());
    const running = pipeline.commands.map(async (command, at) => {
      const stdin = pipes[at - 1]?.input ?? streams.stdin;
      const stdout = pipes[at] ?? streams.stdout;
      try {
        return await this.#guard(streams, '', () => this.#runSimple(command, { ...streams, stdin, stdout }));
      } finally {
        pipes[at]?.end();
        pipes[at - 1]?.leave();
      }
    });
    return (await Promise.all(running)).at(-1) ?? exitStatus.ok;
  }

  /** The last net: a message and a status for anything thrown. */
  async #guard(streams: CommandStreams, name: string, call: () => Promise<number>): Promise<number> {
    try {
      const status = await call();
      await streams.stdout.flush();
      return status;
    } catch (error) {
      if (error instanceof BrokenPipe) return exitStatus.brokenPipe;
      if (error instanceof AlreadyReported) return exitStatus.failed;
      const failure = toFailure(streams.signal.aborted && isOffshoreError(streams.signal.reason) ? streams.signal.reason : error);
      if (failure.exit === exitStatus.interrupted) return failure.exit;
      try {
        await reportError({ ...streams, name, errors: 'text' }, { message: escapeControls(failure.text), code: failure.code, exit: failure.exit, ...(failure.hint === undefined ? {} : { hint: failure.hint }) });
      } catch {
        // Nobody reads stderr: the status is all that is left to give.
      }
      return failure.exit;
    }
  }

  async #runSimple(command: SimpleCommand, streams: CommandStreams): Promise<number> {
    const assignments = toAssignments(command.words);
    if (assignments !== undefined && command.redirects.length === 0) {
      for (const { name, value } of assignments) this.#session.variables.set(name, literalOf(value, this.#session.lookup));
      return exitStatus.ok;
    }
    const words = this.#expand(command.words);
    const opened: { close(how: 'publish' | 'discard'): Promise<void> }[] = [];
    let { stdin, stdout } = streams;
    let status: number = exitStatus.failed;
    try {
      for (const redirect of command.redirects) {
        const target = literalOf(redirect.target, this.#session.lookup);
        if (redirect.kind === 'read') {
          const file = this.#openRead(target, streams.signal);
          opened.push(file);
          stdin = file.input;
        } else {
          const sink = await this.#openWrite(target, redirect.kind, streams.signal);
          opened.push(sink);
          stdout = sink;
        }
      }
      status = words.length === 0 ? exitStatus.ok : await this.#runCommand(words, { ...streams, stdin, stdout });
      return status;
    } finally {
      for (const each of opened) await each.close(status === exitStatus.ok ? 'publish' : 'discard');
    }
  }

  #expand(words: readonly Word[]): Argument[] {
    const expanded: Argument[] = [];
    for (const word of words) {
      const result = expandWord(word, this.#session.lookup);
      if (result.kind === 'too-many' || expanded.length > limits.shellWordsMax) throw new UsageProblem('too many words: braces make more than 10,000');
      expanded.push(...result.arguments);
    }
    return this.#unalias(expanded);
  }

  /** An alias stands for its text once; it is not looked up again in itself (POSIX 2.3.1). */
  #unalias(words: readonly Argument[]): Argument[] {
    const [first, ...rest] = words;
    const body = first?.kind === 'literal' ? this.#session.aliases.get(first.text) : undefined;
    if (body === undefined) return [...words];
    const parsed = parse(body);
    const only = parsed.kind === 'ok' && parsed.steps.length === 1 && parsed.steps[0]?.pipeline.commands.length === 1 ? parsed.steps[0].pipeline.commands[0] : undefined;
    if (only === undefined || only.redirects.length > 0) throw new UsageProblem('an alias must be one command');
    const head = only.words.flatMap((word) => {
      const result = expandWord(word, this.#session.lookup);
      return result.kind === 'ok' ? [...result.arguments] : [];
    });
    return [...head, ...rest];
  }

  #openRead(target: string, signal: AbortSignal): { readonly input: Input; close(): Promise<void> } {
    if (target.startsWith(remotePrefix)) throw new UsageProblem(`reading from ${remotePrefix} is written with a pipe: cat PATH | …`);
    const { pull, close } = pullFrom(named(readLocal(this.#local(target), signal), target));
    return { input: new ByteInput(pull), close };
  }

  async #openWrite(target: string, how: 'write' | 'append', signal: AbortSignal): Promise<LocalFileSink | RemoteFileSink> {
    if (target.startsWith(remotePrefix)) {
      if (how === 'append') throw new UsageProblem(`>> ${remotePrefix} is not supported: a remote file is written as a whole`);
      return RemoteFileSink.open(this.#session, target.slice(remotePrefix.length), signal);
    }
    try {
      return await LocalFileSink.open(this.#local(target), how);
    } catch (error) {
      throw withName(error, target);
    }
  }

  #local(target: string): string {
    if (target === '') throw new OffshoreError('not-found', {});
    return resolveLocal(this.#session.localCwd, target, this.#session.lookup('HOME'));
  }

  async #runCommand(words: readonly Argument[], streams: CommandStreams): Promise<number> {
    const plain = words[0]?.kind === 'literal' && words[0].text === 'admin' && words.length > 1 ? words.slice(1) : words;
    const name = plain[0]?.kind === 'glob' ? unescapeGlob(plain[0].pattern) : plain[0]?.text ?? '';
    const commandClass = this.#registry.find(name);
    if (commandClass === undefined) {
      const meant = suggest(name, this.#registry.names());
      await reportError({ ...streams, name: '', errors: 'text' }, {
        message: `${escapeControls(name)}: command not found${meant === undefined ? '' : ` (did you mean ${meant}?)`}`, code: 'ENOENT', exit: exitStatus.commandNotFound,
      });
      return exitStatus.commandNotFound;
    }
    const argv = toArgv(plain);
    argv[0] = name;
    const errors = argv.includes('--json') ? 'json' : 'text';
    const parsed = parseCommand(commandClass, normalise(argv, commandClass));
    if (parsed.kind === 'help') {
      await streams.stdout.write(usageOf(commandClass));
      return exitStatus.ok;
    }
    const run = { ...streams, name, errors } as const;
    if (parsed.kind === 'wrong') return this.#wrongUsage(run, parsed.message);
    return this.#execute(parsed.command, run);
  }

  async #wrongUsage(run: Pick<CommandRun, 'name' | 'errors' | 'stdout' | 'stderr'>, message: string): Promise<number> {
    await reportError(run, { message, code: 'EINVAL', exit: exitStatus.usage, hint: `Try '${escapeControls(run.name)} --help'.` });
    return exitStatus.usage;
  }

  async #execute(command: ShellCommand, run: CommandStreams & Pick<CommandRun, 'name' | 'errors'>): Promise<number> {
    const deadline = new Deadline(command.timeout, this.#session, run.signal);
    try {
      if (command.color !== undefined && !['auto', 'always', 'never'].includes(command.color)) throw new UsageProblem('--color is auto, always or never');
      command.bind({
        ...run, signal: deadline.signal, session: this.#session, operationId: this.#session.drawOperationId(),
        interpreter: new Interpreter(this.#session, this.#registry, this.depth + 1),
      });
      return (await command.execute()) ?? exitStatus.ok;
    } catch (error) {
      if (error instanceof BrokenPipe) throw error;
      if (error instanceof UsageProblem) return await this.#wrongUsage(run, escapeControls(error.message));
      if (error instanceof AlreadyReported) return exitStatus.failed;
      const failure = toFailure(deadline.signal.aborted && isAbort(error) ? deadline.signal.reason : error);
      if (failure.exit === exitStatus.interrupted) return failure.exit;
      await reportError(run, { message: escapeControls(failure.text), code: failure.code, exit: failure.exit, ...(failure.hint === undefined ? {} : { hint: failure.hint }) });
      if (this.#session.options.debug === 'stacks' && error instanceof Error) await run.stderr.write(`${escapeControls(error.stack ?? '').replaceAll('\\x0a', '\n')}\n`);
      return failure.exit;
    } finally {
      deadline.cancel();
    }
  }

  async #say(streams: Pick<CommandStreams, 'stdout' | 'stderr'>, message: string, status: number): Promise<number> {
    await reportError({ ...streams, name: '', errors: 'text' }, { message, code: 'EINVAL', exit: status });
    return status;
  }
}

/** `--timeout` on top of the signal that is there. */
class Deadline {
  readonly signal: AbortSignal;
  readonly cancel: () => void;

  constructor(text: string | undefined, session: ShellSession, outer: AbortSignal) {
    if (text === undefined) {
      this.signal = outer;
      this.cancel = () => undefined;
      return;
    }
    const ms = parseDuration(text);
    if (ms === undefined) throw new UsageProblem('--timeout is a time such as 30s or 5m');
    const controller = new AbortController();
    this.cancel = session.deps.clock.schedule(ms, () => controller.abort(new OffshoreError('timeout')));
    this.signal = AbortSignal.any([outer, controller.signal]);
  }
}

interface Assignment {
  readonly name: string;
  readonly value: Word;
}

/** `NAME=value …` and nothing else: assignments instead of a command. */
function toAssignments(words: readonly Word[]): Assignment[] | undefined {
  const assignments: Assignment[] = [];
  for (const word of words) {
    const [first, ...rest] = word.pieces;
    const match = first?.kind === 'text' && !first.quoted ? /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(first.text) : null;
    if (match === null) return undefined;
    assignments.push({ name: match[1] ?? '', value: { ...word, pieces: [{ kind: 'text', text: match[2] ?? '', quoted: true }, ...rest] } });
  }
  return assignments;
}

/** Errors of a redirection say which file they are about. */
async function* named(bytes: AsyncIterable<Uint8Array>, target: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw withName(error, target);
  }
}

function withName(error: unknown, target: string): unknown {
  const failure = toFailure(error);
  return isOffshoreError(error) ? new OffshoreError(error.code, error.details, { cause: error, message: `${target}: ${failure.text}` }) : error;
}

/** `column 7`, or `line 2, column 3` when there are several. */
function place(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  return text.includes('\n') ? `line ${line}, column ${column}` : `column ${column}`;
}

