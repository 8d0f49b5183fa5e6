// House rules that a text can be checked for (docs/STYLE.md). A rule with exceptions names them here, with the reason.

import { pathToFileURL } from 'node:url';
import { layerOf } from './layers.mjs';
import { codeOf, filesBelow, read } from './source-files.mjs';

const fileLinesMax = 400;
/** All bounds are in one file, by the rule that keeps them (docs/ARCHITECTURE.md, S6). */
const longFiles = ['src/base/limits.ts'];

/** Pattern over code without comments and strings, and where it applies. */
const rules = [
  { name: 'no `any`', pattern: /[:<|&(]\s*any\b(?!\s*[(:.?])|\bas any\b|\bany\[\]|=\s*any\s*;/g, where: all },
  { name: 'no `enum`: states are unions', pattern: /\benum\s+\w+\s*\{/g, where: all },
  { name: 'no `!` after a value: mustExist says why it is there', pattern: /[\w)\]]!(?=\s*[.,;)\]}[]|\s*$|\s+(?:as|in|of|instanceof)\b)/gm, where: all },
  { name: 'no default exports', pattern: /\bexport\s+default\b/g, where: all },
  { name: 'no `export *`: import the file you mean', pattern: /\bexport\s+\*/g, where: all },
  { name: 'no namespace', pattern: /\bnamespace\s+\w+\s*\{/g, where: all },
  { name: 'no console: logs are events, commands print to their streams', pattern: /\bconsole\s*\./g, where: inProduct },
  { name: 'time, timers, chance and fetch come by ports', pattern: /\bDate\.now\b|\bMath\.random\b|\bset(?:Timeout|Interval)\s*\(|(?<![.\w#])fetch\s*\(/g, where: (path) => inProduct(path) && !path.startsWith('src/platform/') },
  { name: 'pure code has no promise, date, clock or process', pattern: /\bPromise\b|\basync\b|\bawait\b|\bnew Date\b|\bDate\.\w|\bMath\.random\b|\bprocess\.|\bperformance\b/g, where: isPure },
];

function all() {
  return true;
}

function inProduct(path) {
  return layerOf(path).layer !== 'test' && path.startsWith('src/');
}

function isPure(path) {
  return ['base', 'model', 'core'].includes(layerOf(path).layer);
}

/** Words that mean unfinished work or a silenced check, wherever they stand. */
const bannedWords = /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck|expect-error)|eslint-disable/;

/** Problems, one line each. */
export function checkTidy() {
  const sources = [...filesBelow('src', ['.ts']), ...filesBelow('test', ['.ts']), ...filesBelow('bench', ['.ts'])];
  const scripts = [...filesBelow('scripts', ['.mjs']), 'build.mjs'];
  return [...sources.flatMap(checkSource), ...scripts.flatMap((path) => checkText(path, read(path))), ...unusedNames(sources)];
}

/** An event or metric that nothing writes, and a bound that nothing keeps, only look done. */
function unusedNames(sources) {
  const catalogue = 'src/observe/catalogue.ts';
  const limits = 'src/base/limits.ts';
  const product = sources.filter((path) => inProduct(path) && path !== catalogue && path !== limits).map(read).join('\n');
  const named = [
    ...[...read(catalogue).matchAll(/^  '([a-z.-]+)': \{ fields/gm)].map(([, name]) => ({ path: catalogue, name, used: product.includes(`'${name}'`) })),
    ...[...read(catalogue).matchAll(/^  (offshore_\w+): \{/gm)].map(([, name]) => ({ path: catalogue, name, used: product.includes(`'${name}'`) })),
    ...[...read(limits).matchAll(/^  (\w+): /gm)].map(([, name]) => ({ path: limits, name, used: product.includes(`limits.${name}`) || read(limits).includes(`limits.${name}`) })),
  ];
  return named.filter(({ used }) => !used).map(({ path, name }) => `${path}: ${name} is named and used nowhere`);
}

function checkSource(path) {
  const text = read(path);
  const code = codeOf(text);
  const problems = checkText(path, text);
  for (const { name, pattern, where } of rules) {
    if (!where(path)) continue;
    for (const match of code.matchAll(pattern)) problems.push(`${path}:${lineOf(code, match.index)}: ${name}`);
  }
  if (path.endsWith('/index.ts')) problems.push(`${path}: no barrels: import the file you mean`);
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(path.split('/').at(-1))) problems.push(`${path}: file names are kebab-case`);
  // Files that run a contract suite end otherwise; scripts/test.mjs refuses any file in which no test ran.
  if (/from 'uvu'/.test(text) && path.endsWith('.test.ts') && !/^\s*\w+\.run\(\);$/m.test(text)) problems.push(`${path}: a test file calls test.run(); without it nothing runs`);
  return problems;
}

function checkText(path, text) {
  const problems = [];
  const lines = text.split('\n');
  // Tests say in their names what they are about.
  if (!/^(?:#!.*\n)?\/\/ \S/.test(text) && !path.endsWith('.test.ts')) problems.push(`${path}:1: begins with 2 to 5 lines of comment: what the file decides or owns`);
  if (lines.length - 1 > fileLinesMax && !longFiles.includes(path)) problems.push(`${path}: ${lines.length - 1} lines; more than ${fileLinesMax} is more than one noun`);
  lines.forEach((line, i) => {
    if (bannedWords.test(line) && path !== 'scripts/tidy.mjs') problems.push(`${path}:${i + 1}: unfinished work or a silenced check`);
    if (/[ \t]$/.test(line) || line.includes('\t')) problems.push(`${path}:${i + 1}: no tabs, no spaces at the end of a line`);
  });
  return problems;
}

function lineOf(text, at) {
  return text.slice(0, at).split('\n').length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = checkTidy();
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? '1 passed, 0 failed' : `0 passed, ${problems.length} failed`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
