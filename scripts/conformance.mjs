// `npm run conformance -- DIR…`: bundles the script runner into .build/ and runs it on the folders.
// Exit 0: all passed; 1: a directive failed; 2: wrong use.

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const outfile = resolve(root, '.build/conformance/main.mjs');

await build({
  entryPoints: [resolve(root, 'test/raft-script/main.ts')],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});

const run = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = run.status ?? 1;
