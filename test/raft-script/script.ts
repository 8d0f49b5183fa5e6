// The datadriven format of etcd's tests: blocks of comment, directive, input, `----` and expected output.
// Parsing only; see `main.ts` for what runs the directives.

export interface Argument {
  readonly key: string;
  /** `key=(a,b)` has two, `key=a` one, `key` none. */
  readonly values: readonly string[];
}

export interface Directive {
  readonly command: string;
  readonly args: readonly Argument[];
  readonly input: string;
  readonly expected: string;
  /** 1-based line of the directive. */
  readonly line: number;
}

/** A script that is no script. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

const separator = '----';

export function parseScript(text: string): readonly Directive[] {
  const lines = text.split('\n');
  const directives: Directive[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = (lines[at] ?? '').trim();
    if (head === '' || head.startsWith('#')) {
      at += 1;
      continue;
    }
    const block = readBlock(lines, at);
    directives.push(block.directive);
    at = block.next;
  }
  return directives;
}

function readBlock(lines: readonly string[], start: number): { readonly directive: Directive; readonly next: number } {
  let at = start;
  let head = '';
  // A backslash at its end continues the directive line.
  for (;;) {
    const line = (lines[at] ?? '').trim();
    at += 1;
    head += line.endsWith('\\') ? `${line.slice(0, -1).trim()} ` : line;
    if (!line.endsWith('\\')) break;
  }
  const input: string[] = [];
  while (lines[at] !== separator) {
    const line = lines[at];
    if (line === undefined) throw new ScriptError(`line ${start + 1}: no ${separator} after the directive`);
    input.push(line);
    at += 1;
  }
  const output = readExpected(lines, at + 1);
  const { command, args } = parseHead(head, start + 1);
  return { directive: { command, args, input: input.join('\n').trim(), expected: output.text, line: start + 1 }, next: output.next };
}

/** Up to a blank line; or, opened by a second separator, up to two of them. */
function readExpected(lines: readonly string[], start: number): { readonly text: string; readonly next: number } {
  const isLong = lines[start] === separator;
  const found: string[] = [];
  let at = isLong ? start + 1 : start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isLong && line === separator && lines[at + 1] === separator) return { text: joinLines(found), next: at + 2 };
    if (!isLong && line.trim() === '') break;
    found.push(line);
  }
  return { text: joinLines(found), next: at };
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function parseHead(head: string, line: number): { readonly command: string; readonly args: readonly Argument[] } {
  const words = [...head.matchAll(/([^\s=]+)(?:=(\([^)]*\)|\S*))?/g)];
  const command = words[0]?.[1];
  if (command === undefined) throw new ScriptError(`line ${line}: no command`);
  return { command, args: words.slice(1).map((word) => ({ key: word[1] ?? '', values: parseValues(word[2]) })) };
}

function parseValues(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (!text.startsWith('(')) return [text];
  const inner = text.slice(1, -1).trim();
  return inner === '' ? [] : inner.split(',').map((value) => value.trim());
}
