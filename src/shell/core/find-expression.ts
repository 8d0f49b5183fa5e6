// The tests of `find`: words to a tree of tests, and one node against it. Pure; what is done with a match is the command's.

import type { NodeInfo, NodeKind } from '../../model/node-info.ts';
import { matchesName } from './glob.ts';

export type FindTest =
  | { readonly kind: 'and' | 'or'; readonly tests: readonly FindTest[] }
  | { readonly kind: 'not'; readonly test: FindTest }
  | { readonly kind: 'name' | 'path'; readonly pattern: string; readonly letters: 'exact' | 'any-case' }
  | { readonly kind: 'type'; readonly kinds: readonly NodeKind[] }
  | { readonly kind: 'size'; readonly compare: Compare; readonly units: number; readonly unitBytes: number }
  | { readonly kind: 'age'; readonly compare: Compare; readonly units: number; readonly unitMs: number }
  | { readonly kind: 'newer'; readonly reference: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'always' };

export type Compare = 'more' | 'less' | 'exactly';

export interface FindPlan {
  readonly paths: readonly string[];
  readonly test: FindTest;
  readonly minDepth: number;
  readonly maxDepth: number;
  readonly action: 'print' | 'print0' | 'delete';
}

export type FindParse = { readonly kind: 'ok'; readonly plan: FindPlan } | { readonly kind: 'wrong'; readonly message: string };

class Wrong extends Error {}

export function parseFind(words: readonly string[]): FindParse {
  const firstTest = words.findIndex((word) => word.startsWith('-') || word === '!' || word === '(');
  const paths = firstTest < 0 ? words : words.slice(0, firstTest);
  const parser = new FindParser(firstTest < 0 ? [] : words.slice(firstTest));
  try {
    return { kind: 'ok', plan: { paths, ...parser.plan() } };
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'wrong', message: error.message };
    throw error;
  }
}

