// Our own scripts, and the runner itself: a runner that passes everything would prove nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { difference, essence } from './judge.ts';
import { runScript } from './run-file.ts';
import { parseScript } from './script.ts';

const cases = join(process.cwd(), 'test/raft-script/cases');

for (const name of readdirSync(cases, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.txt'))) {
  test(`script ${name} passes`, () => {
    for (const verdict of runScript('interaction', readFileSync(join(cases, name), 'utf8'))) {
      assert.is(verdict.actual, verdict.expected, `line ${verdict.directive.line}`);
    }
  });
}

test('a directive has arguments with no, one or several values', () => {
  const [directive] = parseScript('# comment\n\nadd-nodes 3 voters=(1, 2,3) index=10 empty=()\n----\nok\n');
  assert.equal(directive?.args, [
    { key: '3', values: [] }, { key: 'voters', values: ['1', '2', '3'] }, { key: 'index', values: ['10'] }, { key: 'empty', values: [] },
  ]);
  assert.equal([directive?.command, directive?.expected, directive?.line], ['add-nodes', 'ok\n', 3]);
});

test('input stands before the separator, output ends at a blank line', () => {
  const directives = parseScript('simple\nv1 v2\n----\na\nb\n\nsimple\n----\nc');
  assert.equal(directives.map((directive) => [directive.input, directive.expected]), [['v1 v2', 'a\nb\n'], ['', 'c\n']]);
});

test('a double separator opens output with blank lines', () => {
  const directives = parseScript('one\n----\n----\na\n\nb\n----\n----\n\ntwo\n----\nc\n');
  assert.equal(directives.map((directive) => directive.expected), ['a\n\nb\n', 'c\n']);
});

test('a script without separator is refused', () => {
  assert.throws(() => parseScript('campaign 1\n'), /no ----/);
});

test('log lines do not count, whatever their indentation; output of log lines only is ok', () => {
  assert.is(essence('INFO 1 became leader\n> 1 handling Ready\n  DEBUG x\n  Messages:\n'), '> 1 handling Ready\n  Messages:');
  assert.is(essence('WARN 1 is unpromotable\n'), essence('ok'));
});

test('a wrong expectation fails, and the difference names both sides', () => {
  const [verdict] = runScript('confchange', 'simple\nv1\n----\nvoters=(2)\n1: StateProbe match=0 next=1\n');
  assert.is.not(verdict?.actual, verdict?.expected);
  assert.is(difference(verdict?.expected ?? '', verdict?.actual ?? ''), '- voters=(2)\n+ voters=(1)\n  1: StateProbe match=0 next=1');
});

test('the commands tell the kind of a script in an unknown folder', () => {
  assert.is(runScript('somewhere', 'vote cfg=(1) votes=(y)\n----\nVoteWon\n')[0]?.actual, 'VoteWon');
  assert.is(runScript('somewhere', 'simple\nv1 r0 v0 l0\n----\n')[0]?.actual, 'voters=(1)\n1: StateProbe match=0 next=1');
});

test('a joint index is charted over the voters of both halves', () => {
  const [verdict] = runScript('quorum', 'committed cfg=(1,2) cfgj=(2,3) idx=(12,_,5)\n----\n');
  assert.is(verdict?.actual, '       idx\nxx>     12    (id=1)\n?        0    (id=2)\nx>       5    (id=3)\n0');
});

test('a configuration with too few values is an error, in the words of the original', () => {
  const [verdict] = runScript('quorum', 'committed cfg=(1,2) cfgj=(3) idx=(12,_)\n----\n');
  assert.is(verdict?.actual, 'error: mismatched input (explicit or _) for voters map[1:{} 2:{} 3:{}]: [12 0]');
});

test('a broken assertion fails its directive and not the run', () => {
  const verdicts = runScript('interaction', 'add-nodes 1 voters=(1) index=3\n----\nok\n\ncompact 1 9\n----\nok\n\nraft-state\n----\nok\n');
  assert.match(verdicts[1]?.actual ?? '', /^panic: /);
  assert.is(verdicts[2]?.actual, '1: StateFollower (Voter) Term:0 Lead:0');
});

test.run();
