// Fails on an import outside the layer table (types included), on an npm package away from its home, and on a cycle of value imports.

import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { layerOf, layers, packageHomes, whyNot } from './layers.mjs';
import { codeOf, filesBelow, read, root } from './source-files.mjs';

/** Problems, one line each. */
export async function checkDeps() {
  const files = [...filesBelow('src', ['.ts']), ...filesBelow('test', ['.ts']), ...filesBelow('bench', ['.ts'])];
  return [...files.flatMap(checkFile), ...(await findCycles(files.filter((path) => layerOf(path).layer !== 'test')))];
}

function checkFile(path) {
  return importsOf(read(path)).flatMap(({ specifier, line }) => {
    const why = specifier.startsWith('.') ? whyNotFile(path, specifier) : whyNotPackage(path, specifier);
    return why === undefined ? [] : [`${path}:${line}: '${specifier}': ${why}`];
  });
}

/** Static, dynamic and type imports alike, found by text: what is commented out does not count. */
export function importsOf(text) {
  const code = codeOf(text);
  const found = [];
  for (const pattern of [/(?:^|\n)[ \t]*(?:import|export)\b[\w\s{},*$]*?\bfrom\s*(['"])/g, /(?:^|\n)[ \t]*import\s*(['"])/g, /\bimport\(\s*(['"])/g]) {
    for (const match of code.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = text.indexOf(match[1], start);
      found.push({ specifier: text.slice(start, end), line: text.slice(0, start).split('\n').length });
    }
  }
  return found;
}

function whyNotFile(path, specifier) {
  const target = normalize(join(dirname(path), specifier));
  if (!specifier.endsWith('.ts')) return 'imports name the file, with .ts';
  if (!existsSync(join(root, target))) return 'no such file';
  return whyNot(path, target);
}

function whyNotPackage(path, specifier) {
  const { layer } = layerOf(path);
  if (layer === 'test') return undefined;
  if (specifier.startsWith('node:')) {
    const allowed = layers[layer]?.node ?? [];
    return allowed === 'all' || allowed.includes(specifier.slice(5)) ? undefined : `${layer} may not import it`;
  }
  if (builtinModules.includes(specifier)) return 'built-in modules are imported as node:…';
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const homes = packageHomes[name];
  if (homes === undefined) return 'the package has no home in scripts/layers.mjs';
  return homes.some((home) => (home.endsWith('/') ? path.startsWith(home) : path === home)) ? undefined : `its home is ${homes.join(', ')}`;
}

/** esbuild's graph holds value imports only: types are gone. Dynamic imports do not make a cycle at load time. */
async function findCycles(files) {
  const { metafile, errors } = await esbuild.build({
    absWorkingDir: root, entryPoints: files, bundle: true, write: false, metafile: true, platform: 'node', format: 'esm',
    packages: 'external', outdir: '.build/deps', logLevel: 'silent',
  }).catch((error) => ({ metafile: undefined, errors: error.errors ?? [{ text: String(error) }] }));
  if (metafile === undefined) return errors.map((error) => `cycles not checked: ${error.location?.file ?? ''}: ${error.text}`);
  const targets = new Map(Object.entries(metafile.inputs).map(([path, input]) => [path, input.imports.filter((each) => !each.external && each.kind === 'import-statement').map((each) => each.path)]));
  const done = new Set();
  const cycles = [];
  const visit = (path, trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push(`cycle of imports: ${[...trail.slice(at), path].join(' → ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = await checkDeps();
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? '1 passed, 0 failed' : `0 passed, ${problems.length} failed`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
