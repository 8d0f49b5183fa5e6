// The prompt on streams that say they are a terminal. What readline draws is not compared; what is run, and when, is.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeClock } from '../../src/platform/node-clock.ts';
import { runShell } from '../../src/shell/run-shell.ts';
import type { TerminalInput } from '../../src/shell/shell-io.ts';
import { MemoryRemoteFiles } from '../support/memory-remote-files.ts';
import { Recorder, shellDeps } from './shell-run.ts';

class Keyboard extends PassThrough {
  readonly isTTY = true;

  setRawMode(): this {
    return this;
  }
}

interface Screen {
  type(text: string): void;
  /** Waits until the screen shows the text after what was waited for before. */
  shows(text: string): Promise<void>;
  hangUp(): void;
  readonly folder: string;
  readonly ended: Promise<number>;
}

async function onTerminal(use: (screen: Screen) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/offshore-repl-`);
  const keyboard = new Keyboard();
  const screen = new Recorder(true);
  let seen = 0;
  const ended = runShell(['shell'], {
    stdin: keyboard as unknown as TerminalInput, stdout: screen, stderr: screen, env: { HOME: folder, TERM: 'xterm', NO_COLOR: '1' }, cwd: folder,
  }, { ...shellDeps({ remote: new MemoryRemoteFiles() }), clock: nodeClock });
  const shows = async (text: string): Promise<void> => {
    for (let turns = 0; turns < 2000; turns += 1) {
      const at = screen.text.indexOf(text, seen);
      if (at >= 0) {
        seen = at + text.length;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.unreachable(`the screen never showed ${JSON.stringify(text)}; it has ${JSON.stringify(screen.text.slice(seen))}`);
  };
  try {
    await use({ type: (text) => void keyboard.write(text), shows, hangUp: () => void keyboard.end(), folder, ended });
    keyboard.end();
    await ended;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a line runs, exit leaves with its status', () => onTerminal(async ({ type, shows, ended }) => {
  await shows('$ ');
  type('echo a"b"c\r');
  await shows('abc\n');
  type('exit 3\r');
  assert.is(await ended, 3);
}));

test('an open quote asks for more with "> "', () => onTerminal(async ({ type, shows }) => {
  await shows('$ ');
  type('echo "one\r');
  await shows('> ');
  type('two"\r');
  await shows('one\ntwo\n');
  type('exit\r');
}));

test('lines pasted together run one after the other, none is lost', () => onTerminal(async ({ type, shows, ended }) => {
  await shows('$ ');
  type('mkdir /d\rtouch /d/x\rls /d\rexit 4\r');
  await shows('x\n');
  assert.is(await ended, 4);
}));

test('Ctrl-C clears a line and interrupts a command', () => onTerminal(async ({ type, shows }) => {
  await shows('$ ');
  type('echo never');
  await shows('never');
  type('\x03');
  await shows('^C');
  type('sleep 100\r');
  await shows('sleep 100');
  await new Promise((resolve) => setTimeout(resolve, 30));
  type('\x03');
  await shows('^C');
  type('echo "<$?>"\r');
  await shows('<130>\n');
  type('exit\r');
}));

test('one Ctrl-D says how to leave, a second in a row leaves', () => onTerminal(async ({ type, shows, ended }) => {
  await shows('$ ');
  type('\x04');
  await shows('Use "exit" to leave the shell.');
  type('false\r');
  await shows('$ ');
  type('\x04\x04');
  assert.is(await ended, 1);
}));

test('a terminal that hangs up ends the shell', () => onTerminal(async ({ shows, hangUp, ended }) => {
  await shows('$ ');
  hangUp();
  assert.is(await ended, 0);
}));

test('TAB completes commands, remote names and local names with their quoting', () => onTerminal(async ({ type, shows }) => {
  await shows('$ ');
  type('touch "/a b c"\r');
  await shows('$ ');
  type('checks\t');
  await shows('checksum ');
  type('/a\t');
  await shows('\\ b\\ c ');
  type('\r');
  await shows('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  /a b c\n');
  type('exit\r');
}));

test('Ctrl-R finds an earlier line and Enter runs it', () => onTerminal(async ({ type, shows }) => {
  await shows('$ ');
  type('echo needle\r');
  await shows('needle\n');
  type('echo other\r');
  await shows('other\n');
  type('\x12');
  type('need');
  await shows('reverse-i-search)\'need\': echo needle');
  type('\r');
  await shows('needle\n');
  type('exit\r');
}));

test('the history is a file that only its owner reads; lines that begin with a space stay out', () => onTerminal(async ({ type, shows, folder, ended }) => {
  await shows('$ ');
  type('echo kept\r');
  await shows('kept\n');
  type(' echo secret\r');
  await shows('secret\n');
  type('history\r');
  await shows('    1  echo kept\n');
  type('exit\r');
  await ended;
  const path = `${folder}/.local/state/offshore/history`;
  assert.is(await readFile(path, 'utf8'), 'echo kept\nhistory\nexit\n');
  assert.is((await stat(path)).mode & 0o777, 0o600);
}));

test('a command reads what is typed until Ctrl-D, and questions are asked', () => onTerminal(async ({ type, shows }) => {
  await shows('$ ');
  type('put -q - /typed\r');
  await new Promise((resolve) => setTimeout(resolve, 30));
  type('hello\r');
  type('\x04');
  await shows('$ ');
  type('cat /typed\r');
  await shows('hello\n');
  type('rm -i /typed\r');
  await shows('remove \'/typed\'?');
  type('y\r');
  await shows('$ ');
  type('ls /\r');
  type('stat /typed\r');
  await shows('No such file or directory');
  type('exit\r');
}));

test.run();
