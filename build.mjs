// Builds dist/offshore: one CommonJS bundle of src/main.ts, its launcher, and the LevelDB addon beside it. Runs from any folder.
// Exports what the checks need: the graph of imports that esbuild saw.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import * as esbuild from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Builds into `outDir` and returns esbuild's metafile. */
export async function build(outDir = join(root, 'dist')) {
  mkdirSync(outDir, { recursive: true });
  const addon = copyAddon(outDir);
  const temporary = join(outDir, `offshore.${process.pid}.tmp.cjs`);
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // CommonJS: clipanion's ESM bundle fails on require("tty"), and single executables on Node 20 need it.
    format: 'cjs',
    keepNames: true,
    minifyWhitespace: true,
    // The launcher reads it as one byte a character, which is also how V8 keeps it.
    charset: 'ascii',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    define: { OFFSHORE_VERSION: JSON.stringify(version()), OFFSHORE_REVISION: JSON.stringify(revision()) },
    plugins: [levelAddon(addon)],
  });
  const bundle = writeCompiled(outDir, temporary);
  writeLauncher(outDir, bundle);
  removeOld(outDir, [addon, bundle]);
  return result.metafile;
}

function version() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

function revision() {
  if (process.env['OFFSHORE_REVISION']) return process.env['OFFSHORE_REVISION'];
  try {
    return execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  } catch {
    return 'unknown';
  }
}

/** The prebuilt addon for this machine, under a name made from its bytes: an old bundle never finds a newer addon. */
function copyAddon(outDir) {
  const level = dirname(require.resolve('classic-level/package.json'));
  const source = require('node-gyp-build').resolve(level);
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const name = `leveldb-${hash}.node`;
  // Copied beside and renamed over: a running cluster has the old file mapped, and writing into it would crash it.
  const temporary = join(outDir, `${name}.${process.pid}.tmp`);
  copyFileSync(source, temporary);
  renameSync(temporary, join(outDir, name));
  return name;
}

/** classic-level/binding.js looks for its addon by folder, which a bundle does not have: it is replaced by code that loads our copy. */
function levelAddon(name) {
  return {
    name: 'level-addon',
    setup(build) {
      build.onLoad({ filter: /classic-level[\\/]binding\.js$/ }, () => ({
        loader: 'js',
        contents: `
          const file = require('node:path').join(__dirname, ${JSON.stringify(name)});
          try {
            const loaded = { exports: {} };
            process.dlopen(loaded, file);
            module.exports = loaded.exports;
          } catch (error) {
            throw new Error('cannot load ' + file + ': ' + error.message + '. It belongs beside the program, on a file system that is not mounted "noexec", and is made for the system it was built on.', { cause: error });
          }`,
      }));
    },
  };
}

/**
 * Compiling the bundle takes V8 60 ms, more than all that a small command does: its compiled form is kept beside it. V8 refuses one
 * made by another version of itself, and checks of the source only the length: so both carry the hash of the source in their names.
 */
function writeCompiled(outDir, temporary) {
  const source = readFileSync(temporary, 'latin1');
  const name = `offshore-${createHash('sha256').update(source).digest('hex').slice(0, 12)}.cjs`;
  renameSync(temporary, join(outDir, name));
  const compiled = new Script(wrap(source), { filename: join(outDir, name) }).createCachedData();
  writeFileSync(join(outDir, `${name}.compiled`), compiled);
  return name;
}

function wrap(source) {
  return `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
}

/** The program itself: runs the bundle, from its compiled form when V8 takes it. */
function writeLauncher(outDir, bundle) {
  const file = join(outDir, 'offshore');
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/${bundle}';
let cachedData;
try {
  cachedData = readFileSync(filename + '.compiled');
} catch {
  // Slower, not wrong.
}
const source = readFileSync(filename, 'latin1');
const script = new Script('(function (exports, require, module, __filename, __dirname) {' + source + '\\n})', { filename, cachedData });
script.runInThisContext()(exports, require, module, filename, __dirname);
`);
  chmodSync(temporary, 0o755);
  renameSync(temporary, file);
}

/** What earlier builds left. */
function removeOld(outDir, keep) {
  for (const old of readdirSync(outDir)) {
    if (!/^(?:leveldb|offshore)-[0-9a-f]{12}\./.test(old) || keep.some((name) => old.startsWith(name))) continue;
    rmSync(join(outDir, old));
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
