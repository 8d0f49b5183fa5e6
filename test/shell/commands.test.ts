import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile, lstat, readlink, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffshoreError } from '../../src/base/errors.ts';
import { MemoryRemoteFiles } from '../support/memory-remote-files.ts';
import { run, script, type RunOptions } from './shell-run.ts';

async function world(use: (options: RunOptions & { readonly remote: MemoryRemoteFiles }) => Promise<void>): Promise<void> {
  const cwd = await mkdtemp(`${tmpdir()}/offshore-shell-`);
  try {
    await use({ remote: new MemoryRemoteFiles(), cwd });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

test('the example of the issue: put, ls -l, get gives equal bytes and exit 0', () => world(async (options) => {
  await writeFile(`${options.cwd}/package-lock.json`, '{"a":1}\n');
  const result = await script('put package-lock.json /a\nls -l /\nget /a out-a\n', options);
  assert.is(result.status, 0, result.stderr);
  assert.match(result.stdout, /^-rw-r--r--  1  \d+  \d+  8  \d{4}-\d\d-\d\d \d\d:\d\d  [0-9a-f]{5}  a\n$/);
  assert.is(await readFile(`${options.cwd}/out-a`, 'utf8'), '{"a":1}\n');
  assert.match(result.stderr, /^\/a: 8 bytes, content [0-9a-f]{5}, index \d+, 3 copies, survives 2 losses\n$/);
}));

test('rm of several operands reports each and exits 1', () => world(async (options) => {
  const result = await script('touch /a\nrm /x /a /y\n', options);
  assert.is(result.status, 1);
  assert.is(result.stderr, 'offshore: rm: cannot remove \'/x\': No such file or directory\noffshore: rm: cannot remove \'/y\': No such file or directory\n');
  assert.is((await run(['stat', '/a'], options)).status, 4);
}));

test('rm of one operand gives its own code', () => world(async (options) => {
  assert.is((await run(['rm', '/x'], options)).status, 4);
  assert.is((await script('mkdir /d\nrm /d', options)).status, 3);
  assert.is((await run(['rm', '-f', '/x'], options)).status, 0);
}));

test('rm -r of the root is refused without --no-preserve-root', () => world(async (options) => {
  const refused = await script('touch /a\nrm -r /\n', options);
  assert.is(refused.status, 1);
  assert.match(refused.stderr, /dangerous/);
  assert.is((await run(['stat', '-c', '%n', '/a'], options)).stdout, '/a\n');
  assert.is((await run(['rm', '-r', '--no-preserve-root', '/'], options)).status, 0);
  assert.is((await run(['ls', '-A', '/'], options)).stdout, '');
}));

test('rm -i asks and takes the next line of the script for the answer', () => world(async (options) => {
  await script('touch /a /b\nrm -i /a /b\nn\ny\n', options);
  assert.is((await run(['ls', '/'], options)).stdout, 'a\n');
}));

test('errors are JSON lines on stderr with --json', () => world(async (options) => {
  const result = await run(['rm', '--json', '/x'], options);
  assert.equal(JSON.parse(result.stderr), { type: 'error', command: 'rm', path: '/x', code: 'ENOENT', message: 'cannot remove \'/x\': No such file or directory', exit: 4 });
}));

test('an unknown command gives 127 and the nearest name', () => world(async (options) => {
  for (const name of ['constructor', '__proto__', 'toString']) assert.is((await run([name], options)).status, 127, name);
  assert.match((await run(['lz'], options)).stderr, /^offshore: lz: command not found \(did you mean ls\?\)\n$/);
}));

test('a wrong option gives 2 and names the help', () => world(async (options) => {
  const result = await run(['ls', '--nope'], options);
  assert.is(result.status, 2);
  assert.is(result.stderr, 'offshore: ls: unsupported option name ("--nope")\n  Try \'ls --help\'.\n');
}));

test('-h is human sizes for ls, du, df and help for others', () => world(async (options) => {
  await writeFile(`${options.cwd}/big`, Buffer.alloc(1536));
  await run(['put', 'big', '/big'], options);
  assert.match((await run(['ls', '-lh', '/big'], options)).stdout, / 1\.5K /);
  assert.is((await run(['du', '-sh', '/big'], options)).stdout, '1.5K\t/big\n');
  assert.match((await run(['cat', '-h'], options)).stdout, /^Usage: cat /);
}));

test('help works for every command, without a tracker', () => world(async (options) => {
  const names = (await run(['help', '--json'], options)).stdout.trim().split('\n').map((line) => (JSON.parse(line) as { name: string }).name);
  assert.ok(names.length >= 40);
  for (const name of names) {
    const result = await run(['help', name], options);
    assert.is(result.status, 0, name);
    assert.match(result.stdout, /^Usage: /, name);
  }
  assert.match((await run(['help', 'exit-codes'], options)).stdout, /127 {2}command not found/);
}));

test('commands that need no tracker work without one', () => world(async (options) => {
  const remote = new Proxy({}, { get: () => { throw new OffshoreError('unreachable'); } }) as MemoryRemoteFiles;
  const result = await script('help\nlls\npwd\nlpwd\necho hi\nhistory\nversion\n', { ...options, remote });
  assert.is(result.status, 0, result.stderr);
  assert.is(result.stderr, '');
}));

test('patterns are matched in the cluster for remote operands and here for local ones', () => world(async (options) => {
  for (const name of ['a.txt', 'b.txt', 'c.log']) await writeFile(`${options.cwd}/${name}`, name);
  const result = await script('mkdir /d\nput *.txt /d\ncd /d\nls *.txt\nls *.none', options);
  assert.is(result.stdout, 'a.txt\nb.txt\n');
  assert.match(result.stderr, /no matches found: \*\.none/);
  assert.is(result.status, 1);
}));

test('an existing local name becomes name(1).ext without a target and is replaced with one', () => world(async (options) => {
  await writeFile(`${options.cwd}/a.txt`, 'one');
  const result = await script('put a.txt /\nget /a.txt\nget /a.txt', options);
  assert.is(result.status, 0, result.stderr);
  assert.equal((await readdir(options.cwd)).sort(), ['a(1).txt', 'a(2).txt', 'a.txt']);
  await writeFile(`${options.cwd}/a.txt`, 'two');
  await run(['get', '/a.txt', 'a.txt'], options);
  assert.is(await readFile(`${options.cwd}/a.txt`, 'utf8'), 'one');
}));

test('a file is named by the first digits of its content id; two contents are told apart', () => world(async (options) => {
  await writeFile(`${options.cwd}/a`, 'content of a');
  await script('put a /a\ncp /a /b', options);
  const id = (await run(['checksum', '--content-id', '/a'], options)).stdout.slice(0, 7);
  assert.is((await run(['cat', id], options)).stdout, 'content of a');
  const got = await script(`get ${id}\npreview ${id}`, options);
  assert.is(got.stdout, 'content of a\n');
  assert.is((await run(['cat', 'fffff'], options)).status, 4);
}));

test('preview shows text as text and bytes as a hex dump', () => world(async (options) => {
  await writeFile(`${options.cwd}/bin`, Buffer.from([0, 1, 0x68, 0x69, 255]));
  await writeFile(`${options.cwd}/text`, 'héllo');
  await run(['put', 'bin', 'text', '/'], options);
  assert.is((await run(['pv', '/bin'], options)).stdout, `00000000  00 01 68 69 ff${' '.repeat(36)}|..hi.|\n`);
  assert.is((await run(['preview', '/text'], options)).stdout, 'héllo\n');
  assert.match((await run(['preview', '--hex', '/text'], options)).stdout, /^00000000 {2}68 c3 a9/);
}));

test('a tree goes up and comes down equal: modes, times, links, empty directories, odd names', () => world(async (options) => {
  const top = `${options.cwd}/tree`;
  const odd = ['with space', 'new\nline', '日本語', '-dash', '*star*', '\x1b[31mred', '.hidden', 'a\\b', '"quote"', '$HOME', 'e\u0301'];
  await mkdir(`${top}/deep/er/est`, { recursive: true });
  await mkdir(`${top}/empty`);
  for (const name of odd) await writeFile(`${top}/${name}`, name);
  await writeFile(`${top}/deep/er/est/run.sh`, '#!/bin/sh\n');
  await chmod(`${top}/deep/er/est/run.sh`, 0o755);
  await symlink('deep/er', `${top}/link`);
  await symlink('/nowhere', `${top}/dangling`);
  await utimes(`${top}/deep/er/est/run.sh`, 1_000_000, 1_000_000);
  await utimes(`${top}/empty`, 2_000_000, 2_000_000);
  const result = await script('mkdir /in\nput -r tree /in\nget -r /in/tree back\nput -r tree /in', options);
  assert.is(result.status, 0, result.stderr);
  const back = `${options.cwd}/back`;
  assert.equal((await readdir(back)).sort(), [...odd, 'deep', 'empty', 'link', 'dangling'].sort());
  for (const name of odd) assert.is(await readFile(`${back}/${name}`, 'utf8'), name);
  assert.is(await readlink(`${back}/link`), 'deep/er');
  assert.ok((await lstat(`${back}/dangling`)).isSymbolicLink());
  const script1 = await stat(`${back}/deep/er/est/run.sh`);
  assert.is(script1.mode & 0o777, 0o755);
  assert.is(script1.mtimeMs, 1_000_000_000);
  assert.is((await stat(`${back}/empty`)).mtimeMs, 2_000_000_000);
}));

test('a local name that is not UTF-8 is an error of its own; the others go on', () => world(async (options) => {
  await mkdir(`${options.cwd}/t`);
  await writeFile(Buffer.concat([Buffer.from(`${options.cwd}/t/`), Buffer.from([0xff, 0x61])]), 'x');
  await writeFile(`${options.cwd}/t/good`, 'good');
  const result = await run(['put', '-r', 't', '/'], options);
  assert.is(result.status, 1);
  assert.match(result.stderr, /cannot upload '.*\/t\/\\xffa': Name is not UTF-8/);
  assert.is((await run(['cat', '/t/good'], options)).stdout, 'good');
}));

test('a directory without -r is omitted, with GNU\'s words', () => world(async (options) => {
  await mkdir(`${options.cwd}/d`);
  const result = await run(['put', 'd', '/'], options);
  assert.is(result.status, 3);
  assert.is(result.stderr, 'offshore: put: cannot upload \'d\': -r not specified; omitting directory\n');
}));

test('a download never leaves a partial file behind', () => world(async (options) => {
  await run(['put', '-', '/a'], { ...options, stdin: 'abc' });
  const broken = new Proxy(options.remote, {
    get: (target, key) => (key === 'open'
      ? async () => ({ node: await target.stat('/a', 'never', new AbortController().signal), read: async function* () { yield Buffer.from('a'); throw new OffshoreError('chunk-unreachable'); } })
      : typeof Reflect.get(target, key) === 'function' ? Reflect.get(target, key).bind(target) : undefined),
  });
  const result = await run(['get', '/a', 'out'], { ...options, remote: broken });
  assert.is(result.status, 5);
  assert.equal(await readdir(options.cwd), []);
}));

test('redirections go to local files, > offshore: and pipes to the cluster', () => world(async (options) => {
  const result = await script('echo one > f\necho two >> f\ncat < f | put - /r\ncat /r > offshore:/s\ncat /s | head -1\ncat /s | tail -n 1', options);
  assert.is(result.stdout, 'one\ntwo\n');
  assert.is(result.status, 0, result.stderr);
}));

test('a failed command publishes nothing through > offshore:', () => world(async (options) => {
  assert.is((await script('cat /none > offshore:/s', options)).status, 4);
  assert.is((await run(['stat', '/s'], options)).status, 4);
}));

test('a reader that stops early ends the writer quietly', () => world(async (options) => {
  await run(['put', '-', '/big'], { ...options, stdin: Buffer.alloc(5_000_000, 'line\n') });
  const result = await script('cat /big | head -1\necho $?', options);
  assert.is(result.stdout, 'line\n0\n');
  assert.is(result.stderr, '');
}));

test('&& || ; $? and set -e follow POSIX', () => world(async (options) => {
  assert.is((await script('true && echo a || echo b; false && echo c || echo d; echo $?', options)).stdout, 'a\nd\n0\n');
  const stopped = await script('set -e\nfalse || true\necho on\nfalse\necho never', options);
  assert.is(stopped.stdout, 'on\n');
  assert.is(stopped.status, 1);
  assert.is((await run(['shell', '--fail-fast', '-c', 'false', '-c', 'echo x'], options)).status, 1);
}));

test('-c may be given several times, -f runs a file, the last status counts', () => world(async (options) => {
  assert.is((await run(['shell', '-c', 'echo a', '-c', 'false'], options)).status, 1);
  await writeFile(`${options.cwd}/s.ofs`, 'echo "x\ny" # comment\nexit 7\necho no\n');
  const result = await run(['shell', '-f', 's.ofs'], options);
  assert.is(result.status, 7);
  assert.is(result.stdout, 'x\ny\n');
}));

test('names cannot steer a terminal, and stay raw in a pipe', () => world(async (options) => {
  await writeFile(`${options.cwd}/x`, 'x');
  await script('put x "/evil\x1b[2J"', options);
  for (const command of [['ls', '/'], ['ls', '-l', '/'], ['tree', '/'], ['find', '/'], ['stat', '/evil\x1b[2J'], ['rm', '/evil\x1b[2J', '/no\x1b[2J']]) {
    const result = await run(command, { ...options, terminal: 'yes', env: { NO_COLOR: '1' } });
    assert.not.match(result.stdout + result.stderr, /\x1b/, command.join(' '));
  }
  await script('put x "/evil\x1b[2J"', options);
  assert.match((await run(['ls', '/'], options)).stdout, /evil\x1b\[2J/);
}));

test('mv, cp and ln follow GNU: into directories, over files, not into themselves', () => world(async (options) => {
  const result = await script('mkdir -p /d/e; echo 1 > offshore:/a; cp /a /d; mv /a /d/b; ln -s b /d/l; cp -r /d /copy; cat /copy/l /copy/a; ls -F /copy; mv /d /d/e', options);
  assert.is(result.stdout, '1\n1\na\nb\ne/\nl@\n');
  assert.is(result.status, 2);
  assert.match(result.stderr, /cannot move '\/d': Cannot move a directory into itself/);
  assert.is((await script('cp /d/a /nodir/x', options)).status, 4);
  assert.is((await script('cp /copy /z', options)).status, 3);
  assert.is((await script('mv -n /d/a /d/b; stat /d/a', options)).status, 0);
}));

test('find tests, negates, groups and deletes', () => world(async (options) => {
  await script('mkdir -p /p/q; touch /p/a.log /p/q/b.log /p/q/c.txt; echo x > offshore:/p/full', options);
  assert.is((await script('find /p -name \'*.log\'', options)).stdout, '/p/a.log\n/p/q/b.log\n');
  assert.is((await script('find /p -type f ! -empty', options)).stdout, '/p/full\n');
  assert.is((await script('find /p "(" -name "a*" -o -name "c*" ")" -maxdepth 1', options)).stdout, '/p/a.log\n');
  assert.is((await script('find /p -nope', options)).status, 2);
  await script('find /p -name "*.log" -delete', options);
  assert.is((await script('find /p -name "*.log"', options)).stdout, '');
}));

test('head and tail count lines and bytes', () => world(async (options) => {
  await run(['put', '-', '/n'], { ...options, stdin: Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join('') });
  assert.is((await run(['head', '-2', '/n'], options)).stdout, '1\n2\n');
  assert.is((await run(['head', '-n', '-19999', '/n'], options)).stdout, '1\n');
  assert.is((await run(['tail', '-n1', '/n'], options)).stdout, '20000\n');
  assert.is((await run(['tail', '-n', '+19999', '/n'], options)).stdout, '19999\n20000\n');
  assert.is((await run(['tail', '-c', '3', '/n'], options)).stdout, '00\n');
  assert.is((await run(['tail', '-n', '20000', '/n'], options)).stdout.split('\n').length, 20_001);
  await run(['put', '-', '/one'], { ...options, stdin: '\n' });
  assert.is((await run(['tail', '-1', '/one'], options)).stdout, '\n');
}));

test('mkdir, rmdir, touch, chmod and stat agree', () => world(async (options) => {
  const result = await script('mkdir -m 750 /d\nstat -c "%a %F" /d\ntouch -d 2026-01-02T03:04:05Z /d/f\nchmod u+x,o= /d/f\nstat -c "%A %Y %s" /d/f\nrmdir /d', options);
  assert.is(result.stdout, '750 directory\n-rwxr----- 1767323045 0\n');
  assert.is(result.status, 1);
  assert.match(result.stderr, /failed to remove '\/d': Directory not empty/);
}));

test('--dry-run changes nothing', () => world(async (options) => {
  await writeFile(`${options.cwd}/x`, 'x');
  await script('touch /a; mkdir /d', options);
  const before = options.remote.ran.length;
  const result = await script('rm -n /a; mv --dry-run /a /b; cp --dry-run /a /c; mkdir -n /e; put -n x /x; chmod -n 600 /a; ln -sn /a /l; touch -n /t; rmdir -n /d; get -n /a', options);
  assert.is(result.status, 0, result.stderr);
  assert.is(options.remote.ran.length, before);
  assert.equal(await readdir(options.cwd), ['x']);
}));

test('aliases, variables and source', () => world(async (options) => {
  await writeFile(`${options.cwd}/s`, 'X=2\necho sourced $X');
  const result = await script('X=1; echo "$X ${Y:-none}" \'$X\'; alias say="echo said"; say it; source s; echo $X; unset X; echo "[$X]"', options);
  assert.is(result.stdout, '1 none $X\nsaid it\nsourced 2\n2\n[]\n');
  await writeFile(`${options.cwd}/loop`, 'source loop');
  assert.is((await script('source loop', options)).status, 1);
}));

test('an interrupt ends the command with 130 and the script with it', () => world(async (options) => {
  let interrupt: () => void = () => undefined;
  const running = script('sleep 100\necho never', { ...options, interrupts: (call) => { interrupt = call; return () => undefined; } });
  await new Promise((resolve) => setTimeout(resolve, 30));
  interrupt();
  const result = await running;
  assert.is(result.status, 130);
  assert.is(result.stdout, '');
}));

test('status and ping show every node', () => world(async (options) => {
  const status = await run(['status', '--json'], options);
  assert.is((JSON.parse(status.stdout) as { leader: string }).leader, 'tracker-1');
  assert.is(status.status, 0);
  assert.match((await run(['admin', 'status'], options)).stdout, /leader tracker-1/);
  assert.match((await run(['ping'], options)).stdout, /tracker-1 {2}leader {2}0\.1 ms/);
}));

test('a pattern left over by the caller\'s shell matches, a real name with brackets is taken as it is', () => world(async (options) => {
  await writeFile(`${options.cwd}/a[1].txt`, 'x');
  assert.is((await run(['put', 'a[1].txt', '/'], options)).status, 0);
  assert.is((await run(['cat', '/a[1].txt'], options)).stdout, 'x');
  assert.is((await run(['cat', '/a*'], options)).stdout, 'x');
}));

test.run();
