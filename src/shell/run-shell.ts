// The shell as a program: its own options, then a prompt, a script, or one command. `offshore ls /x`, `offshore shell -c 'ls /x'`
// and `ls /x` at the prompt run through the same interpreter. Ends by returning a status; only a second Ctrl-C ends sooner.

import { isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { allCommands } from './all-commands.ts';
import { fromArgv, globMark } from './command-run.ts';
import { escapeControls } from './core/format.ts';
import { parse } from './core/parse.ts';
import { resolveRemote } from './core/remote-path.ts';
import { parseShellArguments, shellUsage, type ShellArguments } from './core/shell-arguments.ts';
import { exitStatus, toFailure } from './failure.ts';
import { ByteInput, pullFrom, StreamSource, type Input } from './input.ts';
import { Interpreter } from './interpreter.ts';
import { readLocal, resolveLocal } from './local-files.ts';
import type { Registry } from './registry.ts';
import { runRepl, TerminalStdin } from './repl/repl.ts';
import { ShellSession } from './session.ts';
import type { ShellDeps, ShellIo } from './shell-io.ts';
import { StreamSink } from './sink.ts';
import { Stoppable } from './stoppable.ts';
import { findTrackers } from './trackers.ts';

/** `argv` without program and script: `['shell', '-c', 'ls']`, `['ls', '/x']`, or nothing for a prompt. */
export async function runShell(argv: readonly string[], io: ShellIo, deps: ShellDeps): Promise<number> {
  const stdout = new StreamSink(io.stdout);
  const stderr = new StreamSink(io.stderr);
  const parsed = parseShellArguments(argv);
  if (parsed.kind !== 'ok') {
    const isHelp = parsed.kind === 'help';
    await (isHelp ? stdout : stderr).write(isHelp ? shellUsage : `offshore: ${escapeControls(parsed.message)}\n  Try 'offshore shell --help'.\n`);
    await (isHelp ? stdout : stderr).flush();
    return isHelp ? exitStatus.ok : exitStatus.usage;
  }
  const options = parsed.arguments;
  const source = new StreamSource(io.stdin);
  const isInteractive = options.mode.kind === 'shell' && options.mode.commands.length === 0 && options.mode.file === undefined && io.stdin.isTTY === true;
  const terminal = new TerminalStdin();
  const stdin: Input = isInteractive ? terminal : new ByteInput(source.pull, { isTerminal: io.stdin.isTTY === true, showPrompt: async (prompt) => {
    if (io.stdin.isTTY !== true) return;
    await stderr.write(prompt);
    await stderr.flush();
  } });
  const session = new ShellSession({
    trackers: () => findTrackers(options.tracker, io), env: io.env, localCwd: io.cwd, cwd: firstDirectory(io.env['OFFSHORE_CWD']), stdin, stdout, stderr,
    colour: options.colour, debug: options.debug, failFast: options.failFast, mode: isInteractive ? 'interactive' : options.mode.kind === 'shell' ? 'script' : 'one-shot',
  }, deps);
  const registry = allCommands();
  try {
    return isInteractive ? await runRepl(session, registry, io, terminal) : await runBatch(session, registry, options);
  } finally {
    source.close();
    await session.close();
  }
}

function firstDirectory(text: string | undefined): string {
  try {
    return resolveRemote('/', text ?? '/');
  } catch {
    return '/';
  }
}

/** Everything without a prompt. Ctrl-C stops it, twice at once. */
async function runBatch(session: ShellSession, registry: Registry, options: ShellArguments): Promise<number> {
  const interpreter = new Interpreter(session, registry);
  const stoppable = new Stoppable(session);
  const release = session.deps.interrupts(() => {
    if (stoppable.interrupt() !== 'asked') session.deps.exitNow(exitStatus.interrupted);
  });
  try {
    const mode = options.mode;
    if (mode.kind === 'one-shot') return await stoppable.run((streams) => interpreter.runArguments(toArguments(mode.words), streams));
    for (const command of mode.commands) {
      const status = await stoppable.run((streams) => interpreter.runText(command, streams));
      if (isOver(session, status)) return session.exitStatus ?? status;
    }
    if (mode.file !== undefined) return await runFile(session, mode.file, (text) => stoppable.run((streams) => interpreter.runText(text, streams)));
    if (mode.commands.length > 0) return session.lastStatus;
    return await runLines(session, session.options.stdin, (text) => stoppable.run((streams) => interpreter.runText(text, streams)));
  } finally {
    release();
  }
}

/** Patterns that the caller's shell left alone are ours to match; a name that it made is taken as it is if nothing matches. */
function toArguments(words: readonly string[]): ReturnType<typeof fromArgv> {
  return fromArgv(words.map((word, at) => (at > 0 && !word.startsWith('-') && /[*?]|\[[^\]]+\]/.test(word) && !word.includes('\\') ? `${globMark}${word}` : word.replaceAll(globMark, ''))));
}

async function runFile(session: ShellSession, file: string, run: (text: string) => Promise<number>): Promise<number> {
  const path = resolveLocal(session.localCwd, file, session.lookup('HOME'));
  const { pull, close } = pullFrom(readLocal(path, new AbortController().signal));
  try {
    return await runLines(session, new ByteInput(pull), run);
  } catch (error) {
    const failure = toFailure(error);
    await session.options.stderr.write(`offshore: ${escapeControls(file)}: ${escapeControls(failure.text)}\n`);
    await session.options.stderr.flush();
    return isOffshoreError(error, 'not-found') ? exitStatus.commandNotFound : failure.exit;
  } finally {
    await close();
  }
}

/** A script, line by line: a command reads the rest of the same input, as under sh. */
async function runLines(session: ShellSession, input: Input, run: (text: string) => Promise<number>): Promise<number> {
  const signal = new AbortController().signal;
  let text: string | undefined;
  for (;;) {
    const line = await input.nextLine({ prompt: '', signal });
    if (line === undefined) break;
    text = text === undefined ? line : `${text}\n${line}`;
    const parsed = parse(text);
    if (parsed.kind === 'problem' && parsed.problem.kind === 'incomplete' && text.length <= limits.shellLineBytesMax) continue;
    const status = text.trim() === '' ? session.lastStatus : await run(text);
    text = undefined;
    if (isOver(session, status)) return session.exitStatus ?? status;
  }
  return text === undefined ? session.lastStatus : run(text);
}

/** After `exit`, after Ctrl-C, and when nobody reads the output any more. */
function isOver(session: ShellSession, status: number): boolean {
  return session.exitStatus !== undefined || status === exitStatus.interrupted || status === exitStatus.brokenPipe;
}
