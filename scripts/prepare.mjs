// Makes a checkout ready to run: installs packages when the lockfile changed, builds when a source is newer than the build.
// Says nothing when there is nothing to do. Uses built-in modules only, because it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules/.offshore-lockfile');
const oldestNode = [20, 15];

checkNode();
maybeInstall();
maybeBuild();

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  fail(`Node.js ${oldestNode.join('.')} or later is needed; this is ${process.versions.node}`);
}

function maybeInstall() {
  const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (readOr(stamp, '') === wanted) return;
  process.stderr.write('installing packages\n');
  // No install scripts: esbuild's program and LevelDB's addon come inside their packages.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function maybeBuild() {
  const built = mtimeOr(join(root, 'dist/offshore'), 0);
  const inputs = [...filesBelow(join(root, 'src')), join(root, 'build.mjs'), join(root, 'package.json'), stamp];
  if (inputs.every((path) => mtimeOr(path, 0) <= built)) return;
  process.stderr.write('building\n');
  run(process.execPath, [join(root, 'build.mjs')]);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Its output goes to standard error: standard output belongs to the command that is prepared for. */
function run(file, args) {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${file} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
}

function fail(message) {
  process.stderr.write(`offshore: ${message}\n`);
  process.exit(1);
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function mtimeOr(path, otherwise) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? otherwise;
}
