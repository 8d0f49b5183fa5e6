// What CI does, in this order: types, pure types, dependencies, tidiness, build, Raft conformance, tests (the executable among them).
// Every step runs, whatever the others found. The last line is `N passed, N failed`, summed over steps and single tests.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from '../build.mjs';
import { checkDeps } from './check-deps.mjs';
import { root } from './source-files.mjs';
import { runTests } from './test.mjs';
import { checkTidy } from './tidy.mjs';

const conformanceDir = resolve(root, process.env['OFFSHORE_CONFORMANCE'] ?? '../shared/conformance/etcd-raft');

const steps = [
  { name: 'types', run: () => command(['node_modules/.bin/tsc', '-p', 'tsconfig.json']) },
  { name: 'pure types', run: () => command(['node_modules/.bin/tsc', '-p', 'tsconfig.pure.json']) },
  { name: 'dependencies', run: async () => problems(await checkDeps()) },
  { name: 'tidiness', run: () => problems(checkTidy()) },
  { name: 'build', run: () => build().then(() => problems([])) },
  { name: 'raft conformance', run: conformance },
  { name: 'tests', run: () => runTests() },
];

function command(argv) {
  const { status, stdout, stderr } = spawnSync(join(root, argv[0]), argv.slice(1), { cwd: root, encoding: 'utf8' });
  return status === 0 ? problems([]) : problems(`${stdout}${stderr}`.trim().split('\n'));
}

function problems(lines) {
  for (const line of lines) console.log(line);
  return lines.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: lines.length };
}

/** The files belong to nobody here and are not copied into the project: where they are missing, that is said and not counted. */
function conformance() {
  if (!existsSync(conformanceDir)) {
    console.log(`SKIPPED: no conformance files in ${conformanceDir}; say where they are with OFFSHORE_CONFORMANCE=DIR`);
    return { passed: 0, failed: 0 };
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/conformance.mjs'), conformanceDir], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const match = /(\d+) passed, (\d+) failed\s*$/.exec(stdout);
  if (status !== 0 || match === null) console.log(`${stdout}${stderr}`.trim());
  return match === null ? { passed: 0, failed: 1 } : { passed: Number(match[1]), failed: Number(match[2]) };
}

const total = { passed: 0, failed: 0 };
for (const { name, run } of steps) {
  const startMs = performance.now();
  console.log(`== ${name}`);
  let result;
  try {
    result = await run();
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    result = { passed: 0, failed: 1 };
  }
  console.log(`   ${name}: ${result.passed} passed, ${result.failed} failed (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  total.passed += result.passed;
  total.failed += result.failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
