// Arguments and environment against option tables: typed values, or every problem with the option that has it.
// It knows no option by name and decides nothing about what values mean together.

import type { OptionRow, OptionTable } from './option-table.ts';
import { envName } from './option-table.ts';

export interface OptionProblem {
  /** As the user wrote or should write it: `--listen`, `OFFSHORE_LISTEN`. */
  readonly option: string;
  readonly problem: string;
}

type ValueOf<Row> = Row extends OptionRow<infer Value> ? Value : never;
/** Present when required or with a default, possibly undefined otherwise. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name]['need'] extends { kind: 'optional' } ? ValueOf<Table[Name]> | undefined : ValueOf<Table[Name]>;
};

export type Env = Readonly<Record<string, string | undefined>>;

export interface Arguments {
  /** Flags as given: the last one of a name counts. Value undefined: given without one. */
  readonly flags: ReadonlyMap<string, string | undefined>;
  readonly words: readonly string[];
}

/** `--flag=value`, `--flag value`, `--switch`; what follows `--` are words. `switches` take no value from the next word. */
export function splitArguments(argv: readonly string[], switches: ReadonlySet<string>): Arguments {
  const flags = new Map<string, string | undefined>();
  const words: string[] = [];
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? '';
    if (word === '--') return { flags, words: [...words, ...argv.slice(i + 1)] };
    const match = /^--([^=]+)(?:=([^]*))?$/.exec(word);
    if (match === null) {
      words.push(word);
      continue;
    }
    const flag = match[1] ?? '';
    const next = argv[i + 1];
    if (match[2] === undefined && !switches.has(flag) && next !== undefined && !next.startsWith('--')) {
      flags.set(flag, next);
      i += 1;
    } else {
      flags.set(flag, match[2] ?? (switches.has(flag) ? '' : undefined));
    }
  }
  return { flags, words };
}

/** The names that take no value, of several tables. */
export function switchesOf(tables: readonly OptionTable[]): Set<string> {
  return new Set(tables.flatMap((table) => Object.entries(table).filter(([, row]) => row.value === '').map(([name]) => name)));
}

/** Values of one table. `prefix` (`tracker-`) names options that count for this role only; they win over plain ones. */
export function readTable<Table extends OptionTable>(table: Table, given: Arguments, env: Env, prefix = ''): { readonly values: Partial<ValuesOf<Table>>; readonly problems: readonly OptionProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: OptionProblem[] = [];
  for (const [name, row] of Object.entries(table)) {
    const found = find(name, prefix, given, env);
    const text = found?.text ?? (found === undefined && row.need.kind === 'default' ? row.need.text : undefined);
    const option = found?.option ?? `--${name}`;
    if (text === undefined) {
      if (found !== undefined) problems.push({ option, problem: `needs a value: ${row.value}` });
      else if (row.need.kind === 'required') problems.push({ option, problem: `is missing: ${row.about}` });
      continue;
    }
    const parsed = row.parse(text);
    if (parsed.ok) values[name] = parsed.value;
    else problems.push({ option, problem: `${parsed.problem}${text === '' ? '' : `, not "${text}"`}` });
  }
  return { values: values as Partial<ValuesOf<Table>>, problems };
}

interface Found {
  readonly option: string;
  readonly text: string | undefined;
}

function find(name: string, prefix: string, given: Arguments, env: Env): Found | undefined {
  const flags = prefix === '' ? [name] : [prefix + name, name];
  for (const flag of flags) if (given.flags.has(flag)) return { option: `--${flag}`, text: given.flags.get(flag) };
  for (const flag of flags) {
    const text = env[envName(flag)];
    if (text !== undefined && text !== '') return { option: envName(flag), text };
  }
  return undefined;
}

/** Flags that no table knows, with the nearest known one. */
export function unknownFlags(given: Arguments, known: ReadonlySet<string>): readonly OptionProblem[] {
  return [...given.flags.keys()].filter((flag) => !known.has(flag)).map((flag) => {
    const near = nearest(flag, known);
    return { option: `--${flag}`, problem: `is no option here${near === undefined ? '' : `; did you mean --${near}?`}` };
  });
}

function nearest(flag: string, known: ReadonlySet<string>): string | undefined {
  const ranked = [...known].map((name) => ({ name, distance: editDistance(flag, name) })).sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= (flag.length > 3 ? 2 : 1) ? best.name : undefined;
}

/** Levenshtein distance. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let k = 1; k <= right.length; k += 1) {
      const change = (row[k - 1] ?? 0) + (left[i - 1] === right[k - 1] ? 0 : 1);
      next.push(Math.min(change, (row[k] ?? 0) + 1, (next[k - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
