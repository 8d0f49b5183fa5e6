// Random lines into the shell: random characters, and real commands with pieces changed. Nothing may throw, hang, leave the
// temporary folder, or send a name's control characters to a terminal. The four fuzz-*.test.ts run 10,000 between them, each in a
// process of its own so that it stays short. OFFSHORE_SEED=n adds n to the seeds.

import { lstatSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as assert from 'uvu/assert';
import { OffshoreError } from '../../src/base/errors.ts';
import { randomInt, seededRng, type Rng } from '../../src/base/rng.ts';
import { allCommands } from '../../src/shell/all-commands.ts';
import { optionNames } from '../../src/shell/base-command.ts';
import { CompletionSource } from '../../src/shell/completion-source.ts';
import { emptyInput } from '../../src/shell/input.ts';
import { Interpreter } from '../../src/shell/interpreter.ts';
import { ShellSession } from '../../src/shell/session.ts';
import { StreamSink } from '../../src/shell/sink.ts';
import { MemoryRemoteFiles } from '../support/memory-remote-files.ts';
import { nodeClock } from '../../src/platform/node-clock.ts';
import { Recorder, shellDeps } from './shell-run.ts';

const lineMsMax = 5000;
const slowMs = 10;

export interface FuzzOptions {
  readonly lines: number;
  readonly kind: 'random-text' | 'commands';
  readonly seed: number;
}

const registry = allCommands();
const names = registry.names();
const evil = 'evil\x1b[2Jname\u202e';
// Local names are relative and short: every line stays inside the temporary folder.
const words = [
  'a', 'b', 'dir', 'dir/x', '.', '/', '/a', '/dir', '/dir/deep/f', '*', '**', '*.txt', '{a,b}', '[a-c]*', '?', '-', '--', '""', '\'\'', `"${evil}"`, '日本', '$X', '$?', '${X:-d}',
  '0', '1', '-1', '99999999999999999999', '10K', '3fa9c', 'copies=2', 'set', 'show', 'u+x', '755', '0:0', '-name', '-type', 'f', '-delete', '!', '(', ')', '@5', 'x'.repeat(300),
];
const operators = [';', '&&', '||', '|', '>', '>>', '<', '\n', ' ', '&', '#', '"', '\'', '\\', '$', '{', '}', '> offshore:/o', '\x01', '\0', '\x1b[31m', '\ud800', 'offshore:'];
// Lines with these may touch the local disk: no slash is left in them, so that they cannot name anything outside.
const local = /put|upload|get|download|lls|ll|list-local|lcd|source|\.|[<>]/;
// Lines with these may wait for the clock: they are interrupted, which must work too.
const slow = /sleep|ping|status|cluster|tail|time/;

/** Runs the lines and asserts the rules above for each of them. */
export async function fuzz(options: FuzzOptions): Promise<void> {
  const seed = options.seed + Number(process.env['OFFSHORE_SEED'] ?? 0);
  const folder = await mkdtemp(`${tmpdir()}/offshore-fuzz-`);
  const inside = `${folder}/in`;
  await mkdir(inside);
  await mkdir(`${inside}/dir`);
  await writeFile(`${inside}/a`, 'local a\n');
  await writeFile(`${inside}/dir/x.txt`, 'x');
  const stdout = new Recorder(true);
  const stderr = new Recorder(true);
  const remote = new MemoryRemoteFiles();
  const sinks = { stdout: new StreamSink(stdout), stderr: new StreamSink(stderr) };
  const session = new ShellSession({
    trackers: async () => [], env: { HOME: inside, NO_COLOR: '1', TERM: 'dumb' }, localCwd: inside, cwd: '/', stdin: emptyInput, ...sinks,
    colour: 'never', debug: 'off', failFast: 'off', mode: 'script',
  }, { ...shellDeps({ remote }), clock: nodeClock });
  const interpreter = new Interpreter(session, registry);
  const completion = new CompletionSource(session, registry);
  const rng = seededRng(seed);
  const statuses = new Map<number, number>();
  try {
    for (let number = 0; number < options.lines; number += 1) {
      if (number % 100 === 0) await refill(session, remote, interpreter, sinks);
      const line = confined(options.kind === 'random-text' ? randomText(rng) : mutated(rng));
      const label = `seed ${seed} line ${number}: ${JSON.stringify(line)}`;
      const controller = new AbortController();
      const cancel = slow.test(line) ? nodeClock.schedule(slowMs, () => controller.abort(new OffshoreError('aborted'))) : (): void => undefined;
      const status = await withDeadline(interpreter.runText(line, { stdin: emptyInput, ...sinks, signal: controller.signal }), label);
      cancel();
      assert.ok(Number.isInteger(status) && status >= 0 && status <= 255, `${label} gave ${status}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      session.exitStatus = undefined;
      session.failFast = 'off';
      assert.ok(session.localCwd.startsWith(inside), label);
      session.localCwd = inside;
      // What a file holds is printed as it is; only `clear` and `status --watch` steer the terminal themselves.
      checkTerminal(stdout, label, /cat|head|tail|get|download|clear|watch/.test(line) ? 'raw-allowed' : 'clean');
      checkTerminal(stderr, label, 'clean');
      if (number % 10 === 0) await withDeadline(completion.complete(line.slice(0, randomInt(rng, 0, line.length))), label);
    }
  } finally {
    assert.equal(readdirSync(folder), ['in'], 'nothing was made outside the folder');
    assert.ok(lstatSync(inside).isDirectory());
    await rm(folder, { recursive: true, force: true });
  }
  // The generator must reach real work, not only refusals.
  if (options.kind === 'commands') assert.ok((statuses.get(0) ?? 0) > options.lines / 20, JSON.stringify([...statuses]));
  for (const status of options.kind === 'commands' ? [1, 2, 4] : [2, 127]) assert.ok((statuses.get(status) ?? 0) > 0, JSON.stringify([...statuses]));
}

/** The random lines remove things: every so often there is something again, with names that want to steer the terminal. */
async function refill(session: ShellSession, remote: MemoryRemoteFiles, interpreter: Interpreter, sinks: { readonly stdout: StreamSink; readonly stderr: StreamSink }): Promise<void> {
  session.aliases.clear();
  session.variables.set('X', 'a');
  const streams = { stdin: emptyInput, ...sinks, signal: new AbortController().signal };
  await interpreter.runText(`cd /; mkdir -p /dir/deep; rm -rf "/${evil}"; echo text > offshore:/a; echo x > "offshore:/${evil}"; touch /dir/deep/f /dir/b.txt; cp /a /dir/a`, streams);
  assert.ok((await remote.stat('/', 'never', streams.signal)).kind === 'directory');
}

function randomText(rng: Rng): string {
  const bytes = Uint8Array.from({ length: randomInt(rng, 0, 60) }, () => (rng() < 0.7 ? randomInt(rng, 32, 126) : randomInt(rng, 0, 255)));
  return new TextDecoder().decode(bytes);
}

function mutated(rng: Rng): string {
  const pick = (list: readonly string[]): string => list[randomInt(rng, 0, list.length - 1)] ?? '';
  let line = '';
  for (let command = randomInt(rng, 1, 2); command > 0; command -= 1) {
    const name = pick(names);
    const commandClass = registry.find(name);
    line += name;
    for (let count = randomInt(rng, 0, 4); count > 0; count -= 1) line += ` ${rng() < 0.3 && commandClass !== undefined ? pick(optionNames(commandClass)) : pick(words)}`;
    if (command > 1) line += ` ${pick(operators)} `;
  }
  // A few characters changed, doubled or lost.
  for (let change = rng() < 0.3 ? randomInt(rng, 1, 3) : 0; change > 0; change -= 1) {
    const at = randomInt(rng, 0, line.length);
    line = line.slice(0, at) + (rng() < 0.5 ? pick(operators) : '') + line.slice(at + randomInt(rng, 0, 1));
  }
  return line;
}

function confined(line: string): string {
  const inFolder = local.test(line) ? line.replaceAll('/', '') : line;
  return inFolder.replace(/[\\'"]*\.[\\'"]*\./g, '.');
}

function checkTerminal(recorder: Recorder, label: string, rule: 'clean' | 'raw-allowed'): void {
  // Progress bars move the cursor with these.
  const text = recorder.text.replace(/\x1b\[\d*[AJK]|\r/g, '');
  recorder.parts.length = 0;
  if (rule === 'clean') assert.not.match(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/, label);
}

async function withDeadline<T>(running: Promise<T>, label: string): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => { cancel = nodeClock.schedule(lineMsMax, () => reject(new Error(`hangs: ${label}`))); });
  try {
    return await Promise.race([running, late]);
  } finally {
    cancel();
  }
}
