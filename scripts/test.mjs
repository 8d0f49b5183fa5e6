// Runs the tests: bundles all of src/**/*.test.ts and test/**/*.test.ts once, then one process a file, a few at a time, each with a
// deadline. uvu alone passes a file without tests and waits for ever for a hung one: both are failures here, and so is a file that
// leaves processes behind. `node scripts/test.mjs [part of a path]…`. The last line is `N passed, N failed`.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { build } from '../build.mjs';
import { filesBelow, root } from './source-files.mjs';

const deadlineMs = 60_000;
/** Tests of whole clusters of processes want the machine for themselves: they run last, one by one. */
const heavy = ['test/cluster/', 'test/executable/'];
const heavyDeadlineMs = 180_000;
const slowMs = 5_000;
const parallel = Math.min(3, Math.max(2, availableParallelism()));
const outputKept = 64 * 1024;
/** A folder of its own for each run: two may go on at once. */
const outDir = `.build/tests-${process.pid}`;

/** `{ passed, failed }` over single tests. */
export async function runTests(filters = []) {
  const files = [...filesBelow('src', ['.test.ts']), ...filesBelow('test', ['.test.ts'])].filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)));
  if (files.length === 0) {
    console.log(`no test files${filters.length === 0 ? '' : ` match ${filters.join(' ')}`}`);
    return { passed: 0, failed: 1 };
  }
  const totals = { passed: 0, failed: 0 };
  // Some tests run the program itself; the others are worth running also when it does not build.
  await build().catch((error) => {
    totals.failed += 1;
    console.log(`FAIL build: ${error.message}`);
  });
  const bundled = await bundleTests(files);
  const isHeavy = (path) => heavy.some((folder) => path.startsWith(folder));
  const add = (path, result) => {
    report(path, result);
    totals.passed += result.passed;
    totals.failed += result.failed;
  };
  const waiting = bundled.built.filter((path) => !isHeavy(path));
  for (const { path, error } of bundled.broken) {
    totals.failed += 1;
    console.log(`FAIL ${path}: does not build: ${error}`);
  }
  await Promise.all(Array.from({ length: parallel }, async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      add(path, await runFile(path, deadlineMs));
    }
  }));
  for (const path of bundled.built.filter(isHeavy)) add(path, await runFile(path, heavyDeadlineMs));
  return totals;
}

/** All in one go, shared code once; when that fails, file by file, so that one broken file does not hide the others. */
async function bundleTests(files) {
  process.once('exit', () => rmSync(join(root, outDir), { recursive: true, force: true }));
  const options = {
    absWorkingDir: root, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', keepNames: true,
    outdir: outDir, outbase: root, outExtension: { '.js': '.mjs' }, sourcemap: 'inline', logLevel: 'silent',
  };
  const together = await esbuild.build({ ...options, entryPoints: files }).catch(() => undefined);
  if (together !== undefined) return { built: files, broken: [] };
  const built = [];
  const broken = [];
  for (const path of files) {
    const error = await esbuild.build({ ...options, entryPoints: [path], chunkNames: `chunks/${path.replaceAll('/', '-')}-[hash]` }).then(() => undefined, (thrown) => thrown);
    if (error === undefined) built.push(path);
    else broken.push({ path, error: (error.errors ?? []).map((each) => `${each.location?.file ?? ''}: ${each.text}`).join('; ') || String(error) });
  }
  return { built, broken };
}

/** In a process group of its own, and marked, so that everything it started is found however it ends. */
function runFile(path, limitMs) {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const marker = randomUUID();
    const child = spawn(process.execPath, ['--enable-source-maps', join(outDir, path.replace(/\.ts$/, '.mjs'))], {
      cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, [markerName]: marker, NO_COLOR: '1', FORCE_COLOR: '0', NODE_DISABLE_COLORS: '1' },
    });
    let output = '';
    const keep = (part) => {
      output = (output + part).slice(-outputKept);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const closed = Promise.all([child.stdout, child.stderr].map((stream) => new Promise((done) => stream.once('close', done))));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limitMs);
    const end = () => killMarked(marker);
    running.add(end);
    // Not `close`: what a test leaves behind may hold its pipes open.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const left = end();
      running.delete(end);
      const ended = late ? `not done after ${limitMs / 1000} s` : code !== 0 ? `ended with ${signal ?? code}` : left > 0 ? `left ${left} processes running` : undefined;
      void closed.then(() => resolve(judge({ output, ended, ms: performance.now() - startMs })));
    });
  });
}

const markerName = 'TEST_FILE_RUN';
/** Ends what runs now; for when this process itself is told to stop. */
const running = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const end of running) end();
    process.exit(1);
  });
}

/** Kills every process with this mark in its environment, daemons of their own session included; answers how many there were. */
function killMarked(marker) {
  let killed = 0;
  for (const pid of (existsSync('/proc') ? readdirSync('/proc') : []).filter((name) => /^\d+$/.test(name)).map(Number)) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markerName}=${marker}`)) continue;
      process.kill(pid, 'SIGKILL');
      killed += 1;
    } catch {
      // Gone meanwhile, or of another user and so not ours.
    }
  }
  return killed;
}

/** uvu prints one block of totals for each suite of a file. */
function judge({ output, ended, ms }) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
  const sum = (label) => [...plain.matchAll(new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'gm'))].reduce((total, match) => total + Number(match[1]), 0);
  const total = sum('Total');
  const passed = sum('Passed');
  const failed = total - passed - sum('Skipped');
  const problem = ended ?? (total === 0 ? 'no test ran: does it end with test.run()?' : undefined);
  return { passed, failed: problem !== undefined && failed === 0 ? 1 : failed, problem: failed === 0 ? problem : (problem ?? 'failed'), output: plain, ms };
}

function report(path, { failed, problem, output, ms }) {
  if (failed > 0) console.log(`FAIL ${path}: ${problem}\n${output.trimEnd().replace(/^/gm, '    ')}\n`);
  else if (ms > slowMs) console.log(`slow ${path}: ${(ms / 1000).toFixed(1)} s`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { passed, failed } = await runTests(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
