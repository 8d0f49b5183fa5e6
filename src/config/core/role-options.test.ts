import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readRoleOptions } from './role-options.ts';

const trackerFlags = ['--role=tracker', '--id=t1', '--listen=127.0.0.1:7001', '--peers=t2=http://h:2,t1=http://h:1', '--data=/d'];
const seederFlags = ['--role=seeder', '--id=s1', '--listen=127.0.0.1:7101', '--trackers=http://h:1', '--data=/s'];

function problemsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const read = readRoleOptions(argv, env);
  return read.ok ? [] : read.problems.map(({ option, problem }) => `${option} ${problem}`);
}

test('a tracker takes its own address from --peers; peers are in order of name', () => {
  const read = readRoleOptions(trackerFlags, {});

  assert.equal(read, {
    ok: true,
    value: {
      logLevel: 'info',
      roles: [{ role: 'tracker', options: { id: 't1', listen: { host: '127.0.0.1', port: 7001 }, advertise: 'http://h:1', peers: [{ name: 't1', url: 'http://h:1' }, { name: 't2', url: 'http://h:2' }], data: '/d' } }],
    },
  });
});

test('a seeder has defaults for what is not given', () => {
  const read = readRoleOptions([...seederFlags, '--capacity', '10G'], {});

  assert.equal(read, {
    ok: true,
    value: {
      logLevel: 'info',
      roles: [{ role: 'seeder', options: { id: 's1', listen: { host: '127.0.0.1', port: 7101 }, trackers: ['http://h:1'], zone: 'default', advertise: 'http://127.0.0.1:7101', data: '/s', capacityBytes: 10 * 1024 ** 3 } }],
    },
  });
});

test('every option may come from the environment; a flag wins', () => {
  const env = { OFFSHORE_ROLE: 'seeder', OFFSHORE_ID: 'from-env', OFFSHORE_LISTEN: ':7101', OFFSHORE_ADVERTISE: 'http://h:9', OFFSHORE_TRACKERS: 'http://h:1', OFFSHORE_DATA: '/s', OFFSHORE_LOG_LEVEL: 'warn' };

  const read = readRoleOptions(['--id=from-flag'], env);

  assert.ok(read.ok);
  assert.is(read.value.logLevel, 'warn');
  assert.is(read.value.roles[0]?.options.id, 'from-flag');
  assert.equal(read.value.roles[0]?.options.listen, { host: '0.0.0.0', port: 7101 });
});

test('two roles share options, or have them apart by prefix', () => {
  const shared = ['--role=tracker,seeder', '--peers=t1=http://h:1', '--trackers=http://h:1', '--data=/d/'];
  const apart = ['--tracker-id=t1', '--seeder-id=s1', '--tracker-listen=127.0.0.1:1', '--seeder-listen=127.0.0.1:2'];

  const read = readRoleOptions([...shared, ...apart], {});

  assert.ok(read.ok);
  assert.equal(read.value.roles.map(({ role, options }) => `${role} ${options.id} ${options.listen.port} ${options.data}`), ['tracker t1 1 /d/tracker', 'seeder s1 2 /d/seeder']);
  assert.equal(problemsOf([...shared, '--id=t1', '--listen=127.0.0.1:1']), [
    '--id is t1 for two roles; give --tracker-id and --seeder-id',
    '--listen is port 1 for two roles; give --tracker-listen and --seeder-listen',
  ]);
});

test('what is wrong is named', () => {
  const cases: readonly [readonly string[], string][] = [
    [trackerFlags.map((flag) => flag.replace('t1=http', 't3=http')), '--peers has no entry for --id t1: it names all founding trackers, this one included'],
    [[...trackerFlags, '--advertise=http://h:5'], '--advertise is http://h:5, but --peers says http://h:1 for t1'],
    [[...trackerFlags, '--peers=http://h:1'], '--peers has "http://h:1", which is not NAME=URL such as tracker-1=http://127.0.0.1:7001'],
    [[...trackerFlags, '--peers=t1=http://h:1,t1=http://h:2'], '--peers names t1 or http://h:2 twice'],
    [[...trackerFlags, '--data'], '--data needs a value: DIR'],
    [[...trackerFlags, 'stray'], 'stray is not expected: options of roles begin with "--"'],
    [[...trackerFlags, '--log-level=loud'], '--log-level is one of debug, info, warn, error, silent, not "loud"'],
    [[...seederFlags, '--listen=:7101'], '--advertise is needed: others cannot reach a seeder by http://0.0.0.0:7101'],
    [[...seederFlags, '--trackers=http://h:1,ftp://x'], '--trackers has "ftp://x", which is no base URL such as http://127.0.0.1:7001, not "http://h:1,ftp://x"'],
    [[...seederFlags, '--capacity=lots'], '--capacity is a size such as 500G, not "lots"'],
  ];
  for (const [argv, problem] of cases) assert.ok(problemsOf(argv).some((each) => each.startsWith(problem)), `${argv.join(' ')}: ${problemsOf(argv).join(' | ')}`);
});

test.run();
