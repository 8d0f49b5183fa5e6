// The prompt: reads lines until they are complete, runs them one at a time, and outlives everything they do.
// Leaves on `exit`, on a second Ctrl-D in a row, and when the terminal goes away.

import { OffshoreError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { CompletionSource } from '../completion-source.ts';
import { parse } from '../core/parse.ts';
import { exitStatus } from '../failure.ts';
import { Interpreter } from '../interpreter.ts';
import { appendHistory, readLocalText, replaceHistory } from '../local-files.ts';
import type { Registry } from '../registry.ts';
import type { ShellSession } from '../session.ts';
import type { ShellIo } from '../shell-io.ts';
import { Stoppable } from '../stoppable.ts';
import type { Input } from '../input.ts';
import { LineEditor, prompts } from './line-editor.ts';

const historyBytesMax = 4 * limits.shellLineBytesMax;

/** Stdin of the session while a terminal is open: set by `runRepl`, because the editor needs the session first. */
export class TerminalStdin implements Input {
  readonly isTerminal = true;
  editor: LineEditor | undefined;

  nextLine(options: { readonly prompt: string; readonly signal: AbortSignal }): Promise<string | undefined> {
    return this.editor?.nextLine(options) ?? Promise.resolve(undefined);
  }

  async *bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.editor !== undefined) yield* this.editor.bytes(signal);
  }
}

export async function runRepl(session: ShellSession, registry: Registry, io: ShellIo, stdin: TerminalStdin): Promise<number> {
  const historyPath = historyPathOf(session);
  session.history.push(...await loadHistory(historyPath));
  const completion = new CompletionSource(session, registry);
  const interpreter = new Interpreter(session, registry);
  const stoppable = new Stoppable(session);
  const editor = new LineEditor({
    stdin: io.stdin, output: io.stderr.isTTY === true ? io.stderr : io.stdout, history: session.history,
    complete: (before) => completion.complete(before), onInterrupt: () => stoppable.interrupt(),
  });
  stdin.editor = editor;
  session.forgetHistory = async () => {
    editor.clearHistory();
    if (historyPath !== undefined) await replaceHistory(historyPath, []);
  };
  const release = session.deps.interrupts(() => editor.interrupt());
  try {
    return await readAndRun({
      session, editor, historyPath,
      // The history is written inside, so that Ctrl-C finds something to interrupt from the moment Enter is pressed.
      run: (text, line) => stoppable.run(async (streams) => {
        if (line !== undefined) await remember({ session, historyPath }, line);
        return interpreter.runText(text, streams);
      }),
    });
  } finally {
    release();
    editor.close();
  }
}

interface Loop {
  readonly session: ShellSession;
  readonly editor: LineEditor;
  readonly historyPath: string | undefined;
  /** `line` is the last line of the text, to be remembered. */
  run(text: string, line: string | undefined): Promise<number>;
}

async function readAndRun(loop: Loop): Promise<number> {
  const { session, editor } = loop;
  let ends = 0;
  let text = '';
  while (session.exitStatus === undefined) {
    const typed = await editor.readLine(text === '' ? prompts.first : prompts.more);
    if (typed.kind === 'hang-up') return session.lastStatus;
    if (typed.kind === 'interrupt') {
      session.lastStatus = exitStatus.interrupted;
      text = '';
      ends = 0;
      continue;
    }
    if (typed.kind === 'end') {
      // Bash's IGNOREEOF manner: once is a slip, twice is meant.
      ends += 1;
      if (text === '' && ends >= 2) return session.lastStatus;
      if (text === '') await say(session, 'Use "exit" to leave the shell.');
      else await loop.run(text, undefined);
      text = '';
      continue;
    }
    ends = 0;
    text += text === '' ? typed.text : `\n${typed.text}`;
    const parsed = parse(text);
    if (parsed.kind === 'problem' && parsed.problem.kind === 'incomplete' && text.length <= limits.shellLineBytesMax) {
      await remember(loop, typed.text);
      continue;
    }
    if (text.trim() !== '') session.lastStatus = await loop.run(text, typed.text);
    text = '';
  }
  return session.exitStatus;
}

async function say(session: ShellSession, text: string): Promise<void> {
  await session.options.stderr.write(`${text}\n`);
  await session.options.stderr.flush();
}

/** A disk that refuses the history must not stop the shell. */
async function remember(loop: Pick<Loop, 'session' | 'historyPath'>, line: string): Promise<void> {
  if (line.trim() === '' || line.startsWith(' ')) return;
  loop.session.history.push(line);
  if (loop.session.history.length > limits.historyLinesMax) loop.session.history.shift();
  if (loop.historyPath !== undefined) await appendHistory(loop.historyPath, line).catch(() => undefined);
}

function historyPathOf(session: ShellSession): string | undefined {
  const state = session.lookup('XDG_STATE_HOME');
  const home = session.lookup('HOME');
  const base = state !== undefined && state.startsWith('/') ? state : home === undefined || home === '' ? undefined : `${home}/.local/state`;
  return base === undefined ? undefined : `${base}/offshore/history`;
}

/** The newest lines; a file twice as long as the bound is cut back. */
async function loadHistory(path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  try {
    const lines = ((await readLocalText(path, historyBytesMax)) ?? '').split('\n').filter((line) => line !== '');
    const kept = lines.slice(-limits.historyLinesMax);
    if (lines.length > 2 * limits.historyLinesMax) await replaceHistory(path, kept);
    return kept;
  } catch (error) {
    // Grown past all sense by something else: begin anew.
    if (error instanceof OffshoreError && error.code === 'body-too-large') await replaceHistory(path, []).catch(() => undefined);
    return [];
  }
}
