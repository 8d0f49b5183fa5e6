// `npm run conformance -- DIR…`: runs every *.txt below the given folders against the Raft core.
// Exit 0: all passed; 1: some directive failed; 2: wrong use.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { difference } from './judge.ts';
import { runScript } from './run-file.ts';

function main(folders: readonly string[]): number {
  if (folders.length === 0) {
    process.stderr.write('usage: npm run conformance -- DIR…\n');
    return 2;
  }
  const missing = folders.find((folder) => !statSync(folder, { throwIfNoEntry: false })?.isDirectory());
  if (missing !== undefined) {
    process.stderr.write(`no such directory: ${missing}\n`);
    return 2;
  }
  const files = folders.flatMap(scriptsBelow);
  if (files.length === 0) {
    process.stderr.write(`no *.txt below ${folders.join(', ')}\n`);
    return 2;
  }
  let [passed, failed] = [0, 0];
  for (const file of files) {
    const counts = judgeFile(file);
    passed += counts.passed;
    failed += counts.failed;
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function scriptsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.txt')).sort().map((name) => join(folder, name));
}

function judgeFile(file: string): { readonly passed: number; readonly failed: number } {
  const verdicts = runScript(basename(dirname(file)), readFileSync(file, 'utf8'));
  const failures = verdicts.filter((verdict) => verdict.expected !== verdict.actual);
  for (const { directive, expected, actual } of failures) {
    process.stdout.write(`${file}:${directive.line}: ${directive.command}  (- expected, + actual)\n${difference(expected, actual)}\n\n`);
  }
  return { passed: verdicts.length - failures.length, failed: failures.length };
}

process.exitCode = main(process.argv.slice(2));
