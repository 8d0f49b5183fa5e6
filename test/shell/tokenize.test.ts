import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandWord, type Argument } from '../../src/shell/core/expand.ts';
import { parse } from '../../src/shell/core/parse.ts';

const variables: Readonly<Record<string, string>> = { 'X': 'a b', 'STAR': '*', '?': '0' };

function words(text: string): string[] {
  const parsed = parse(text);
  if (parsed.kind !== 'ok') throw new Error(`${parsed.problem.kind}: ${parsed.problem.message}`);
  return parsed.steps.flatMap((step) => step.pipeline.commands.flatMap((command) => command.words.flatMap((word) => {
    const result = expandWord(word, (name) => variables[name]);
    return result.kind === 'ok' ? result.arguments.map(show) : ['too many'];
  })));
}

function show(argument: Argument): string {
  return argument.kind === 'glob' ? `<${argument.pattern}>` : argument.text;
}

function problem(text: string): string {
  const parsed = parse(text);
  return parsed.kind === 'ok' ? 'ok' : `${parsed.problem.kind}@${parsed.problem.at}`;
}

test('quotes and backslashes take meaning away (POSIX 2.2)', () => {
  assert.equal(words('a\'b c\'d "e f"\\ g \'\' "" \\* "*" \'$X\' "a\\"b\\n"'), ['ab cd', 'e f g', '', '', '*', '*', '$X', 'a"b\\n']);
});

test('# begins a comment only where a word could begin', () => {
  assert.equal(words('a#b c # d ; e'), ['a#b', 'c']);
  assert.equal(words('# only\nls'), ['ls']);
});

test('a newline separates commands and carriage returns are white space', () => {
  const parsed = parse('ls\r\nrm x\n\n;'.slice(0, -1));
  assert.is(parsed.kind === 'ok' ? parsed.steps.length : 0, 2);
});

test('a backslash before a newline joins the lines', () => {
  assert.equal(words('a\\\nb \\\n c'), ['ab', 'c']);
});

test('variables do not split and do not glob; an unset one disappears', () => {
  assert.equal(words('$X $STAR "$X"y ${NO:-x y} $NO "$NO" ${X}z $? $ a$'), ['a b', '*', 'a by', 'x y', '', 'a bz', '0', '$', 'a$']);
});

test('a pattern is unquoted; quoting a part keeps the rest a pattern', () => {
  assert.equal(words('*.txt "a"*.txt \\*.x [ab] [ "?" a?b -name=*'), ['<*.txt>', '<a*.txt>', '*.x', '<[ab]>', '[', '?', '<a?b>', '-name=*']);
  assert.equal(words('"*"*'), ['<\\**>']);
});

test('braces make words, left to right and nested', () => {
  assert.equal(words('a{b,c{d,e}}f {x} {} "{a,b}" {,y}.txt {*,q}'), ['abf', 'acdf', 'acef', '{x}', '{}', '{a,b}', '.txt', 'y.txt', '<*>', 'q']);
});

test('braces beyond the bound are refused', () => {
  assert.equal(words(`${'{a,b}'.repeat(40)}`), ['too many']);
});

test('what lacks its end asks for more, what is wrong says where', () => {
  for (const text of ['"a', '\'a', 'a\\', 'a |', 'a &&', 'a ||', 'echo ${X', 'a | # c']) assert.match(problem(text), /^incomplete/, text);
  assert.is(problem('ls &'), 'wrong@3');
  assert.is(problem('| a'), 'wrong@0');
  assert.is(problem('a ;; b'), 'wrong@3');
  assert.is(problem('a >'), 'wrong@2');
  assert.is(problem('a 2> b'), 'wrong@2');
  assert.is(problem('a << b'), 'wrong@2');
  assert.is(problem('> b'), 'wrong@3');
  assert.is(problem('echo $(x)'), 'wrong@5');
  assert.is(problem('echo ${-}'), 'wrong@5');
  assert.is(problem('a\x01b'), 'wrong@1');
  assert.is(problem('a\0b'), 'wrong@1');
});

test('redirections belong to their command wherever they stand', () => {
  const parsed = parse('> out cat /a >> "b c" < in');
  const command = parsed.kind === 'ok' ? parsed.steps[0]?.pipeline.commands[0] : undefined;
  assert.equal(command?.redirects.map((redirect) => redirect.kind), ['write', 'append', 'read']);
  assert.is(command?.words.length, 2);
});

test('a megabyte of braces, quotes or stars is lexed in linear time', () => {
  for (const unit of ['{', '}', '{a,', '*', '"', '\\', '$', '${X}', 'a ']) {
    const startMs = performance.now();
    const parsed = parse(unit.repeat(200_000));
    if (parsed.kind === 'ok') for (const word of parsed.steps[0]?.pipeline.commands[0]?.words.slice(0, 3) ?? []) expandWord(word, () => undefined);
    assert.ok(performance.now() - startMs < 2000, unit);
  }
});

test.run();
