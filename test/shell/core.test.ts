import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commonPrefix, quoteCandidate, requestCompletion } from '../../src/shell/core/complete.ts';
import { displayWidth, escapeControls, fit, formatDuration, formatMode, formatSize, formatTime, hexDump, parseDuration, parseSize, toColumns, toTable } from '../../src/shell/core/format.ts';
import { escapeGlob, matchesName, parseGlob, unescapeGlob } from '../../src/shell/core/glob.ts';
import { startOfLastLines } from '../../src/shell/core/lines.ts';
import { readableText } from '../../src/shell/core/looks-like-text.ts';
import { parseMode } from '../../src/shell/core/mode.ts';
import { normalise } from '../../src/shell/core/normalise.ts';
import { parseTime } from '../../src/shell/core/parse-time.ts';
import { finishFile, renderProgress, sampleRate, startProgress, summarise, updateProgress } from '../../src/shell/core/progress-model.ts';
import { isWithin, meansDirectory, resolveRemote } from '../../src/shell/core/remote-path.ts';
import { parseShellArguments } from '../../src/shell/core/shell-arguments.ts';
import { suggest } from '../../src/shell/core/suggest.ts';
import { numberedName } from '../../src/shell/local-files.ts';
import { fromClusterFile, parseTrackers } from '../../src/shell/trackers.ts';
import { HistorySearch } from '../../src/shell/repl/history-search.ts';

const none = { humanShort: false, shorts: '', digits: undefined };

test('sizes are GNU\'s: rounded up, one decimal below ten', () => {
  const sizes = [0, 1, 1023, 1024, 1025, 1536, 10 * 1024, 10 * 1024 + 1, 1024 ** 2 - 1, 1024 ** 2, 5 * 1024 ** 3];
  assert.equal(sizes.map((bytes) => formatSize(bytes, 'binary')), ['0', '1', '1023', '1.0K', '1.1K', '1.5K', '10K', '11K', '1.0M', '1.0M', '5.0G']);
  assert.is(formatSize(999_950, 'si'), '1.0M');
  assert.is(formatSize(1126, 'binary'), '1.1K');
});

test('sizes and times are read back', () => {
  assert.equal(['10', '4K', '1.5MiB', '2GB', 'x', '-1', '1e9', '9999999P'].map(parseSize), [10, 4096, 1_572_864, 2_000_000_000, undefined, undefined, undefined, undefined]);
  assert.equal(['1', '1.5s', '200ms', '2m', '1h', '', '-1'].map(parseDuration), [1000, 1500, 200, 120_000, 3_600_000, undefined, undefined]);
  assert.equal([5, 1500, 245_000, 3_723_000].map(formatDuration), ['5 ms', '1.5 s', '4:05', '1:02:03']);
});

test('modes are shown and read as ls and chmod do', () => {
  assert.equal([0o644, 0o755, 0o4755, 0o2644, 0o1777].map((mode) => formatMode('file', mode)), ['-rw-r--r--', '-rwxr-xr-x', '-rwsr-xr-x', '-rw-r-Sr--', '-rwxrwxrwt']);
  assert.is(parseMode('u+x,go=r', { current: 0o600, kind: 'file' }), 0o744);
  assert.is(parseMode('a+X', { current: 0o600, kind: 'file' }), 0o600);
  assert.is(parseMode('+X', { current: 0o600, kind: 'directory' }), 0o711);
  assert.is(parseMode('rw', { current: 0, kind: 'file' }), undefined);
});

test('calendar dates are right over the whole range of years', () => {
  const options = { style: 'full-iso', zone: () => 0, nowMs: 0 } as const;
  for (const ms of [0, -1, 951_782_400_000, 1_709_164_800_000, 4_102_444_799_999, 253_402_300_799_000]) {
    assert.is(formatTime(ms, options), new Date(ms).toISOString().replace('T', ' ').replace('Z', ' +0000'));
    assert.is(parseTime(new Date(ms).toISOString(), { nowMs: 0, zone: () => 0 }), ms);
  }
  assert.is(formatTime(0, { ...options, style: 'long-iso', zone: () => -90 }), '1969-12-31 22:30');
  assert.is(parseTime('1970-01-01 01:30', { nowMs: 0, zone: () => 90 }), 0);
  assert.is(parseTime('10 min ago', { nowMs: 1_000_000, zone: () => 0 }), 400_000);
  assert.is(parseTime('2026-02-30', { nowMs: 0, zone: () => 0 }), undefined);
});

test('control and reordering characters are shown, not sent', () => {
  assert.is(escapeControls('a\x1b[2J\n\x07\x9b\u202e\ud800é日'), 'a\\x1b[2J\\x0a\\x07\\x9b\\u202e\\ud800é日');
});

