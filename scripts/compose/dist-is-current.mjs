// Exits 0 when dist/ can go into an image as it is: built after the last change of a source, and it runs and its addon loads here.
// Otherwise says why on standard error and exits 1. The Dockerfile asks, so that a build from outside serves where npm has no network.

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const dist = join(root, 'dist');

const why = notBuilt() ?? stale() ?? foreign();
if (why !== undefined) {
  process.stderr.write(`dist/ is not taken: ${why}\n`);
  process.exitCode = 1;
}

function notBuilt() {
  return mtimeOf('dist/offshore') === 0 ? 'there is no build' : undefined;
}

function stale() {
  const builtMs = mtimeOf('dist/offshore');
  const newer = [...filesBelow('src'), 'build.mjs', 'package.json', 'package-lock.json'].find((path) => mtimeOf(path) > builtMs);
  return newer === undefined ? undefined : `${newer} is newer`;
}

/** Made for another system, or incomplete. */
function foreign() {
  const { status, stderr } = spawnSync(process.execPath, [join(dist, 'offshore'), 'version'], { encoding: 'utf8' });
  if (status !== 0) return `it does not run: ${stderr.trim()}`;
  const addons = readdirSync(dist).filter((name) => name.endsWith('.node'));
  if (addons.length === 0) return 'it has no LevelDB addon';
  try {
    for (const name of addons) process.dlopen({ exports: {} }, join(dist, name));
    return undefined;
  } catch (error) {
    return error.message;
  }
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Milliseconds, or whole seconds where a builder copies no more; 0 for a file that is not there. */
function mtimeOf(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
