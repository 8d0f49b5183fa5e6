// Which part may import which: the table of docs/ARCHITECTURE.md as data. check-deps.mjs enforces it.
// Change both in one commit, with the reason.

/** What every layer above them may use. */
const ground = ['base', 'model'];

/**
 * `imports`: layers, or single files that are ports. `core` means core folders of the layer's own subsystem.
 * `node`: built-in modules that may be imported: all, none, or these. `nodeFiles`: only in these files.
 */
export const layers = {
  base: { imports: [], node: [] },
  model: { imports: ['base'], node: [] },
  core: { imports: [...ground, 'core'], node: [] },
  async: { imports: ground, node: [] },
  observe: { imports: ground, node: [] },
  protocol: { imports: ground, node: [] },
  config: { imports: [...ground, 'core'], node: [] },
  security: { imports: [...ground, 'observe', 'core'], node: ['crypto', 'fs', 'tls'] },
  storage: { imports: [...ground, 'async', 'observe', 'core'], node: ['crypto', 'zlib'] },
  raft: {
    imports: [...ground, 'core', 'protocol', 'async', 'observe', 'src/storage/kv/', 'src/storage/file-io.ts', 'src/storage/state-machine.ts'],
    node: [],
  },
  client: { imports: [...ground, 'core', 'protocol', 'async', 'observe'], node: [] },
  gateway: { imports: [...ground, 'core', 'client', 'protocol', 'security', 'async', 'observe'], node: ['crypto'] },
  shell: { imports: [...ground, 'core', 'client', 'protocol', 'async', 'observe'], node: ['events', 'fs', 'fs/promises', 'path', 'readline', 'stream', 'os', 'tty', 'string_decoder'] },
  // The ports it implements, and the wire's words.
  platform: {
    imports: [...ground, 'async', 'protocol', 'src/observe/log.ts', 'src/storage/file-io.ts', 'src/client/chunk-hasher.ts', 'src/raft/driver/stream.ts'],
    node: 'all',
  },
  roles: { imports: [...ground, 'core', 'async', 'observe', 'protocol', 'config', 'security', 'storage', 'raft', 'client', 'gateway', 'shell', 'platform', 'any-core'], node: 'all' },
  main: { imports: ['base', 'config', 'any-core', 'roles'], node: ['events'] },
  test: { imports: 'all', node: 'all' },
};

/** Each npm package has one home: a file, or a folder where it is the tool of a whole layer. Tests may use any. */
export const packageHomes = {
  level: ['src/storage/kv/kv-level.ts'],
  clipanion: ['src/shell/'],
  'get-east-asian-width': ['src/shell/'],
  hono: ['src/roles/', 'src/gateway/'],
  '@hono/node-server': ['src/platform/http-server.ts'],
  pino: ['src/platform/log-sink.ts'],
  'prom-client': ['src/observe/metrics.ts'],
  valibot: ['src/protocol/', 'src/roles/'],
};

/** Layer and subsystem of a file, by its path alone. */
export function layerOf(path) {
  if (path.endsWith('.test.ts') || path.startsWith('test/') || path.startsWith('bench/')) return { layer: 'test', subsystem: 'test' };
  if (path === 'src/main.ts') return { layer: 'main', subsystem: 'main' };
  const [, subsystem = ''] = path.split('/');
  return { layer: path.includes('/core/') ? 'core' : subsystem, subsystem };
}

/** Undefined when `from` may import `to`, else the sentence that says why not. */
export function whyNot(from, to) {
  const source = layerOf(from);
  const target = layerOf(to);
  const row = layers[source.layer];
  if (row === undefined) return `${from} is in no layer of the table`;
  if (row.imports === 'all') return undefined;
  if (target.layer === 'test') return 'nothing imports tests';
  if (row.imports.some((each) => each.startsWith('src/') && (each.endsWith('/') ? to.startsWith(each) : to === each))) return undefined;
  if (target.layer === 'core') {
    const own = target.subsystem === source.subsystem && row.imports.includes('core');
    return own || row.imports.includes('any-core') ? undefined : `${source.layer} may import core folders of its own subsystem only`;
  }
  if (target.subsystem === source.subsystem && source.layer !== 'core') return undefined;
  return row.imports.includes(target.layer) ? undefined : `${source.layer} may not import ${target.layer}`;
}