test('columns count wide and combining characters', () => {
  assert.equal(['abc', '日本', 'e\u0301', '👍'].map(displayWidth), [3, 4, 1, 2]);
  assert.is(fit('日本語', 5), '日本…');
  const items = ['a', 'bb', 'ccc', '日本'].map((text) => ({ text, shown: text }));
  assert.equal(toColumns(items, 12), ['a   ccc', 'bb  日本']);
  assert.equal(toColumns(items, 3), ['a', 'bb', 'ccc', '日本']);
  assert.equal(toTable([['a', '1'], ['日本', '22']], ['left', 'right']), ['a      1', '日本  22']);
});

test('a hex dump has offsets and ASCII', () => {
  assert.equal(hexDump(Uint8Array.from({ length: 17 }, (_, i) => 0x60 + i), 16), [
    '00000010  60 61 62 63 64 65 66 67  68 69 6a 6b 6c 6d 6e 6f  |`abcdefghijklmno|',
    `00000020  70${' '.repeat(48)}|p|`,
  ]);
});

test('text that ends inside a character is text; control characters are not', () => {
  assert.is(readableText(Buffer.from('é').subarray(0, 1)), '');
  assert.is(readableText(Buffer.from('aé').subarray(0, 2)), 'a');
  assert.is(readableText(Uint8Array.of(0xff, 0x41)), undefined);
  assert.is(readableText(Buffer.from('a\0')), undefined);
});

test('names match patterns as in POSIX 2.13', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['*.txt', 'a.txt', true], ['*.txt', '.txt', true], ['a*b*c', 'aXXbYYc', true], ['a*b*c', 'aXXbYY', false], ['[a-c]x', 'bx', true], ['[!a-c]x', 'bx', false],
    ['[]]', ']', true], ['[a', '[a', true], ['?', '日', true], ['\\*', '*', true], ['\\*', 'a', false], ['', '', true], ['*', '', true], ['[\\]]', ']', true], ['[a-]', '-', true],
  ];
  for (const [pattern, name, expected] of rows) assert.is(matchesName(pattern, name), expected, `${pattern} ${name}`);
});

test('matching is quick on patterns that ruin backtracking', () => {
  const startMs = performance.now();
  assert.is(matchesName('*a'.repeat(1000), 'a'.repeat(5000) + 'b'), false);
  assert.ok(performance.now() - startMs < 1500);
});

test('escaping a pattern and back gives the text', () => {
  const text = 'a*b?[c]{d}\\e';
  assert.is(unescapeGlob(escapeGlob(text)), text);
  assert.equal(parseGlob(escapeGlob(text)).segments, [{ kind: 'literal', name: text }]);
});

test('remote paths are made absolute and bounded', () => {
  assert.is(resolveRemote('/a/b', '../c/./d//'), '/a/c/d');
  assert.is(resolveRemote('/', '../../..'), '/');
  assert.throws(() => resolveRemote('/', 'x'.repeat(256)));
  assert.throws(() => resolveRemote('/', 'a/'.repeat(3000)));
  assert.throws(() => resolveRemote('/', '\ud800'));
  assert.ok(isWithin('/a', '/a/b') && !isWithin('/a', '/ab'));
  assert.equal(['a/', 'a', '.', '..', 'a/..', '', 'a.'].map(meansDirectory), [true, false, true, true, true, false, false]);
});

test('short options are split for the option parser', () => {
  assert.equal(normalise(['ls', '-lh', 'x'], { ...none, humanShort: true }), ['ls', '-l', '--human-readable', 'x']);
  assert.equal(normalise(['head', '-n5', '-5', '-n', '-3', '--', '-n5'], { ...none, shorts: 'n', digits: '--lines' }), ['head', '-n=5', '--lines=5', '-n=-3', '--', '-n5']);
  assert.equal(normalise(['rm', '-rf', '-'], none), ['rm', '-rf', '-']);
});

test('the shell\'s own options are told from the command\'s', () => {
  const read = (argv: readonly string[]): unknown => {
    const result = parseShellArguments(argv);
    return result.kind === 'ok' ? { tracker: result.arguments.tracker, ...result.arguments.mode } : result.kind;
  };
  assert.equal(read(['--tracker', 'a', 'ls', '-f', '--tracker=b', '--', '--tracker']), { tracker: 'b', kind: 'one-shot', words: ['ls', '-f', '--', '--tracker'] });
  assert.equal(read(['shell', '-c', 'a', '-c', 'b', '-f', 'x']), { tracker: undefined, kind: 'shell', commands: ['a', 'b'], file: 'x' });
  assert.equal([['shell', '-c'], ['shell', 'x'], ['--nope'], ['shell', '--color=red']].map(read), ['wrong', 'wrong', 'wrong', 'wrong']);
  assert.equal([['shell', '--help'], []].map(read), ['help', { tracker: undefined, kind: 'shell', commands: [], file: undefined }]);
});

