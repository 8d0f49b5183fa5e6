// The project's own source files, for the checks: lists them and reads them. Nothing built, nothing installed.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Paths relative to the root, with `/`, sorted, of files below `folder` whose name ends with one of `endings`. */
export function filesBelow(folder, endings) {
  const found = [];
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(relative(root, full).replaceAll('\\', '/'));
    }
  };
  try {
    walk(join(root, folder));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return found.sort();
}

export function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

/** Source text with comments and the contents of strings, templates and regular expressions blanked; line numbers stay. */
export function codeOf(text) {
  const blank = (part) => part.replace(/[^\n]/g, ' ');
  let code = '';
  let i = 0;
  while (i < text.length) {
    const rest = text.slice(i, i + 2);
    const end = rest === '//' ? lineEnd(text, i) : rest === '/*' ? after(text, '*/', i + 2) : literalEnd(text, i, code);
    if (end === i) {
      code += text[i];
      i += 1;
    } else {
      const part = text.slice(i, end);
      code += /^['"`]/.test(part) ? part[0] + blank(part.slice(1, -1)) + part.at(-1) : blank(part);
      i = end;
    }
  }
  return code;
}

function lineEnd(text, from) {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function after(text, ending, from) {
  const at = text.indexOf(ending, from);
  return at < 0 ? text.length : at + ending.length;
}

/** End of a string, template or regular expression that begins at `from`; `from` itself when none does. */
function literalEnd(text, from, codeBefore) {
  const quote = text[from];
  if (quote === '/') {
    // A slash begins a regular expression where no operand stands before it.
    if (!/(?:^|[=(,:[!&|?{};\n>]|\breturn|\bcase)\s*$/.test(codeBefore.slice(-40))) return from;
    const match = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/.exec(text.slice(from));
    return match === null ? from : from + match[0].length;
  }
  if (quote !== "'" && quote !== '"' && quote !== '`') return from;
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i + 1;
    else if (quote === '`' && text[i] === '$' && text[i + 1] === '{') i = templateHoleEnd(text, i + 2) - 1;
    else if (quote !== '`' && text[i] === '\n') return i;
  }
  return text.length;
}

function templateHoleEnd(text, from) {
  let depth = 1;
  for (let i = from; i < text.length; i += 1) {
    const end = literalEnd(text, i, '');
    if (end !== i) i = end - 1;
    else if (text[i] === '{') depth += 1;
    else if (text[i] === '}' && (depth -= 1) === 0) return i + 1;
  }
  return text.length;
}
