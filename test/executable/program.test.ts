// The built program from any folder: what it prints where, and how it ends.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InstalledProgram } from '../support/run-program.ts';

const program = new InstalledProgram();
test.after(() => program[Symbol.dispose]());

test('version goes to standard output, as text or JSON', async () => {
  const text = await program.run(['version']);
  const json = await program.run(['version', '--json']);

  assert.match(text.stdout, /^offshore \d+\.\d+\.\d+ \([0-9a-z]+\)\n$/);
  assert.is(text.code, 0);
  assert.type(JSON.parse(json.stdout).version, 'string');
  assert.is((await program.run(['--version'])).stdout, text.stdout);
});

test('help goes to standard output, has examples and every option', async () => {
  const general = await program.run(['--help']);
  const tracker = await program.run(['--role=tracker', '--help']);
  const seeder = await program.run(['--role', 'seeder', '--help']);
  const cluster = await program.run(['cluster', '--help']);

  for (const { code, stdout, stderr } of [general, tracker, seeder, cluster]) {
    assert.is(code, 0);
    assert.is(stderr, '');
    assert.match(stdout, 'Examples:');
  }
  for (const flag of ['--id', '--listen', '--peers', '--data', '--log-level']) assert.match(tracker.stdout, flag);
  for (const flag of ['--id', '--listen', '--trackers', '--data', '--zone']) assert.match(seeder.stdout, flag);
});

test('a wrong or missing option names itself and exits 2', async () => {
  const cases: readonly [readonly string[], string][] = [
    [['--role=tracker'], '--id is missing'],
    [['--role=nobody'], '--role is a comma list of tracker and seeder, not "nobody"'],
    [['--role'], '--role'],
    [['--role=seeder', '--id=s', '--listen=nowhere', '--trackers=http://a:1', '--data=d'], '--listen is HOST:PORT'],
    [['--role=seeder', '--id=s', '--listen=127.0.0.1:1', '--trackers=http://a:1', '--data=d', '--zoen=z'], '--zoen is no option here; did you mean --zone?'],
    [['cluster', 'sideways'], '"sideways" is none of'],
    [['cluster', 'kill'], 'kill needs the name of a node'],
    [['cluster', 'up', '--seeders', 'many'], '--seeders is a whole number'],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await program.run(args);
    assert.is(code, 2, args.join(' '));
    assert.is(stdout, '');
    assert.ok(stderr.includes(message), `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, "Try 'offshore ");
  }
});

test('options of roles come from the environment too, and a wrong one is named as it was given', async () => {
  const { code, stderr } = await program.run([], { env: { OFFSHORE_ROLE: 'seeder', OFFSHORE_ID: 's1', OFFSHORE_LISTEN: '127.0.0.1:99999', OFFSHORE_DATA: 'd', OFFSHORE_TRACKERS: 'http://a:1' } });

  assert.is(code, 2);
  assert.match(stderr, 'OFFSHORE_LISTEN is HOST:PORT');
});

test('without arguments it says how it is used, exit 2', async () => {
  const { code, stderr } = await program.run([]);

  assert.is(code, 2);
  assert.match(stderr, 'Usage:');
});

test.run();