test('trackers are urls or host:port, and those of the local cluster\'s file', () => {
  assert.equal(parseTrackers('http://a:1/, b:2'), ['http://a:1', 'http://b:2']);
  assert.throws(() => parseTrackers('http://a b'));
  assert.equal(fromClusterFile('{"trackerUrls":["http://127.0.0.1:7001",5]}'), ['http://127.0.0.1:7001']);
  assert.equal([fromClusterFile('{'), fromClusterFile('[]'), fromClusterFile('{"trackerUrls":7}')], [[], [], []]);
});

test('the nearest command is suggested, nothing when none is near', () => {
  assert.is(suggest('lsit', ['ls', 'list']), 'list');
  assert.is(suggest('staus', ['stat', 'status']), 'status');
  assert.is(suggest('xyzzy', ['ls', 'list']), undefined);
});

test('numbers go before the last extension', () => {
  assert.equal(['/a/b.txt', '/a.d/b', '/.hidden', 'x.tar.gz'].map((path) => numberedName(path, 1)), ['/a/b(1).txt', '/a.d/b(1)', '/.hidden(1)', 'x.tar(1).gz']);
});

test('the last lines of a block begin after the right newline', () => {
  const bytes = Buffer.from('a\nb\nc\n');
  assert.equal(startOfLastLines(bytes, { count: 1, isLastBlock: true }), { start: 4, left: 0 });
  assert.equal(startOfLastLines(bytes, { count: 9, isLastBlock: true }), { start: 0, left: 7 });
  assert.equal(startOfLastLines(Buffer.from('\n'), { count: 1, isLastBlock: true }), { start: 0, left: 1 });
  assert.equal(startOfLastLines(new Uint8Array(0), { count: 1, isLastBlock: true }), { start: 0, left: 1 });
});

test('progress shows rate, time left and at most four files', () => {
  let state = startProgress('put', 0, { bytes: 1000, files: 6 });
  for (let i = 0; i < 6; i += 1) state = updateProgress(state, { path: `/f${i}\x1b`, bytesDone: 50, bytesTotal: 100, bytesShared: 0, chunksDone: 1 }, 100);
  state = sampleRate(state, 1000);
  assert.is(summarise(state).bytesPerSecond, 300);
  assert.is(summarise(state).etaMs, 2333);
  const lines = renderProgress(state, 80);
  assert.is(lines.length, 5);
  assert.match(lines[4] ?? '', /^put \[#+-+\]  30% 300\/1000 0\/6 files 300\/s ETA 2\.3 s$/);
  assert.not.match(lines.join(''), /\x1b/);
  for (const columns of [1, 10, 30, 200]) for (const line of renderProgress(state, columns)) assert.ok(displayWidth(line) <= Math.max(20, columns));
  assert.is(summarise(finishFile(state, '/f0\x1b', { done: 100, shared: 0 })).bytesDone, 350);
});

test('TAB asks for what stands at the cursor', () => {
  const ask = (text: string): unknown => {
    const { kind, typed, replace, ...rest } = requestCompletion(text, () => undefined) as ReturnType<typeof requestCompletion> & { command?: string; index?: number };
    return [kind, typed, replace.start, rest.command, rest.index].filter((part) => part !== undefined).join(' ');
  };
  assert.is(ask('l'), 'command l 0');
  assert.is(ask('ls -l /a'), 'operand /a 6 ls 0');
  assert.is(ask('ls '), 'operand  3 ls 0');
  assert.is(ask('put "a b" c\\ d'), 'operand c d 10 put 1');
  assert.is(ask('put "a b'), 'operand a b 4 put 0');
  assert.is(ask('ls a; ca'), 'command ca 6');
  assert.is(ask('ls --h'), 'option --h 3 ls');
  assert.is(ask('cat a > b/'), 'local-file b/ 8');
  assert.is(ask('echo $HO'), 'variable HO 6');
});

test('a completed name is quoted as the line needs it', () => {
  assert.is(quoteCandidate('a b$c', { start: 0, openQuote: '' }, 'closed'), 'a\\ b\\$c');
  assert.is(quoteCandidate('a b$c', { start: 0, openQuote: '"' }, 'closed'), '"a b\\$c"');
  assert.is(quoteCandidate('it\'s/', { start: 0, openQuote: '\'' }, 'open'), '\'it\'\\\'\'s/');
  assert.is(commonPrefix(['abc', 'abd']), 'ab');
  assert.is(commonPrefix(['😀', '😁']), '');
});

test('Ctrl-R finds the newest line, then older ones', () => {
  const search = new HistorySearch(['ls -l', 'put a', 'ls /']);
  search.key('ls');
  assert.is(search.match, 'ls -l');
  search.key('\x12');
  assert.is(search.match, 'ls /');
  assert.equal(search.key('\r'), { kind: 'accepted', line: 'ls /', rest: '\r' });
  search.key('\x12');
  assert.match(search.shown(80), /^\(failed/);
  assert.equal(search.key('\x07'), { kind: 'cancelled' });
});

test.run();