class FindParser {
  readonly #words: readonly string[];
  #at = 0;
  #depth = 0;
  #minDepth = 0;
  #maxDepth = Number.POSITIVE_INFINITY;
  #action: FindPlan['action'] = 'print';

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  plan(): Omit<FindPlan, 'paths'> {
    const test = this.#words.length === 0 ? { kind: 'always' as const } : this.#either();
    if (this.#at < this.#words.length) throw new Wrong(`unexpected ${this.#words[this.#at] ?? ''}`);
    return { test, minDepth: this.#minDepth, maxDepth: this.#maxDepth, action: this.#action };
  }

  #either(): FindTest {
    const tests = [this.#both()];
    while (this.#words[this.#at] === '-o' || this.#words[this.#at] === '-or') {
      this.#at += 1;
      tests.push(this.#both());
    }
    return tests.length === 1 && tests[0] !== undefined ? tests[0] : { kind: 'or', tests };
  }

  #both(): FindTest {
    const tests: FindTest[] = [];
    for (;;) {
      const word = this.#words[this.#at];
      if (word === undefined || word === '-o' || word === '-or' || word === ')') break;
      if (word === '-a' || word === '-and') this.#at += 1;
      tests.push(this.#one());
    }
    if (tests.length === 0) throw new Wrong('a test is missing');
    return tests.length === 1 && tests[0] !== undefined ? tests[0] : { kind: 'and', tests };
  }

  #one(): FindTest {
    const word = this.#words[this.#at] ?? '';
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > 1000) throw new Wrong('the expression is too long');
    switch (word) {
      case '!':
      case '-not': return { kind: 'not', test: this.#one() };
      case '(': return this.#group();
      case '-name': return { kind: 'name', pattern: this.#value(word), letters: 'exact' };
      case '-iname': return { kind: 'name', pattern: this.#value(word).toLowerCase(), letters: 'any-case' };
      case '-path':
      case '-wholename': return { kind: 'path', pattern: this.#value(word), letters: 'exact' };
      case '-ipath': return { kind: 'path', pattern: this.#value(word).toLowerCase(), letters: 'any-case' };
      case '-type': return { kind: 'type', kinds: this.#kinds() };
      case '-size': return this.#size();
      case '-mtime': return this.#age(word, 86_400_000);
      case '-mmin': return this.#age(word, 60_000);
      case '-newer': return { kind: 'newer', reference: this.#value(word) };
      case '-empty': return { kind: 'empty' };
      default: return this.#setting(word);
    }
  }

  /** Words that say how, not what: they are true wherever they stand. */
  #setting(word: string): FindTest {
    switch (word) {
      case '-maxdepth': this.#maxDepth = this.#number(word); break;
      case '-mindepth': this.#minDepth = this.#number(word); break;
      case '-print': this.#action = 'print'; break;
      case '-print0': this.#action = 'print0'; break;
      case '-delete': this.#action = 'delete'; break;
      default: throw new Wrong(`unknown test ${word}`);
    }
    return { kind: 'always' };
  }

  #group(): FindTest {
    const test = this.#either();
    if (this.#words[this.#at] !== ')') throw new Wrong('missing )');
    this.#at += 1;
    return test;
  }

  #value(word: string): string {
    const value = this.#words[this.#at];
    if (value === undefined) throw new Wrong(`${word} needs a value`);
    this.#at += 1;
    return value;
  }

  #number(word: string): number {
    const value = this.#value(word);
    if (!/^\d{1,9}$/.test(value)) throw new Wrong(`${word} needs a number`);
    return Number(value);
  }

  #kinds(): NodeKind[] {
    return this.#value('-type').split(',').map((letter) => {
      if (letter === 'f') return 'file';
      if (letter === 'd') return 'directory';
      if (letter === 'l') return 'symlink';
      throw new Wrong('-type takes f, d or l');
    });
  }

  #size(): FindTest {
    const match = /^([+-]?)(\d{1,15})([cwbkMGT]?)$/.exec(this.#value('-size'));
    if (match === null) throw new Wrong('-size takes a number with c, k, M, G or T: +10M');
    const unitBytes = { c: 1, w: 2, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }[match[3] === '' ? 'b' : match[3] ?? 'b'] ?? 512;
    return { kind: 'size', compare: toCompare(match[1]), units: Number(match[2]), unitBytes };
  }

  #age(word: string, unitMs: number): FindTest {
    const match = /^([+-]?)(\d{1,9})$/.exec(this.#value(word));
    if (match === null) throw new Wrong(`${word} takes a number, +number or -number`);
    return { kind: 'age', compare: toCompare(match[1]), units: Number(match[2]), unitMs };
  }
}

function toCompare(sign: string | undefined): Compare {
  return sign === '+' ? 'more' : sign === '-' ? 'less' : 'exactly';
}

export interface FindSubject {
  readonly path: string;
  readonly name: string;
  readonly node: NodeInfo;
}

/** `references` holds the mtime of every path that -newer names. */
export function matchesFind(test: FindTest, subject: FindSubject, world: { readonly nowMs: number; readonly references: ReadonlyMap<string, number> }): boolean {
  switch (test.kind) {
    case 'always': return true;
    case 'and': return test.tests.every((each) => matchesFind(each, subject, world));
    case 'or': return test.tests.some((each) => matchesFind(each, subject, world));
    case 'not': return !matchesFind(test.test, subject, world);
    case 'name': return matchesName(test.pattern, test.letters === 'exact' ? subject.name : subject.name.toLowerCase());
    case 'path': return matchesName(test.pattern, test.letters === 'exact' ? subject.path : subject.path.toLowerCase());
    case 'type': return test.kinds.includes(subject.node.kind);
    // GNU rounds a size up to whole units before it compares.
    case 'size': return compares(test.compare, Math.ceil(subject.node.bytes / test.unitBytes), test.units);
    case 'age': return compares(test.compare, Math.floor((world.nowMs - subject.node.mtimeMs) / test.unitMs), test.units);
    case 'newer': return subject.node.mtimeMs > (world.references.get(test.reference) ?? Number.POSITIVE_INFINITY);
    case 'empty': return subject.node.kind === 'directory' ? subject.node.children === 0 : subject.node.kind === 'file' && subject.node.bytes === 0;
  }
}

function compares(compare: Compare, value: number, units: number): boolean {
  return compare === 'more' ? value > units : compare === 'less' ? value < units : value === units;
}

/** Every path that -newer compares with. */
export function referencesOf(test: FindTest): string[] {
  if (test.kind === 'newer') return [test.reference];
  if (test.kind === 'not') return referencesOf(test.test);
  return test.kind === 'and' || test.kind === 'or' ? test.tests.flatMap(referencesOf) : [];
}
